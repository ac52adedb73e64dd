"""A manifest that Azure refuses: the cluster is not locked in a run that can never end."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from tests import arm
from tests.stories import moving
from tests.stories.half_done import extensions, in_cluster
from tests.stories.moved import asleep
from tests.stories.refusals import refused

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

APPLY = "config apply -n harbor -g edge --file harbor.yaml --yes"
FLUX = {"extensionType": "microsoft.flux", "autoUpgradeMinorVersion": True}
# A version beside upgrades is a mistake that only Azure finds.
MISTAKE = {"extensionType": "microsoft.dapr", "scope": {"cluster": {}, "namespace": {}}}
RIGHT = {"extensionType": "microsoft.dapr", "autoUpgradeMinorVersion": True}


def manifest(stage: Stage, file: str = "harbor.yaml", **children: dict[str, Any]) -> None:
    """Write a manifest of extensions."""
    entries = [
        {
            "kind": "extensions",
            "name": name,
            "apiVersion": "2025-03-01",
            "body": {"properties": each},
        }
        for name, each in children.items()
    ]
    document = {"format": "arcctl.configuration/1", "children": entries}
    (stage.folder / file).write_text(json.dumps(document))


def run_of(ended: Ended) -> str:
    """The run that has stopped part-way."""
    assert ended.code == 6, ended.err
    return re.findall(r"arcctl resume ([\w-]+)", ended.err)[0]


def free(stage: Stage) -> None:
    """Assert that nothing of a run is left, and that another command begins."""
    assert in_cluster(stage) == []
    refused(stage.type("resume"), "nothing-open", exit_code=3)


@pytest.fixture
def plain(quick: Stage) -> Stage:
    """Connected harbor without children."""
    quick.well("connect -n harbor -g edge -l eastus --skip-prechecks")
    return quick


def test_a_manifest_of_which_all_is_refused_ends_by_itself(plain: Stage) -> None:
    """Exit 1, and the corrected one is applied with the same command."""
    manifest(plain, dapr=MISTAKE)

    ended = plain.type(APPLY)

    refused(ended, "children-failed", said="nothing was changed")
    assert "correct the manifest" in ended.err
    free(plain)
    manifest(plain, dapr=RIGHT)
    plain.well(APPLY)
    assert extensions(plain) == ["dapr"]


def test_a_replacement_that_is_refused_ends_by_itself(plain: Stage) -> None:
    """What was there is there as it was."""
    arm.put_child(plain, "extensions", "dapr", moving.extension("microsoft.dapr"))
    manifest(plain, dapr={**MISTAKE, "releaseTrain": "preview"})

    refused(plain.type(APPLY), "children-failed", said="nothing was changed")

    free(plain)


def test_where_something_was_made_the_corrected_manifest_goes_on(plain: Stage) -> None:
    """`resume --file`: what is there already stays, and rollback names only what was made."""
    manifest(plain, flux=FLUX, dapr=MISTAKE)
    run = run_of(plain.type(APPLY))
    manifest(plain, "corrected.yaml", flux=FLUX, dapr=RIGHT)

    ended = plain.type(f"resume {run}")
    assert f"arcctl resume {run} --file FILE" in ended.err
    plain.well(f"resume {run} --file corrected.yaml --yes", ARCCTL_HOME=str(plain.folder / "other"))

    assert extensions(plain) == ["dapr", "flux"] or extensions(plain) == ["flux", "dapr"]
    free(plain)


def test_rollback_names_only_what_was_made(plain: Stage) -> None:
    """What Azure has refused is not "as applied"."""
    manifest(plain, flux=FLUX, dapr=MISTAKE)
    run_of(plain.type(APPLY))

    ended = plain.well("rollback --yes")

    assert "extensions/flux stay as applied" in ended.err
    assert "extensions/dapr" not in ended.err
    free(plain)


def test_a_child_that_is_refused_for_good_is_let_go(plain: Stage) -> None:
    """`resume --waive-child`: exit 5, since the manifest asked for it; an unknown one is exit 2."""
    manifest(plain, flux=FLUX, dapr=MISTAKE)
    run = run_of(plain.type(APPLY))

    unknown = plain.type(f"resume {run} --waive-child extensions/nobody")
    ended = plain.type(f"resume {run} --waive-child extensions/dapr")

    refused(unknown, "child-unknown", exit_code=6, said="extensions/dapr, extensions/flux")
    again = plain.type(f"resume {run}")
    for each in (ended, again):
        assert (each.code, "[config-differs]" in each.err) == (5, True), each.err
    assert asleep(plain) == []
    free(plain)


def test_what_is_left_alone_is_not_said_to_be_made(harbor: Stage) -> None:
    """A list was empty once: the child is there, differs and stays, and nothing was made."""
    body = moving.git("https://git.example.com/edge/other")
    child = {"kind": "fluxConfigurations", "name": "public", "apiVersion": "2025-04-01"}
    document = {"format": "arcctl.configuration/1", "children": [child | {"body": body}]}
    (harbor.folder / "harbor.yaml").write_text(json.dumps(document))
    answer = {"status": 200, "body": {"value": []}}
    harbor.fault("arm", answer, method="GET", path="/fluxConfigurations$")

    ended = harbor.type(APPLY)

    found = arm.children(harbor)["fluxConfigurations/public"]["properties"]["gitRepository"]["url"]
    assert found == "https://git.example.com/edge/apps"
    assert (ended.code, "Applied" in ended.err) == (5, False), ended.err
