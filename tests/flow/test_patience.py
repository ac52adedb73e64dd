"""Trouble that may pass is waited for, and the step is tried again from its observation on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from arcctl.errors import ArcctlError, ClusterError
from arcctl.flow.events import Event, Failed, Progressed
from arcctl.flow.patience import Patience
from arcctl.flow.runner import run
from arcctl.flow.step import Step

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class World:
    """What happened, and what goes wrong before anything does."""

    troubles: list[ArcctlError]
    happened: list[str] = field(default_factory=list)


class Try(Step[World]):
    """Fails as often as there is trouble."""

    name = title = "try"

    async def observe(self, world: World) -> str | None:
        """Looks each time."""
        world.happened.append("looked")
        return None

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        """Fail, or do it."""
        if world.troubles:
            raise world.troubles.pop(0)
        world.happened.append("did")
        return "done"


def patient(world: World, *, seconds: float = 60, times: int = 5) -> Patience:
    """Be patient with clusters alone."""

    def worth(error: ArcctlError) -> int:
        return times if isinstance(error, ClusterError) else 0

    return Patience(seconds, worth, lambda: world.happened.append("forgot"))


async def test_a_step_is_tried_again_until_it_goes_well() -> None:
    """What was seen before the trouble is forgotten, and a person hears of it."""
    world = World([ClusterError("away")])
    events: list[Event] = []
    await run([Try()], world, events.append, patience=patient(world))

    assert world.happened == ["looked", "forgot", "looked", "did"]
    assert Progressed("try", "away; trying again") in events
    assert not [each for each in events if isinstance(each, Failed)]


@pytest.mark.parametrize(
    ("error", "seconds", "times"),
    [(ArcctlError("no"), 60, 5), (ClusterError("away"), 60, 0), (ClusterError("away"), 0, 5)],
    ids=["not worth it", "often enough", "out of time"],
)
async def test_patience_ends(error: ArcctlError, seconds: float, times: int) -> None:
    """The error that ended it is the one that is raised."""
    world = World([error] * 3)
    with pytest.raises(ArcctlError) as raised:
        await run(
            [Try()],
            world,
            lambda event: None,
            patience=patient(world, seconds=seconds, times=times),
        )

    assert raised.value is error
    assert world.happened == ["looked"]


def test_pauses_grow() -> None:
    """Half a second first, so that a blip costs little; ten seconds at most."""
    trial = patient(World([]), seconds=1000, times=100).begin()
    pauses = [trial.pause(ClusterError("away")) for _ in range(8)]

    assert pauses == [0.5, 1, 2, 4, 8, 10, 10, 10]


class StopAndTrouble(Try):
    """Somebody says stop in the very moment in which something fails."""

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        """Fail beside others; asyncio raises the error, and not the cancellation."""
        task = asyncio.current_task()
        assert task

        async def fail() -> str:
            task.cancel()
            raise ClusterError("away")

        (done,) = await asyncio.gather(fail())
        return str(done)


async def test_nothing_is_tried_again_once_somebody_has_said_stop() -> None:
    """The error is told, where it has taken the place of the stop."""
    world = World([])
    stop = asyncio.create_task(
        run([StopAndTrouble()], world, lambda event: None, patience=patient(world, times=1))
    )
    with pytest.raises(ClusterError):
        await stop

    assert world.happened == ["looked"]
