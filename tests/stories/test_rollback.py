"""`arcctl rollback`: a run is taken back before the point of no return."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from arcctl.model import keys
from tests import arm
from tests.stories import beside, copies, moved
from tests.stories.half_done import half_done, in_cluster
from tests.stories.moved import GIVEN, MOVE, running, stopped, whole
from tests.stories.refusals import DENIED, refused
from tests.stories.test_move_bad_days import healed, refusing

if TYPE_CHECKING:
    from tests.stage import Stage

LOCK = "/providers/Microsoft.Authorization/locks/mine"


def test_a_run_is_taken_back(quick: Stage) -> None:
    """Elsewhere too; nothing of it is left in the cluster, and the next run is free to begin."""
    run = half_done(quick)
    elsewhere = str(quick.folder / "elsewhere")
    ended = quick.well("rollback --yes", ARCCTL_HOME=elsewhere)

    assert f"Rolled back: config apply of harbor ({run})" in ended.err
    assert in_cluster(quick) == []
    nothing = quick.type("rollback", ARCCTL_HOME=elsewhere)
    refused(nothing, "nothing-open", exit_code=3, said="arcctl history")


def test_a_run_that_has_ended_is_not_taken_back(quick: Stage) -> None:
    """It says how it has ended, and changes nothing."""
    run = half_done(quick)
    quick.well("resume")
    ended = quick.type(f"rollback {run}")

    assert ended.code == 1
    assert "has ended: applied   [run-ended]" in ended.err
    assert f"arcctl history {run}" in ended.err


def made_anew(stage: Stage, key: str) -> None:
    """Others delete harbor, and make it again where it was."""
    for path, version in ((f"{arm.HARBOR}{LOCK}", "2020-05-01"), (arm.HARBOR, "2024-01-01")):
        arm.ask(stage, "DELETE", path, version=version)
        stage.within(stage.world.azure.operations.settle)
    body = {
        "location": "eastus",
        "identity": {"type": "SystemAssigned"},
        "properties": {"agentPublicKeyCertificate": key},
    }
    arm.ask(stage, "PUT", arm.HARBOR, body, version="2024-01-01")
    stage.within(stage.world.azure.operations.settle)


def stopped_at_the_locks(stage: Stage) -> str:
    """A move that has said that it takes the lock off, and was refused."""
    stage.well(copies.CONNECT)
    beside.write(stage, "lock", "mine")
    stage.fault("arm", DENIED, method="DELETE", path="/locks/mine$", times=None)
    line = "move -n harbor -g edge --target-region westeurope --skip-prechecks --yes"
    ended = stage.type(f"{line} --accept locked-itself")
    stage.within(stage.world.faults.remove)
    assert ended.code == 6, ended.err
    return next(each for each in ended.err.split() if each.startswith("move-"))


def test_a_source_that_others_have_made_anew_gets_no_lock(quick: Stage) -> None:
    """With the same key, as from a template: the agents are its own, and the lock is not."""
    run = stopped_at_the_locks(quick)
    made_anew(quick, moved.resource(quick)["properties"]["agentPublicKeyCertificate"])

    ended = quick.type(f"rollback {run} --yes --skip-cluster-check")

    assert (ended.code, "[rolled-back-in-part]" in ended.err) == (5, True), ended.err
    assert "mine was not put back: harbor was deleted and made anew since" in ended.err
    assert arm.ask(quick, "GET", f"{arm.HARBOR}{LOCK}", version="2020-05-01")[0] == 404
    assert moved.asleep(quick) == []


def test_a_source_that_others_have_made_anew_with_another_key_is_theirs(quick: Stage) -> None:
    """The agents here are not its agents: a person closes the run."""
    run = stopped_at_the_locks(quick)
    made_anew(quick, keys.generate().public)

    ended = quick.type(f"rollback {run} --yes")

    close = f"arcctl history {run} --close --skip-cluster-check"
    refused(ended, "AZK8S0406", exit_code=6, said=f"if others have made harbor anew: {close}")
    assert moved.asleep(quick) != []
    assert quick.type(f"{close.removeprefix('arcctl ')} --yes").code == 5
    assert in_cluster(quick) == []


@pytest.mark.parametrize("verb", ["resume", "rollback"])
def test_a_source_that_is_gone_before_the_mark_asks(quick: Stage, verb: str) -> None:
    """The run has not deleted it, so it may have been moved from another cluster."""
    run = stopped_at_the_locks(quick)
    for path, version in ((f"{arm.HARBOR}{LOCK}", "2020-05-01"), (arm.HARBOR, "2024-01-01")):
        arm.ask(quick, "DELETE", path, version=version)
        quick.within(quick.world.azure.operations.settle)

    ended = quick.type(f"{verb} {run} --yes")

    refused(ended, "cluster-unproved", exit_code=6, said="harbor (group edge) is not in Azure")
    assert moved.asleep(quick) != []


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        ("", "secret-missing"),
        (f"{GIVEN} --waive-child extensions/none", "child-unknown"),
        (GIVEN, "AZK8S0502"),
    ],
    ids=["without secrets", "a child that is none", "without a chart"],
)
def test_a_way_back_that_cannot_work_leaves_the_way_on_open(
    harbor: Stage, flags: str, code: str
) -> None:
    """All that it needs is proved before the run turns: nothing is asked, and `resume` goes on."""
    uids = running(harbor)
    refusing(harbor, {"deny_policy": True})
    run = stopped(harbor.type(MOVE), "RequestDisallowedByPolicy")

    if code == "AZK8S0502":
        harbor.fault("registry", {"status": 404}, times=None)
    unable = harbor.type(f"rollback {run} --yes {flags}")
    healed(harbor)
    harbor.well(f"resume {run} {GIVEN}")

    assert (unable.code, f"[{code}]" in unable.err) == (6, True), unable.err
    if not flags:
        assert f"arcctl rollback {run} --protected-settings FILE" in unable.err
    whole(harbor, uids)
