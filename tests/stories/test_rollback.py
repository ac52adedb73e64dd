"""`arcctl rollback`: a run is taken back before the point of no return."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.stories.half_done import half_done, in_cluster
from tests.stories.moved import GIVEN, MOVE, running, stopped, whole
from tests.stories.refusals import refused
from tests.stories.test_move_bad_days import healed, refusing

if TYPE_CHECKING:
    from tests.stage import Stage


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
