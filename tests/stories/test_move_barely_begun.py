"""A move that was killed when it held its Lease and had not yet written its journal."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from tests.stage import PATIENCE
from tests.stories.moments import at
from tests.stories.moved import GIVEN, MOVE, kept_in_cluster, region, running, whole
from tests.stories.refusals import refused

if TYPE_CHECKING:
    from tests.stage import Stage

MOMENTS = {
    "before the documents": ("kubernetes POST .*/secrets$", "before"),
    "after the first document": ("kubernetes POST .*/secrets$", "after"),
}


def killed(stage: Stage, moment: str, when: str) -> None:
    """Kill a move at this request."""
    with stage.start(MOVE) as process:
        at(stage, moment, when, lambda: os.kill(process.pid, signal.SIGKILL))
        process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL
    stage.within(stage.world.witnesses.clear)
    assert kept_in_cluster(stage)


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS.keys())
def test_the_same_machine_goes_on_at_once(harbor: Stage, moment: tuple[str, str]) -> None:
    """The same command again: it sees that the process which holds the Lease has ended."""
    uids = running(harbor)
    killed(harbor, *moment)

    nothing = harbor.type("resume")
    ended = harbor.well(MOVE)

    refused(nothing, "nothing-open", exit_code=3)
    assert "whose process is dead" in ended.err
    whole(harbor, uids)


def test_another_machine_is_told_what_works(harbor: Stage) -> None:
    """No run of that name can be taken up; the hint clears the way, and then the move is made."""
    uids = running(harbor)
    elsewhere = str(harbor.folder / "elsewhere")
    killed(harbor, *MOMENTS["after the first document"])

    waiting = harbor.type(MOVE, ARCCTL_HOME=elsewhere)
    cleared = harbor.type("resume --take-over", ARCCTL_HOME=elsewhere)

    refused(
        waiting,
        "run-in-progress",
        exit_code=5,
        said="if you know that it was killed: arcctl resume --take-over",
    )
    assert "it has just begun, or has just ended" in waiting.err
    refused(cleared, "nothing-open", exit_code=3)
    assert (region(harbor), kept_in_cluster(harbor)) == ("eastus", [])
    harbor.well(
        f"move -n harbor -g edge --target-region westeurope --skip-prechecks --yes {GIVEN}",
        ARCCTL_HOME=elsewhere,
    )
    whole(harbor, uids)
