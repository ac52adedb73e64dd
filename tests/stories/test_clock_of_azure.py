"""Azure's clock is a quarter of an hour ahead of this machine's: a stopped move can be taken up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.stories import copies, moved
from tests.stories.moments import at, until
from tests.stories.refusals import FORBIDDEN
from tests.stories.test_interrupt import ended as ending
from tests.stories.test_interrupt import interrupt, stopped_politely

if TYPE_CHECKING:
    from tests.stage import Stage

# What is asked last before the agents are known to be quiet, and never before.
LAST = "kubernetes GET /apis/batch/v1/cronjobs"


@pytest.fixture
def ahead(harbor: Stage) -> Stage:
    """Azure has received a heartbeat since its clock is ahead."""
    copies.later(harbor, 1000)
    copies.beat(harbor)
    return harbor


def interrupted(stage: Stage) -> None:
    """Press Ctrl-C while the agents are scaled to zero."""
    with stage.start(moved.MOVE) as process:
        moment = at(stage, LAST, "before", interrupt(process.pid))
        until(lambda: moment.happened, "a move that quiets the agents")
        stopped_politely(ending(process))
    assert moved.asleep(stage)


@pytest.mark.parametrize("verb", ["resume", "rollback"])
def test_a_move_interrupted_at_the_agents_is_taken_up(ahead: Stage, verb: str) -> None:
    """No heartbeat has come since, whatever the clock here says."""
    interrupted(ahead)

    taken_up = ahead.type(f"{verb} --yes {moved.GIVEN}")

    assert taken_up.code == 0, taken_up.err
    assert moved.asleep(ahead) == []


def test_a_way_back_that_stopped_at_the_agents_is_taken_up(ahead: Stage) -> None:
    """The agents cannot be scaled back at first."""
    interrupted(ahead)
    ahead.fault("kubernetes", FORBIDDEN, method="PATCH", path="/deployments/", times=None)
    assert ahead.type(f"rollback --yes {moved.GIVEN}").code == 6
    ahead.within(ahead.world.faults.remove)

    again = ahead.type(f"rollback --yes {moved.GIVEN}")

    assert again.code == 0, again.err
    assert moved.asleep(ahead) == []


def test_a_heartbeat_since_then_still_tells_a_clone(ahead: Stage) -> None:
    """Azure has heard other agents half an hour after these were scaled to zero."""
    interrupted(ahead)
    copies.later(ahead, 1800)
    properties = {"lastConnectivityTime": ahead.within(ahead.world.clock.now).isoformat()}
    patch = {"patch_body": {"properties": properties}}
    ahead.fault("arm", patch, method="GET", path="/harbor$", times=None)

    refused = ahead.type(f"rollback --yes {moved.GIVEN}")

    assert (refused.code, "Azure received a heartbeat" in refused.err) == (6, True), refused.err
