"""The way back takes along what others have written to the target, and nothing that was its own."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import arcctl
import pytest
from tests import arm
from tests.stories import beside, changing, moved, moving

if TYPE_CHECKING:
    from tests.stage import Stage

FAILS = {"operation_fails": {"code": "ExtensionOperationFailed", "message": "no memory"}}
REFUSED = {"status": 409, "body": {"error": {"code": "Conflict", "message": "not today"}}}
NEWER = "2024-12-01-preview"
CHART = Path(arcctl.__file__).parent / "sandbox" / "charts" / "azure-arc-k8sagents"
ROLLBACK = f"--yes {moved.GIVEN}"
WAIVED = " ".join(
    f"--waive-secret {child}/{key}" for child, keys in moving.SECRETS.items() for key in keys
)


def stopped(stage: Stage, line: str = moved.MOVE, action: dict[str, Any] = FAILS) -> str:
    """A move that has stopped at its children: the target is there, in westeurope."""
    stage.fault("arm", action, method="PUT", path="/extensions/monitor$", times=None)
    ended = stage.type(line)
    stage.within(stage.world.faults.remove)
    return moved.stopped(ended, "children-failed")


def target(stage: Stage, properties: dict[str, Any]) -> None:
    """Change the resource as somebody else would: read, changed, written."""
    body = moved.resource(stage)
    assert body["location"] == "westeurope"
    for name in ("id", "name", "type", "systemData"):
        body.pop(name, None)
    body["properties"] |= properties
    status, told = arm.ask(stage, "PUT", arm.HARBOR, body, version=NEWER)
    assert status in (200, 201), told


@pytest.mark.parametrize("action", [FAILS, REFUSED], ids=["failed", "refused"])
@pytest.mark.parametrize("line", [moved.MOVE, f"{moving.MOVE} {WAIVED}"], ids=["given", "waived"])
def test_what_the_run_has_put_itself_is_no_write_of_others(
    harbor: Stage, line: str, action: dict[str, Any]
) -> None:
    """In whatever state it is: failed, without its secrets, or not there at all."""
    run = stopped(harbor, line, action)

    ended = harbor.type(f"rollback {run} --yes {moved.GIVEN if line == moved.MOVE else ''}")

    assert ended.code == 0, ended.err
    assert "written while" not in ended.err
    assert moved.region(harbor) == "eastus"


@pytest.mark.parametrize(
    "properties",
    [
        {"distribution": "K3s", "infrastructure": "aws"},
        {"azureHybridBenefit": "True"},
        {"arcAgentProfile": {"agentAutoUpgrade": "Disabled"}},
        {"oidcIssuerProfile": {"enabled": True}},
    ],
    ids=["distribution", "hybrid benefit", "auto upgrade", "issuer"],
)
def test_fields_that_others_have_set_go_back(harbor: Stage, properties: dict[str, Any]) -> None:
    """Not the tags alone."""
    run = stopped(harbor)
    target(harbor, properties)

    ended = harbor.type(f"rollback {run} {ROLLBACK}")

    assert ended.code == 0, ended.err
    assert "carried: the resource's own fields" in ended.err
    found = arm.ask(harbor, "GET", arm.HARBOR, version=NEWER)[1]["properties"]
    for name, value in properties.items():
        now = found[name]
        assert value == ({key: now[key] for key in value} if isinstance(value, dict) else now)


def test_a_field_that_cannot_go_back_is_named(harbor: Stage) -> None:
    """A custom location on the target: exit 5, with its name."""
    location: dict[str, Any] = {
        "location": "westeurope",
        "properties": {
            "hostResourceId": arm.HARBOR,
            "hostType": "Kubernetes",
            "namespace": "theirs",
            "displayName": "theirs",
            "clusterExtensionIds": [],
        },
    }
    path = f"{arm.GROUP}/providers/Microsoft.ExtendedLocation/customLocations/theirs"
    run = stopped(harbor)
    assert arm.ask(harbor, "PUT", path, location, version="2021-08-15")[0] in (200, 201)

    ended = harbor.type(f"rollback {run} {ROLLBACK}")

    assert ended.code == 5, ended.err
    assert "custom locations were written late, and are not carried: theirs" in ended.err


def test_a_private_link_that_others_have_set_is_named(harbor: Stage) -> None:
    """Its scope may lie in the region that is left, so it is not put to the source: exit 5."""
    run = stopped(harbor)
    target(harbor, {"privateLinkState": "Enabled"})

    ended = harbor.type(f"rollback {run} {ROLLBACK}")

    assert (ended.code, "privateLinkState" in ended.err) == (5, True), ended.err
    assert moved.region(harbor) == "eastus"


def test_what_others_have_changed_in_a_piece_of_the_run_goes_back(harbor: Stage) -> None:
    """The run has put the diagnostic setting to the target, and somebody has written over it."""
    place = f"{arm.HARBOR}/providers/Microsoft.Insights/diagnosticSettings/audit"
    version = "2021-05-01-preview"

    def write(workspace: str) -> None:
        body = {"properties": {"workspaceId": workspace, "logs": []}}
        assert arm.ask(harbor, "PUT", place, body, version=version)[0] in (200, 201)

    def act() -> None:
        write("/theirs")
        harbor.fault("arm", {"status": 403}, method="GET", path="/harbor$", times=None)

    write("/ours")
    ended = beside.type_beside(harbor, moved.MOVE, "restore-attached", act, events=("done",))
    harbor.within(harbor.world.faults.remove)
    assert ended.code == 6, ended.err

    back = harbor.type(f"rollback {ROLLBACK}")

    assert back.code == 0, back.err
    assert "diagnostic settings: audit" in back.err
    found = arm.ask(harbor, "GET", place, version=version)[1]
    assert found["properties"]["workspaceId"] == "/theirs"
    assert moved.region(harbor) == "eastus"


def test_features_that_others_have_switched_go_back(harbor: Stage) -> None:
    """Only the agents' release knows them; a value beside them that may be a secret goes too."""
    run = stopped(harbor)
    switch = {
        "guard.enabled": "true",
        "guard.authnMode": "arc",
        "guard.skipAuthzCheck": "system:admins",
        "clusterconnect-agent.enabled": "false",
    }
    words = " ".join(f"--set systemDefaultValues.{name}={text}" for name, text in switch.items())
    upgraded(harbor, words)

    ended = harbor.type(f"rollback {run} {ROLLBACK}")

    assert ended.code == 0, ended.err
    assert "and carried: cluster-connect off, azure-rbac on" in ended.err
    values = changing.given(harbor)["systemDefaultValues"]
    guard = {"enabled": True, "authnMode": "arc", "skipAuthzCheck": "system:admins"}
    assert guard.items() <= values["guard"].items()
    assert values["clusterconnect-agent"]["enabled"] is False
    assert moved.region(harbor) == "eastus"


def test_another_revision_with_the_same_switches_is_left(harbor: Stage) -> None:
    """As agents that upgrade themselves make it."""
    run = stopped(harbor)
    upgraded(harbor, "--set global.theirs=yes")

    ended = harbor.type(f"rollback {run} {ROLLBACK}")

    assert ended.code == 0, ended.err
    assert "switched by others" not in ended.err


def upgraded(stage: Stage, words: str) -> None:
    """Let somebody upgrade the release of the agents, as helm does it."""
    line = (
        f"upgrade azure-arc {CHART} --reuse-values --force-conflicts -n azure-arc-release {words}"
    )
    told = subprocess.run(
        [str(stage.helm), *line.split()], env=stage.environment, capture_output=True, timeout=60
    )
    assert told.returncode == 0, told.stderr
