"""Closing a run that bears an ending already: worth what that ending was worth."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from tests.stories import moved
from tests.stories.moments import at, until
from tests.stories.symptoms import merge
from tests.stories.test_history_close import contents, homeless, kept_in_cluster
from tests.stories.test_move_bad_days import elsewhere, ended
from tests.stories.test_resume_of_ended import FAILS

if TYPE_CHECKING:
    from tests.stage import Ended, Stage


def ends(ended: Ended, code: str, exit_code: int) -> str:
    """Assert how a command ended that has a report to write as well; return what it said."""
    assert (ended.code, f"[{code}]" in ended.err) == (exit_code, True), ended.err
    return ended.err


@pytest.fixture
def let_go(harbor: Stage) -> tuple[Stage, str]:
    """A move that has ended without one of the children: exit code 5."""
    harbor.fault("arm", FAILS, method="PUT", path="/extensions/monitor$", times=None)
    run = moved.stopped(harbor.type(moved.MOVE), "children-failed")
    waived = harbor.type(f"resume {run} --waive-child extensions/monitor {moved.GIVEN}")
    harbor.within(harbor.world.faults.remove)
    ends(waived, "moved-with-differences", 5)
    return harbor, run


def test_a_closing_that_was_killed_is_told_whole(harbor: Stage) -> None:
    """On another machine: what is lost by name, and all that was saved in files."""
    run = homeless(harbor)
    with harbor.start(f"history {run} --close --yes --export cut") as process:
        kill = lambda: os.kill(process.pid, signal.SIGKILL)  # noqa: E731 - a word for the line below
        moment = at(harbor, "kubernetes PUT .*-journal$", "after", kill)
        until(lambda: moment.happened, "the end of the journal")
        ended(process)
    old = {"renewTime": "2026-01-01T00:00:00.000000Z"}
    harbor.within(lambda: merge(harbor, "leases", "arcctl", "arcctl", spec=old))

    again = harbor.type(f"history {run} --close --yes --export cut-again", **elsewhere(harbor))

    assert "extensions/monitor is not there" in ends(again, "closed-unfinished", 5)
    assert contents(harbor.folder / "cut-again") == contents(harbor.folder / "cut")
    assert kept_in_cluster(harbor) == []


def test_what_was_saved_is_exported_where_somebody_asks_for_it(let_go: tuple[Stage, str]) -> None:
    """Though the run has ended; unasked, closing it only removes what the cluster keeps."""
    stage, run = let_go
    closed = stage.well(f"history {run} --close --yes --export asked", **elsewhere(stage))

    assert closed.data["saved"]["children"] == 4
    assert "README.md" in contents(stage.folder / "asked")
    assert kept_in_cluster(stage) == []


def test_a_report_claims_nothing_that_closing_has_removed(let_go: tuple[Stage, str]) -> None:
    """The cluster keeps no private key any more, so no command is named that removes it."""
    stage, run = let_go
    before = stage.type(f"resume {run}")
    stage.well(f"history {run} --close --yes")
    after = stage.type(f"resume {run}")

    assert "private key" in before.err
    assert f"arcctl history {run} --close" in before.err
    said = ends(after, "moved-with-differences", 5)
    assert "private key" not in said
    assert "--close" not in said
    assert after.data["keptInCluster"] == ""


def test_a_move_that_went_back_without_a_child(harbor: Stage) -> None:
    """It was moved back, not moved: `resume RUN` is no green for it, nor a difference of a move."""
    harbor.fault("arm", FAILS, method="PUT", path="/extensions/monitor$", times=None)
    run = moved.stopped(harbor.type(moved.MOVE), "children-failed")
    back = harbor.type(f"rollback {run} --yes --waive-child extensions/monitor {moved.GIVEN}")

    assert "harbor was moved back, and not" in ends(back, "moved-with-differences", 5)
    assert "has ended: moved back" in ends(harbor.type(f"resume {run}"), "nothing-open", 3)
