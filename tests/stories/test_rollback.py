"""`arcctl rollback`: a run is taken back before the point of no return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stories.half_done import half_done, in_cluster
from tests.stories.refusals import refused

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
