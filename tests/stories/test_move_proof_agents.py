"""The proof looks into the cluster as well: Azure says Connected long after the last agent has gone."""

from __future__ import annotations

import base64
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import arcctl
import pytest
from arcctl.sandbox.kubernetes.api import Deletion
from arcctl.sandbox.kubernetes.kinds import KINDS
from arcctl.sandbox.kubernetes.store import copy_of
from tests.stories import beside, moved
from tests.stories.refusals import refused
from tests.stories.symptoms import ARC, RELEASES, merge

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stage import Ended, Stage

SURE = "--skip-cluster-check"
HEAL = "arcctl connect -n harbor -g edge -l westeurope"
CHART = Path(arcctl.__file__).parent / "sandbox" / "charts" / "azure-arc-k8sagents"


def scale(stage: Stage, name: str, count: int, space: str = ARC) -> None:
    """Let somebody scale a Deployment, as kubectl does."""
    stage.within(lambda: merge(stage, "deployments", space, name, spec={"replicas": count}))


def agents(stage: Stage) -> list[str]:
    """The Deployments of the agents' namespace."""
    found = stage.within(lambda: list(stage.cluster.store.items(KINDS["deployments"].key, ARC)))
    return [each["metadata"]["name"] for each in found]


def helm(stage: Stage, words: str) -> None:
    """Type `helm WORDS` for the agents' release."""
    line = [str(stage.helm), *words.split(), "-n", RELEASES]
    subprocess.run(line, env=stage.environment, check=True, capture_output=True, timeout=60)


def all_to_zero(stage: Stage) -> None:
    """Scale every agent to zero."""
    for name in agents(stage):
        scale(stage, name, 0)


def remove(kind: str, name: str) -> Callable[[Stage], object]:
    """Return what deletes an object of the agents' namespace."""
    key = KINDS[kind].key
    return lambda stage: stage.within(lambda: stage.cluster.store.remove(key, ARC, name))


def remove_namespace(stage: Stage) -> None:
    """Delete namespace azure-arc, with all that is in it."""
    kind, api = KINDS["namespaces"], stage.cluster.api
    stage.within(lambda: api.delete(kind, api.get(kind, "", ARC), Deletion()))


def named_otherwise(**data: str) -> Callable[[Stage], object]:
    """Return what changes the ConfigMap by which the agents know whose they are."""
    return lambda stage: stage.within(
        lambda: merge(stage, "configmaps", ARC, "azure-clusterconfig", data=data)
    )


def proved(stage: Stage, act: Callable[[Stage], object], line: str = moved.MOVE) -> Ended:
    """Let somebody do something directly before the proof."""
    return beside.type_beside(stage, line, "prove", lambda: act(stage), events=("started",))


DAMAGES: dict[str, tuple[Callable[[Stage], object], str]] = {
    "all at zero": (all_to_zero, "at zero: "),
    "one at zero": (lambda stage: scale(stage, "config-agent", 0), "at zero: config-agent"),
    "one removed": (remove("deployments", "metrics-agent"), "not there: metrics-agent"),
    "namespace": (remove_namespace, "namespace azure-arc is not there"),
    "release": (lambda stage: helm(stage, "uninstall azure-arc"), "release azure-arc is not there"),
    "map": (remove("configmaps", "azure-clusterconfig"), "azure-clusterconfig is not there"),
    "region": (named_otherwise(AZURE_REGION="eastus"), "azure-clusterconfig names eastus"),
    "other": (named_otherwise(AZURE_RESOURCE_NAME="x"), "azure-clusterconfig names x (group edge)"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_agents_that_are_not_as_the_move_left_them_are_a_difference(
    harbor: Stage, damage: tuple[Callable[[Stage], object], str]
) -> None:
    """Exit 5, what it is, and the command that mends it; nothing was lost is not said."""
    act, words = damage
    ended = proved(harbor, act)

    assert (ended.code, "[moved-with-differences]" in ended.err) == (5, True), ended.err
    [difference] = ended.data["differences"]
    assert words in difference
    assert f": {HEAL}" in difference or "; arcctl connect -n harbor -g edge -l" in difference
    assert "nothing was lost" not in ended.err


@pytest.mark.parametrize("damage", ["all at zero", "one removed", "namespace", "release", "map"])
def test_the_command_that_the_report_names_mends_it(harbor: Stage, damage: str) -> None:
    """Connected again, and every agent is there."""
    before = agents(harbor)
    [difference] = proved(harbor, DAMAGES[damage][0]).data["differences"]
    line = difference[difference.index("arcctl connect ") :].removeprefix("arcctl ")
    if held := re.search(
        r"kubectl get secret -n arcctl (\S+) -o jsonpath='{.data.key}'", difference
    ):
        kind, name = KINDS["secrets"].key, held[1]
        secret = harbor.within(lambda: harbor.cluster.store.get(kind, "arcctl", name))
        key = harbor.folder / "key.pem"
        key.write_bytes(base64.b64decode(secret["data"]["key"]))
        key.chmod(0o600)

    if damage == "release":
        unsure = harbor.type(f"{line.replace(SURE, '')} --skip-prechecks --yes")
        refused(unsure, "cluster-unproved")
    harbor.well(f"{line} --skip-prechecks --yes")

    assert (sorted(agents(harbor)), moved.asleep(harbor)) == (sorted(before), [])


def test_agents_of_flux_are_looked_at_too(harbor: Stage) -> None:
    """They are of Azure as well, and connect does not know them."""
    ended = proved(harbor, lambda stage: scale(stage, "fluxconfig-agent", 0, "flux-system"))

    assert ended.code == 5, ended.err
    [difference] = ended.data["differences"]
    command = "kubectl scale -n flux-system --replicas=1 deployment fluxconfig-agent"
    assert difference.endswith(f"at zero: {command}")


def test_what_extensions_put_beside_the_agents_is_no_difference(harbor: Stage) -> None:
    """Deployments that are more, and one that was at zero by choice before the move."""
    harbor.world.delays = replace(harbor.world.delays, arm_delete=5)
    scale(harbor, "metrics-agent", 0)

    def act(stage: Stage) -> None:
        kind = KINDS["deployments"]
        found = stage.within(lambda: stage.cluster.store.get(kind.key, ARC, "config-agent"))
        body = {"metadata": {"name": "extension-operator"}, "spec": copy_of(found)["spec"]}
        stage.within(lambda: stage.cluster.api.create(kind, ARC, body))

    ended = proved(harbor, act)

    assert ended.code == 0, ended.err
    assert "nothing was lost" in ended.err


@pytest.mark.parametrize("path", ["/namespaces/azure-arc/deployments$", "/namespaces/azure-arc$"])
@pytest.mark.parametrize("answer", [{"status": 403}, {"status": 503}, {"reset": "before"}])
def test_agents_that_cannot_be_looked_at_are_not_taken_for_well(
    harbor: Stage, path: str, answer: dict[str, Any]
) -> None:
    """Not looked at: a row, a thing to do, exit 5."""

    def act(stage: Stage) -> None:
        stage.fault("kubernetes", answer, method="GET", path=path, times=None)

    ended = proved(harbor, act)

    assert ended.code == 5, ended.err
    [row] = [each for each in ended.data["notLookedAt"] if not each.startswith("changes to ")]
    assert row.startswith("the agents in the cluster: "), row
    assert any("arcctl show -n harbor -g edge --agents" in each for each in ended.data["left"])
    assert "nothing was lost" not in ended.err


def test_one_answer_that_fails_says_nothing(harbor: Stage) -> None:
    """It is asked for again."""
    harbor.world.delays = replace(harbor.world.delays, arm_delete=5)

    def act(stage: Stage) -> None:
        path = "/namespaces/azure-arc/deployments$"
        stage.fault("kubernetes", {"status": 403}, method="GET", path=path, times=1)

    ended = proved(harbor, act)

    assert (ended.code, ended.data["notLookedAt"]) == (0, []), ended.err


@pytest.mark.parametrize("upgrades_itself", ["true", "false"])
def test_another_revision_of_the_release_is_told(harbor: Stage, upgrades_itself: str) -> None:
    """Agents that upgrade themselves may have made it; otherwise somebody else has."""
    if upgrades_itself == "false":
        harbor.well("update -n harbor -g edge --auto-upgrade false --yes")
    chart = "upgrade azure-arc {} --reuse-values --set systemDefaultValues.someone=x"
    ended = proved(harbor, lambda stage: helm(stage, chart.format(CHART)))

    told = [each["subject"] for each in ended.data["changed"]]
    if upgrades_itself == "true":
        assert (ended.code, "release of the agents" in told) == (0, True), ended.err
    else:
        assert ended.code == 5, ended.err
        assert "is revision " in ended.data["differences"][0]


def test_the_way_back_looks_at_the_agents_too(harbor: Stage) -> None:
    """They are those of the old region again."""
    harbor.fault("arm", {"status": 403}, method="PUT", path="/extensions/", times=1)
    run = moved.stopped(harbor.type(moved.MOVE), "children-failed")
    line = f"rollback {run} {moved.GIVEN} --yes"
    ended = proved(harbor, lambda stage: scale(stage, "config-agent", 0), line)

    assert ended.code == 5, ended.err
    assert ended.data["differences"][0].endswith(": arcctl connect -n harbor -g edge -l eastus")
