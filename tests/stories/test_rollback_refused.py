"""The way back where Azure refuses a part of it: agents come up, and the run ends all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests import arm
from tests.stories import beside, moved, moving
from tests.stories.refusals import DENIED, FORBIDDEN, refused

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

MOVE = f"{moving.MOVE} --accept locked-itself"
DEPOT = arm.HARBOR.replace("/harbor", "/depot")
LOCK = f"{arm.HARBOR}/providers/Microsoft.Authorization/locks/mine"
AGAIN = "az lock create --name mine --lock-type CanNotDelete --resource /subscriptions/"
BUSY: dict[str, Any] = {"status": 500}
LOCKED: dict[str, Any] = {
    "status": 409,
    "body": {"error": {"code": "ScopeLocked", "message": "the group is locked"}},
}


@pytest.fixture
def locked(quick: Stage) -> Stage:
    """Harbor without children, with a lock on it."""
    quick.after("connect -n harbor -g edge -l eastus --skip-prechecks")
    beside.write(quick, "lock", "mine")
    return quick


def stopped(stage: Stage, line: str = MOVE) -> str:
    """A move that has stopped at the second look: agents at zero, the lock taken off."""
    where = "/harbor/.*policyAssignments$"
    stage.fault("arm", BUSY, method="GET", path=where, skip=1, times=None)
    ended = stage.type(line)
    stage.within(stage.world.faults.remove)
    assert moved.asleep(stage)
    return moved.stopped(ended, ended.err.rpartition("[")[2].partition("]")[0])


def deleted(stage: Stage) -> None:
    """Somebody else deletes harbor."""
    arm.ask(stage, "DELETE", arm.HARBOR, version="2024-01-01")
    stage.within(stage.world.azure.operations.settle)
    assert moved.resource(stage) == {}


def over(stage: Stage, ended: Ended, code: str) -> None:
    """Assert that the run has ended, with something left to do, and that the agents run."""
    assert (ended.code, f"[{code}]" in ended.err) == (5, True), ended.err
    assert (moved.asleep(stage), moved.kept_in_cluster(stage)) == ([], [])


def lock_is_there(stage: Stage) -> bool:
    """Whether Azure shows it."""
    return arm.ask(stage, "GET", LOCK, version="2020-05-01")[0] == 200


@pytest.mark.parametrize("verb", ["rollback", "resume"])
def test_a_lock_whose_resource_somebody_has_deleted(locked: Stage, verb: str) -> None:
    """It cannot be put back: that is said, with the command for later, and the run is over."""
    run = stopped(locked)
    deleted(locked)
    # The run has not deleted it, so that this is the right cluster is for a person to say.
    refused(locked.type(f"{verb} {run} --yes"), "cluster-unproved", exit_code=6)
    ended = locked.type(f"{verb} {run} --yes --skip-cluster-check")

    over(locked, ended, "rolled-back-in-part" if verb == "rollback" else "plan-outdated")
    assert "the lock mine is not there, nor is harbor, which it was on" in ended.err
    assert (AGAIN in ended.err, "is as it was" in ended.err) == (True, False), ended.err


def test_a_closed_run_whose_source_is_gone(locked: Stage) -> None:
    """No lock can be made on what is not there: the command is for later."""
    run = stopped(locked)
    deleted(locked)
    ended = locked.type(f"history {run} --close --yes --skip-cluster-check")

    assert ended.code == 5, ended.err
    assert (
        f"nor is harbor, which it was on: somebody has deleted it; once it is there again: {AGAIN}"
        in ended.err
    )


@pytest.mark.parametrize("answer", [DENIED, LOCKED], ids=["denied", "locked"])
def test_a_lock_that_may_not_be_put_back(locked: Stage, answer: dict[str, Any]) -> None:
    """Nor will it be allowed by itself: it is left to a person."""
    run = stopped(locked)
    locked.fault("arm", answer, method="PUT", path="/locks/mine$", times=None)
    ended = locked.type(f"rollback {run} --yes")

    over(locked, ended, "rolled-back-in-part")
    assert ("could not be put back" in ended.err, AGAIN in ended.err) == (True, True), ended.err


def test_a_lock_that_can_be_put_back_later(locked: Stage) -> None:
    """The run stays, with the agents awake; the next try ends it."""
    run = stopped(locked)
    locked.fault("arm", BUSY, method="PUT", path="/locks/mine$", times=None)
    first = locked.type(f"rollback {run} --yes")
    asleep = moved.asleep(locked)
    locked.within(locked.world.faults.remove)
    locked.well(f"rollback {run} --yes")

    assert (first.code, asleep) == (6, []), first.err
    assert (lock_is_there(locked), moved.kept_in_cluster(locked)) == (True, [])


def test_a_single_404_is_no_absence_of_the_resource(locked: Stage) -> None:
    """The lock is sent once more."""
    run = stopped(locked)
    gone = {"status": 404, "body": {"error": {"code": "ResourceNotFound", "message": "no"}}}
    fault = locked.fault("arm", gone, method="PUT", path="/locks/mine$", times=1)
    locked.well(f"rollback {run} --yes")

    assert (locked.happened(fault), lock_is_there(locked)) == (1, True)


def test_a_lock_behind_the_point_of_no_return(locked: Stage) -> None:
    """Where Azure refuses to delete the source, it is whole but for its lock."""
    locked.fault("arm", DENIED, method="DELETE", path="connectedClusters/harbor$", times=None)
    run = moved.stopped(locked.type(MOVE), "AuthorizationFailed")
    locked.fault("arm", DENIED, method="PUT", path="/locks/mine$", times=None)
    ended = locked.type(f"rollback {run} --yes")

    over(locked, ended, "rolled-back-in-part")
    assert AGAIN in ended.err


@pytest.mark.parametrize("answer", [DENIED, LOCKED], ids=["denied", "locked"])
def test_a_target_that_may_not_be_deleted(locked: Stage, answer: dict[str, Any]) -> None:
    """It stays, and is named with the command that deletes it; the lock is there again."""
    run = stopped(locked, f"{MOVE} --target-name depot")
    locked.fault("arm", answer, method="DELETE", path="connectedClusters/depot$", times=None)
    ended = locked.type(f"rollback {run} --yes")

    over(locked, ended, "rolled-back-in-part")
    assert (bool(moved.resource(locked, DEPOT)), lock_is_there(locked)) == (True, True)
    assert "arcctl delete -n depot -g edge --azure-only" in ended.err


def test_what_was_left_is_said_again_after_a_stop(locked: Stage) -> None:
    """A way back that is taken up does not end as if nothing were missing."""
    run = stopped(locked, f"{MOVE} --target-name depot")
    locked.fault("arm", DENIED, method="PUT", path="/locks/mine$", times=None)
    locked.fault("arm", BUSY, method="DELETE", path="connectedClusters/depot$", times=None)
    first = locked.type(f"rollback {run} --yes")
    locked.within(locked.world.faults.remove)
    ended = locked.type(f"rollback {run} --yes", ARCCTL_HOME=str(locked.folder / "elsewhere"))

    assert first.code == 6, first.err
    over(locked, ended, "rolled-back-in-part")
    assert (AGAIN in ended.err, moved.resource(locked, DEPOT)) == (True, {}), ended.err


def test_one_agent_that_is_refused_keeps_no_other_at_zero(locked: Stage) -> None:
    """The run stays until that one is scaled back too."""
    run = stopped(locked)
    where = "/deployments/cluster-metadata-operator$"
    locked.fault("kubernetes", FORBIDDEN, method="PATCH", path=where, times=None)
    first = locked.type(f"rollback {run} --yes")
    asleep = moved.asleep(locked)
    locked.within(locked.world.faults.remove)
    locked.well(f"rollback {run} --yes")

    assert (first.code, asleep) == (6, ["cluster-metadata-operator"]), first.err
    assert (moved.asleep(locked), lock_is_there(locked)) == ([], True)
