"""A list of steps is carried out in order, side by side where it says so (design 4)."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from arcctl.errors import ArcctlError, Refusal
from arcctl.flow.events import Done, Event, Failed, Progressed, Started
from arcctl.flow.runner import run
from arcctl.flow.step import Step, Within, in_turn, together

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.flow.step import Move


@dataclass
class World:
    """What the steps of these tests change."""

    did: list[str] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    stopped: list[str] = field(default_factory=list)


class Do(Step[World]):
    """Writes its word down."""

    def __init__(self, word: str) -> None:
        self.name = self.title = word  # type: ignore[misc] # one class for many steps

    async def observe(self, world: World) -> str | None:
        """So already when it has been done."""
        return "as it was" if self.name in world.done else None

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        """Say so, do it, and let others go on."""
        tell("half")
        await asyncio.sleep(0)
        world.did.append(self.name)
        world.done.add(self.name)
        return f"{self.name} is there"


class Break(Do):
    """Fails as it is told."""

    def __init__(self, word: str, error: Exception) -> None:
        super().__init__(word)
        self.error = error

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        """Fail."""
        raise self.error from KeyError("cause")


class Wait(Do):
    """Never ends by itself."""

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        """Wait until stopped."""
        try:
            await asyncio.Event().wait()
        finally:
            world.stopped.append(self.name)
        return ""


class CtrlC(Wait):
    """Is interrupted by the person at the keyboard."""

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        """Press it, and wait."""
        await asyncio.sleep(0)
        signal.raise_signal(signal.SIGINT)
        return await super().do(world, tell)


class WaitFor(Do):
    """Ends when another step has begun."""

    def __init__(self, word: str, mine: asyncio.Event, other: asyncio.Event) -> None:
        super().__init__(word)
        self.mine, self.other = mine, other

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        """Meet the other."""
        self.mine.set()
        await self.other.wait()
        return "met"


async def heard(*moves: object, world: World | None = None) -> list[Event]:
    """Run them, and return what an observer heard."""
    events: list[Event] = []
    await run(moves, world or World(), events.append)  # type: ignore[arg-type] # steps of one world
    return events


async def test_steps_run_in_order() -> None:
    """One after another, whatever is nested in a chain."""
    world = World()
    await heard(Do("a"), in_turn(Do("b"), in_turn(Do("c"))), Do("d"), world=world)

    assert world.did == ["a", "b", "c", "d"]


async def test_a_step_says_what_it_does() -> None:
    """Started, progressed, done, with its title and detail."""
    started, progressed, done = await heard(Do("a"))

    assert started == Started("a", "a")
    assert progressed == Progressed("a", "half")
    assert isinstance(done, Done)
    assert (done.step, done.title, done.detail, done.already) == ("a", "a", "a is there", False)
    assert done.seconds >= 0


async def test_what_is_so_already_is_not_done_again() -> None:
    """The second run changes nothing, and says so."""
    world = World()
    await heard(Do("a"), world=world)
    [again] = await heard(Do("a"), world=world)

    assert isinstance(again, Done)
    assert (again.already, again.detail) == (True, "as it was")
    assert world.did == ["a"]


async def test_together_means_side_by_side() -> None:
    """Two steps that wait for each other both end."""
    one, two = asyncio.Event(), asyncio.Event()
    events = await heard(together(WaitFor("a", one, two), WaitFor("b", two, one)))

    assert {each.step for each in events if isinstance(each, Done)} == {"a", "b"}


async def test_a_chain_inside_together_keeps_its_order() -> None:
    """Its steps wait for each other, not for the neighbours."""
    world = World()
    await heard(together(in_turn(Do("a"), Do("b"), Do("c")), Do("x")), world=world)

    assert [word for word in world.did if word != "x"] == ["a", "b", "c"]


async def test_an_error_stops_the_run_and_is_raised_as_it_is() -> None:
    """Later steps do not run, and whoever watches hears why."""
    world, events = World(), list[Event]()
    refusal = Refusal("no")
    with pytest.raises(Refusal) as raised:
        await run([Do("a"), Break("b", refusal), Do("c")], world, events.append)

    assert raised.value is refusal
    assert world.did == ["a"]
    assert isinstance(events[-1], Failed)
    assert (events[-1].step, events[-1].reason) == ("b", "no")


async def test_the_first_error_stops_the_siblings() -> None:
    """They are cancelled, and the plain error comes out, not a group, with its cause."""
    world = World()
    with pytest.raises(ArcctlError, match=r"^no$") as raised:
        await heard(together(Wait("a"), Break("b", ArcctlError("no")), Wait("c")), world=world)

    assert sorted(world.stopped) == ["a", "c"]
    assert isinstance(raised.value.__cause__, KeyError)


async def test_nested_groups_still_raise_the_plain_error() -> None:
    """However deep it lies."""
    world = World()
    deep = together(in_turn(Do("a"), together(Break("b", ArcctlError("no")), Wait("c"))), Wait("d"))
    with pytest.raises(ArcctlError, match=r"^no$"):
        await heard(deep, world=world)

    assert sorted(world.stopped) == ["c", "d"]


async def test_cancelling_the_run_cancels_the_steps() -> None:
    """All of them, and CancelledError goes on to whoever asked."""
    world = World()
    task = asyncio.create_task(heard(together(Wait("a"), in_turn(Wait("b"))), world=world))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert sorted(world.stopped) == ["a", "b"]


async def overdue(_world: World, _seconds: float) -> ArcctlError:
    """Nothing of these is."""
    raise AssertionError


@pytest.mark.parametrize(
    "moves",
    [
        [Wait("a")],
        [together(Wait("a"), Wait("b"))],
        [in_turn(Wait("a"))],
        [Within(60, overdue, [together(Wait("a"), Wait("b"))])],
    ],
)
async def test_nothing_begins_once_somebody_has_said_stop(moves: list[Move[World]]) -> None:
    """The stop may have met what had to be finished, as a Lease that was let go; it is not lost."""
    world = World()

    async def command() -> None:
        task = asyncio.current_task()
        assert task
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        await heard(*moves, world=world)

    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(5):
            await asyncio.create_task(command())
    assert world.stopped == []


def test_a_keyboard_interrupt_goes_through() -> None:
    """Ctrl-C stops every step and is nobody's error, so none is reported as failed."""
    world, events = World(), list[Event]()
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(run([together(Wait("a"), CtrlC("b"))], world, events.append))

    assert sorted(world.stopped) == ["a", "b"]
    assert not [each for each in events if isinstance(each, Failed)]
