"""`arcctl resume RUN` of a run that has ended: worth what the ending was worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.stories import beside, moved, moving
from tests.stories.half_done import half_done
from tests.stories.refusals import refused

if TYPE_CHECKING:
    from tests.stage import Stage

FAILS = {"operation_fails": {"code": "ExtensionOperationFailed", "message": "no memory"}}


@pytest.fixture
def plain(quick: Stage) -> Stage:
    """Harbor without children."""
    quick.after("connect -n harbor -g edge -l eastus --skip-prechecks")
    return quick


def newest(stage: Stage) -> str:
    """The name of the newest run."""
    return str(stage.well("history").data[-1]["run"])


def stopped(stage: Stage) -> str:
    """A move that has stopped at the second look."""
    where = "/harbor/.*policyAssignments$"
    stage.fault("arm", {"status": 500}, method="GET", path=where, skip=1, times=None)
    ended = stage.type(moving.MOVE)
    stage.within(stage.world.faults.remove)
    return moved.stopped(ended, ended.err.rpartition("[")[2].partition("]")[0])


def test_a_move_that_was_not_begun(plain: Stage) -> None:
    """`move || resume RUN` is not green where nothing was moved."""
    late = lambda: beside.write(plain, "tag", "late")  # noqa: E731 - a word for the line below
    beside.type_beside(plain, moving.MOVE, "quiet-agents", late)
    said = "has ended: not begun: the plan is outdated"
    refused(plain.type(f"resume {newest(plain)}"), "nothing-open", exit_code=3, said=said)


def test_a_move_that_was_taken_back(plain: Stage) -> None:
    """The rollback typed again is well, since that is what it was to do."""
    run = stopped(plain)
    plain.well(f"rollback {run} --yes")
    refused(plain.type(f"resume {run}"), "nothing-open", exit_code=3, said="rolled back")
    plain.well(f"rollback {run} --yes")


def test_a_move_that_was_closed(plain: Stage) -> None:
    """Nobody knows what it has reached."""
    run = stopped(plain)
    plain.type(f"history {run} --close --yes")
    ended = plain.type(f"resume {run}")
    refused(ended, "nothing-open", exit_code=3, said="closed by a person")


def test_a_move_that_went_back(harbor: Stage) -> None:
    """Behind the point of no return as well: harbor is where it was."""
    harbor.fault("arm", FAILS, method="PUT", path="/extensions/monitor$", times=None)
    run = moved.stopped(harbor.type(moved.MOVE), "children-failed")
    harbor.within(harbor.world.faults.remove)
    harbor.well(f"rollback {run} --yes {moved.GIVEN}")
    ended = harbor.type(f"resume {run}")

    assert (ended.code, "[nothing-open]" in ended.err) == (3, True), ended.err
    assert f"{run} has ended: moved back" in ended.err


def test_a_move_that_has_ended_well(plain: Stage) -> None:
    """Its report is written once more."""
    plain.well(moving.MOVE)
    assert plain.well(f"resume {newest(plain)}").data["clean"]


def test_an_apply_that_was_taken_back(quick: Stage) -> None:
    """As with a move; one that was applied is well."""
    run = half_done(quick)
    quick.well(f"rollback {run}")
    refused(quick.type(f"resume {run}"), "nothing-open", exit_code=3, said="rolled back")

    other = half_done(quick)
    quick.well(f"resume {other}")
    quick.well(f"resume {other}")
