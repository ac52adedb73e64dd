"""What was begun is taken back, the last step first, up to the point of no return (design 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from arcctl.errors import ArcctlError, Refusal
from arcctl.flow.events import Done, Event, Failed, Passed
from arcctl.flow.journal import Journal
from arcctl.flow.no_return import PointOfNoReturn
from arcctl.flow.runner import names_of, run, undo
from arcctl.flow.step import Step, in_turn, together

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class World:
    """What the steps of these tests change and take back."""

    there: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)


class Put(Step[World]):
    """Puts its word there, and can take it away."""

    def __init__(self, word: str, *, error: ArcctlError | None = None) -> None:
        self.name = self.title = word  # type: ignore[misc] # one class for many steps
        self.error = error

    async def observe(self, world: World) -> str | None:
        """So already when it is there."""
        return "there" if self.name in world.there else None

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        """Put it there, or fail before."""
        if self.error:
            raise self.error
        world.there.append(self.name)
        return "put"

    async def undo(self, world: World, tell: Callable[[str], None]) -> str | None:
        """Take it away."""
        world.undone.append(self.name)
        if self.name in world.there:
            world.there.remove(self.name)
        return "taken away"


class Look(Put):
    """Has nothing to take back."""

    async def undo(self, world: World, tell: Callable[[str], None]) -> str | None:
        """Nothing."""
        return await Step.undo(self, world, tell)


def silent(event: Event) -> None:
    """Nobody listens."""


def kinds(journal: Journal) -> list[tuple[str, str]]:
    """What was written, without its moments."""
    return [(each.kind, each.step) for each in journal.entries]


async def test_a_step_is_written_down_before_and_after() -> None:
    """Only where it changes something."""
    world, journal = World(there=["b"]), Journal("run-1")
    await run([Put("a"), Put("b")], world, silent, journal)

    assert kinds(journal) == [("begun", "a"), ("done", "a")]


async def test_the_beginning_is_kept_before_the_change() -> None:
    """A journal that cannot be written stops the step before it does anything."""

    class Full:
        name = "full"

        async def keep(self, entries: object) -> None:
            raise ArcctlError("full")

    world = World()
    with pytest.raises(ArcctlError, match="full"):
        await run([Put("a")], world, silent, Journal("run-1", (Full(),)))

    assert world.there == []


async def test_a_failure_is_written_down() -> None:
    """With its reason, and the step's own error comes out."""
    journal = Journal("run-1")
    with pytest.raises(ArcctlError, match="no"):
        await run([Put("a", error=ArcctlError("no"))], World(), silent, journal)

    assert kinds(journal) == [("begun", "a"), ("failed", "a")]
    assert journal.entries[-1].detail == "no"


async def test_what_was_cut_before_its_end_is_written_down_later() -> None:
    """The step is so already, and the journal learns of it."""
    world, journal = World(there=["a"]), Journal("run-1")
    await journal.begin("a")
    await run([Put("a")], world, silent, journal)

    assert journal.has_done("a")


async def test_only_what_was_begun_is_taken_back_last_first() -> None:
    """However it was nested."""
    world, journal = World(there=["c"]), Journal("run-1")
    moves = [Put("a"), together(in_turn(Put("b"), Put("c")), Put("d")), Put("e")]
    with pytest.raises(ArcctlError):
        await run([*moves, Put("f", error=ArcctlError("no"))], world, silent, journal)
    await undo([*moves, Put("f"), Put("g")], world, silent, journal)

    assert sorted(world.undone) == ["a", "b", "d", "e", "f"]
    assert world.undone[0] == "f"
    assert world.undone[-1] == "a"
    assert world.there == ["c"]
    assert not journal.changed


async def test_taking_back_goes_on_where_it_was_cut() -> None:
    """What was taken back already is left alone."""
    world, journal = World(), Journal("run-1")
    await run([Put("a"), Put("b")], world, silent, journal)
    await journal.undone("b")
    await undo([Put("a"), Put("b")], world, silent, journal)

    assert world.undone == ["a"]


async def test_a_step_that_cannot_be_taken_back_stops_it() -> None:
    """Whoever watches hears why, and the rest stays as it is."""

    class Stuck(Put):
        async def undo(self, world: World, tell: Callable[[str], None]) -> str | None:
            """Fail."""
            raise ArcctlError("stuck")

    world, journal, events = World(), Journal("run-1"), list[Event]()
    await run([Put("a"), Stuck("b")], world, silent, journal)
    with pytest.raises(ArcctlError, match="stuck"):
        await undo([Put("a"), Stuck("b")], world, events.append, journal)

    assert isinstance(events[-1], Failed)
    assert world.undone == []


async def test_a_step_with_nothing_to_take_back_says_nothing() -> None:
    """It is ticked off in the journal all the same."""
    world, journal, events = World(), Journal("run-1"), list[Event]()
    await run([Look("a")], world, silent, journal)
    await undo([Look("a")], world, events.append, journal)

    assert [each.detail for each in events if isinstance(each, Done)] == [""]
    assert not journal.changed


async def test_nothing_is_taken_back_after_the_point_of_no_return() -> None:
    """The command to type is `resume`."""
    world, journal = World(), Journal("run-1")
    moves = [Put("a"), PointOfNoReturn(), Put("b")]
    await run(moves, world, silent, journal)
    with pytest.raises(Refusal) as raised:
        await undo(moves, world, silent, journal)

    assert raised.value.code == "no-return"
    assert raised.value.hints == ("arcctl resume run-1",)
    assert world.undone == []


async def test_the_point_of_no_return_is_seen_and_written_down() -> None:
    """Between the steps on its two sides, and as an event of its own."""
    journal, events = Journal("run-1"), list[Event]()
    await run([Put("a"), PointOfNoReturn(), Put("b")], World(), events.append, journal)

    assert kinds(journal)[2] == ("passed", "")
    assert [type(each) for each in events].index(Passed) == 2


def test_names_are_told_in_order() -> None:
    """By which a journal knows whether these are its steps."""
    moves = [Put("a"), together(in_turn(Put("b"), Put("c")), Put("d")), PointOfNoReturn()]

    assert names_of(moves) == ["a", "b", "c", "d", "point-of-no-return"]
