"""Every move can end: with a child made by hand, without one, or with one put back once more."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
from tests import arm
from tests.stage import PATIENCE
from tests.stories import moving
from tests.stories.moments import at
from tests.stories.moved import (
    CHILDREN,
    GIVEN,
    MOVE,
    kept_in_cluster,
    region,
    running,
    stopped,
    whole,
)
from tests.stories.refusals import refused

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

MONITOR = f"{arm.HARBOR}/{arm.CHILDREN}/extensions/monitor"
NO = {"error": {"code": "ExtensionTypeNotAllowed", "message": "not in this region"}}


def refusing(stage: Stage, *children: str) -> None:
    """Let Azure take none of these children, for good."""
    for child in children:
        action = {"status": 400, "body": NO}
        stage.fault("arm", action, method="PUT", path=f"/{child}$", times=None)


def by_hand(stage: Stage, **properties: Any) -> None:
    """Make monitor as a person would."""
    body = moving.extension("microsoft.azuremonitor.containers", **properties)
    stage.within(stage.world.faults.remove)
    arm.put_child(stage, "extensions", "monitor", body)
    refusing(stage, "extensions/monitor")


def vanish(stage: Stage) -> None:
    """Let monitor be gone, as if somebody had removed it."""
    stage.world.azure.store.remove(MONITOR)


def five(ended: Ended) -> Any:
    """Assert that a move has ended with something to look at, and return its report."""
    assert (ended.code, "[moved-with-differences]" in ended.err) == (5, True), ended.err
    return ended.data


def test_a_child_that_a_person_has_made_is_taken_as_it_is(harbor: Stage) -> None:
    """Refused for good, made by hand in another way: resume ends, and the report says how it differs."""
    refusing(harbor, "extensions/monitor")
    run = stopped(harbor.type(MOVE), "children-failed", said="not in this region")
    by_hand(harbor, configurationSettings={"amalogs.useAADAuth": "false"})

    report = five(harbor.type(f"resume {run} {GIVEN}"))

    assert any("amalogs.useAADAuth" in each for each in report["differences"])
    settings = arm.children(harbor)["extensions/monitor"]["properties"]["configurationSettings"]
    assert settings == {"amalogs.useAADAuth": "false"}
    refused(harbor.type("resume"), "nothing-open", exit_code=3)


def test_children_are_let_go_one_after_another(harbor: Stage) -> None:
    """Each by its name; the report names what is lost, and another machine remembers the first."""
    refusing(harbor, "extensions/monitor", "fluxConfigurations/private")
    elsewhere = {"ARCCTL_HOME": str(harbor.folder / "home" / "elsewhere")}
    ended = harbor.type(f"{MOVE} --report report.md")
    run = stopped(ended, "children-failed", said="2 of the children failed")
    assert f"resume {run} --protected-settings FILE --waive-child extensions/monitor" in ended.err

    unknown = harbor.type(f"resume {run} --waive-child monitors {GIVEN}")
    one = harbor.type(f"resume {run} --waive-child extensions/monitor {GIVEN}", **elsewhere)
    report = five(harbor.type(f"resume {run} --waive-child PRIVATE --report other.md", **elsewhere))

    assert "[child-unknown]" in unknown.err
    stopped(one, "children-failed", said="1 of the children failed: fluxConfigurations/private")
    assert report["letGo"] == ["extensions/monitor", "fluxConfigurations/private"]
    assert (report["clean"], region(harbor)) == (False, "westeurope")
    assert sorted(arm.children(harbor)) == ["extensions/flux", "fluxConfigurations/public"]
    page = (harbor.folder / "other.md").read_text()
    assert "## Let go" in page
    assert "has not written its report" in (harbor.folder / "report.md").read_text()


def test_the_report_survives_a_resume(harbor: Stage) -> None:
    """It is written where the move was told to, with who, when, versions and times."""
    refusing(harbor, "extensions/monitor")
    run = stopped(harbor.type(f"{MOVE} --report report.md"), "children-failed")
    harbor.within(harbor.world.faults.remove)

    report = harbor.well(f"resume {run} {GIVEN}").data

    page = (harbor.folder / "report.md").read_text()
    assert "- ended: 20" in page
    assert "- by: " in page
    assert "- versions: arcctl " in page
    assert "| delete edge/harbor in eastus |" in page
    assert (report["who"] != "", report["madeAt"][:2]) == (True, "20")
    assert {"quiet the agents", "delete edge/harbor in eastus", "install the agents"} <= {
        e["step"] for e in report["steps"]
    }


def test_a_report_that_cannot_be_written_is_said_before_anything_is_changed(harbor: Stage) -> None:
    """Not after the move."""
    refused(harbor.type(f"{MOVE} --report nowhere/report.md"), "file", exit_code=2)
    assert region(harbor) == "eastus"


def test_a_child_that_azure_accepts_and_loses_is_sent_again(harbor: Stage) -> None:
    """What is not listed is no success."""
    uids = running(harbor)
    at(harbor, "arm PUT .*/extensions/monitor$", "after", lambda: vanish(harbor))

    ended = harbor.well(MOVE)

    assert "extensions/monitor was accepted and is not there: it is sent again" in ended.err
    whole(harbor, uids)


def test_a_proof_that_misses_a_child_is_no_end(harbor: Stage) -> None:
    """Exit 6; resume puts it back, with its secrets."""
    uids = running(harbor)
    moving.attached(harbor)
    at(harbor, "arm PUT .*/roleAssignments/", "after", lambda: vanish(harbor))

    run = stopped(harbor.type(MOVE), "proof-incomplete", said="extensions/monitor is not there")
    unsaid = harbor.type(f"resume {run}")
    assert kept_in_cluster(harbor)
    assert harbor.well(f"resume {run} {GIVEN}").data["clean"]

    assert "[secret-missing]" in unsaid.err
    assert sorted(arm.children(harbor)) == CHILDREN
    whole(harbor, uids)


def test_what_waits_for_a_broken_dependency_is_not_waited_for(harbor: Stage) -> None:
    """microsoft.flux has failed: its configurations never come, and the error says why."""
    failure = {"polls": 0, "code": "ExtensionOperationFailed", "message": "no memory left"}
    harbor.fault(
        "arm", {"operation_fails": failure}, method="PUT", path="/extensions/flux$", times=None
    )

    ended = harbor.type(MOVE)

    stopped(ended, "children-failed", said="it waits for extensions/flux, which failed")
    assert "no memory left" in ended.err


def test_the_way_back_takes_off_the_lock_that_was_put_there(harbor: Stage) -> None:
    """Cut when the accepted lock was on the target again: it must not keep the target from going."""
    uids = running(harbor)
    harbor.seed(locks=[{"on": "edge/harbor", "name": "keep", "level": "CanNotDelete"}])
    with harbor.start(f"{MOVE} --target-name harbor2 --accept locked-itself") as process:
        at(harbor, "arm PUT .*/locks/keep", "after", lambda: os.kill(process.pid, signal.SIGKILL))
        process.wait(PATIENCE)

    harbor.well(f"rollback --take-over --yes {GIVEN}")

    whole(harbor, uids, "eastus")
    lock = f"{arm.HARBOR}/providers/Microsoft.Authorization/locks/keep"
    assert arm.ask(harbor, "GET", lock, version="2020-05-01")[0] == 200
    assert arm.ask(harbor, "GET", f"{arm.HARBOR}2", version="2024-01-01")[0] == 404


@pytest.mark.parametrize("comes", [True, False], ids=["made again", "not made again"])
def test_what_another_service_makes_is_looked_for(harbor: Stage, comes: bool) -> None:
    """Left alone by the move, and named in the report where its service does not bring it back."""
    properties = {"extensionType": "microsoft.policyinsights", "isSystemExtension": True}
    policy = {"id": MONITOR.replace("monitor", "policy"), "properties": properties}
    harbor.seed(resources=[policy])
    if comes:
        put = "arm PUT .*/extensions/monitor$"
        at(harbor, put, "after", lambda: _plant(harbor, policy))

    ended = harbor.type(MOVE)

    if comes:
        assert (ended.code, ended.data["clean"]) == (0, True), ended.err
    else:
        assert any("extensions/policy was left to" in each for each in five(ended)["left"])


def _plant(stage: Stage, resource: dict[str, Any]) -> None:
    from arcctl.sandbox.azure.seeds import plant

    plant(stage.world.azure, {"resources": [resource]})


def test_a_policy_extension_made_by_hand_is_carried(harbor: Stage) -> None:
    """It is nobody else's, so nobody else would make it again."""
    arm.put_child(harbor, "extensions", "policy", moving.extension("Microsoft.PolicyInsights"))

    harbor.well(MOVE)

    assert "extensions/policy" in arm.children(harbor)
