"""Secrets whose values alone have changed: Azure never shows them, so nobody can compare them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from arcctl.sandbox.azure.children import digests
from tests import arm
from tests.stories import moving
from tests.stories.beside import converse
from tests.stories.half_done import in_cluster
from tests.stories.refusals import changes, refused

if TYPE_CHECKING:
    from tests.stage import Stage

APPLY = "config apply -n harbor -g edge --file harbor.yaml"
YES = f"{APPLY} --yes"
ROTATED = {
    "monitor": {"amalogs.secret.wsid": "workspace-7c1d", "amalogs.secret.key": "kX-rotated"},
    "private": {"httpsKey": "ghp-rotated"},
}
# As Flux wants it on the wire.
ENCODED = {"httpsKey": base64.b64encode(b"ghp-rotated").decode()}
GIVEN = "--protected-settings rotated.yaml"
SEND = f"{GIVEN} --send-secrets"
KEYS = ["extensions/monitor", "fluxConfigurations/private"]


def give(stage: Stage, secrets: dict[str, Any]) -> None:
    """Write a file of protected settings."""
    path = stage.folder / "rotated.yaml"
    path.write_text(yaml.safe_dump(secrets), encoding="utf-8")
    path.chmod(0o600)


def edit(stage: Stage, name: str, **more: Any) -> None:
    """Change one child of the manifest."""
    path = stage.folder / "harbor.yaml"
    whole = yaml.safe_load(path.read_text(encoding="utf-8"))
    [child] = [each for each in whole["children"] if each["name"] == name]
    child.update(more)
    path.write_text(yaml.safe_dump(whole), encoding="utf-8")


def sent(stage: Stage, name: str) -> bool:
    """Whether Azure has the rotated secrets of a child; it knows their digests only."""

    def look() -> bool:
        [found] = [
            each
            for key, each in stage.world.azure.store.resources.items()
            if key.endswith(f"s/{name}")
        ]
        return found.secrets in (digests(ROTATED[name]), digests(ENCODED))

    return stage.within(look)


@pytest.fixture
def rotated(harbor: Stage) -> Stage:
    """Harbor exported, and a file with other values for its secrets."""
    harbor.well("config export -n harbor -g edge --output-file harbor.yaml")
    give(harbor, ROTATED)
    harbor.within(harbor.world.journal.clear)
    return harbor


@pytest.mark.parametrize("more", ["", " --dry-run"])
def test_secrets_that_are_not_sent_are_named(rotated: Stage, more: str) -> None:
    """With the command that sends them; it is not said that all is as the manifest says."""
    ended = rotated.well(f"{YES} {GIVEN}{more}")

    assert ended.data["replace"] == []
    assert "secrets of extensions/monitor, fluxConfigurations/private were given" in ended.err
    assert f"To send them: arcctl {APPLY} {SEND}" in ended.err
    assert "harbor is as the manifest says" not in ended.err.replace("not sent, harbor", "")
    assert changes(rotated) == []


def test_a_reference_in_the_manifest_counts_as_given(rotated: Stage) -> None:
    """It may lead to another value each time."""
    edit(rotated, "private", secrets={"httpsKey": {"env": "TOKEN"}})

    noted = rotated.well(YES, TOKEN="ghp-rotated")
    done = rotated.well(f"{YES} --send-secrets", TOKEN="ghp-rotated")

    assert f"To send them: arcctl {APPLY} --send-secrets" in noted.err
    assert done.data["replace"] == ["fluxConfigurations/private"]
    assert sent(rotated, "private")


def test_without_secrets_nothing_is_said_of_them(rotated: Stage) -> None:
    """What nobody has given needs no word."""
    ended = rotated.well(YES)

    assert "Nothing to apply: harbor is as the manifest says." in ended.err
    assert "secrets" not in ended.err


def test_they_are_sent_where_that_is_asked_for(rotated: Stage) -> None:
    """For an extension and a Flux configuration, shown first, and settled at the end."""
    shown = rotated.well(f"{YES} {SEND} --dry-run")
    assert changes(rotated) == []

    ended = rotated.well(f"{YES} {SEND}")

    for each in (shown, ended):
        assert each.data["replace"] == KEYS
        assert "~ extensions/monitor   secrets: amalogs.secret.key, amalogs.secret.wsid" in each.err
        assert "rotated" not in each.out
    assert "Applied: 0 made, 2 changed in harbor." in ended.err
    assert (sent(rotated, "monitor"), sent(rotated, "private")) == (True, True)
    states = {
        key: each["properties"]["provisioningState"] for key, each in arm.children(rotated).items()
    }
    assert set(states.values()) == {"Succeeded"}
    assert in_cluster(rotated) == []


def test_a_person_at_a_terminal_is_asked(rotated: Stage) -> None:
    """And what has changed while the question stood is left alone."""

    def meanwhile(_number: int) -> str:
        other = moving.extension(
            "microsoft.azuremonitor.containers",
            configurationSettings={"theirs": "precious"},
            configurationProtectedSettings=moving.SECRETS["extensions/monitor"],
        )
        arm.put_child(rotated, "extensions", "monitor", other)
        return "yes"

    ended, asked = converse(rotated, f"{APPLY} {SEND}", meanwhile)

    assert asked == 1
    refused(ended, "plan-outdated", exit_code=5, said="extensions/monitor was changed since")
    assert not sent(rotated, "monitor")


def test_all_secrets_of_an_extension_are_needed(rotated: Stage) -> None:
    """A PUT replaces the whole set, also where the manifest names none of them."""
    give(rotated, {"monitor": {"amalogs.secret.key": "kX-rotated"}})
    whole = yaml.safe_load((rotated.folder / "harbor.yaml").read_text(encoding="utf-8"))
    for child in whole["children"]:
        del child["secrets"]
    (rotated.folder / "harbor.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")

    alone = rotated.type(f"{YES} {SEND}")
    refused(alone, "secret-missing", exit_code=2, said="extensions/monitor/amalogs.secret.wsid")
    assert changes(rotated) == []


def test_without_any_secret_the_flag_is_refused(rotated: Stage) -> None:
    """None given, or none that fits: nobody must take that for sent."""
    refused(rotated.type(f"{YES} --send-secrets"), "secret-missing", exit_code=2)
    give(rotated, {"monitr": ROTATED["monitor"]})
    refused(rotated.type(f"{YES} {SEND}"), "secret-missing", exit_code=2)

    noted = rotated.well(f"{YES} {GIVEN}")

    assert "monitr/amalogs.secret.key was given" in noted.err
    assert changes(rotated) == []


def halted(stage: Stage) -> str:
    """Let an apply that sends secrets stop at the extension; return the run's name."""
    error = {"error": {"code": "Conflict", "message": "not today"}}
    action = {"status": 409, "body": error}
    stage.fault("arm", action, method="PUT", path="/extensions/monitor$", times=None)
    ended = stage.type(f"{YES} {SEND}")
    stage.within(stage.world.faults.remove)
    assert (ended.code, "[children-failed]" in ended.err) == (6, True), ended.err
    [run] = [each["run"] for each in stage.well("history").data]
    return str(run)


def test_a_run_that_was_stopped_sends_them_on(rotated: Stage) -> None:
    """The journal knows that they were to be sent, and no value: they must be given again."""
    run = halted(rotated)

    ahead = rotated.well(f"resume {run} --dry-run").data
    refused(rotated.type(f"resume {run}"), "secret-missing", exit_code=6)
    assert not sent(rotated, "monitor")
    rotated.well(f"resume {run} {GIVEN}")

    assert "send extensions/monitor, with the secrets that were given" in ahead["next"]
    assert "--protected-settings FILE with extensions/monitor/amalogs.secret.key" in ahead["asks"]
    assert sent(rotated, "monitor")
    assert rotated.well("history").data[0]["outcome"] == "applied"


def test_a_corrected_manifest_sends_them_too(rotated: Stage) -> None:
    """Without them it is refused, and nothing of the run is forgotten."""
    run = halted(rotated)
    resume = f"resume {run} --file harbor.yaml --yes"

    refused(rotated.type(resume), "secret-missing", exit_code=6, said="extensions/monitor/amalogs")
    rotated.well(f"{resume} {GIVEN}")

    assert sent(rotated, "monitor")


def test_closing_names_the_secrets_that_were_not_sent(rotated: Stage) -> None:
    """Nothing that can be seen would tell."""
    path = "/(extensions|fluxConfigurations)/(monitor|private)$"
    error = {"error": {"code": "Conflict", "message": "not today"}}
    rotated.fault("arm", {"status": 409, "body": error}, method="PUT", path=path, times=None)
    rotated.type(f"{YES} {SEND}")
    rotated.within(rotated.world.faults.remove)
    [run] = [each["run"] for each in rotated.well("history").data]

    told = rotated.type(f"history {run} --close --yes")

    assert "the secrets of extensions/monitor may not have been sent" in told.err
