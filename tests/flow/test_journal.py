"""A journal is kept in every place before anything is changed, and excuses little (design 7)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from arcctl.errors import ArcctlError, StoppedPartWay
from arcctl.flow.events import Event, Noted
from arcctl.flow.journal import Entry, Journal

if TYPE_CHECKING:
    from collections.abc import Sequence


class Shelf:
    """A place that keeps a journal until it breaks."""

    def __init__(self, name: str = "shelf") -> None:
        self.name = name
        self.held: list[Entry] = []
        self.writes = 0
        self.broken: ArcctlError | None = None

    async def keep(self, entries: Sequence[Entry]) -> None:
        """Hold them, a moment later."""
        await asyncio.sleep(0)
        if self.broken:
            raise self.broken
        self.writes += 1
        self.held = list(entries)


def moment() -> datetime:
    """The same one, always."""
    return datetime(2026, 11, 23, 7, 30, tzinfo=UTC)


async def test_every_place_has_it_before_the_caller_goes_on() -> None:
    """With its moment, its kind and its step."""
    here, there = Shelf("here"), Shelf("there")
    journal = Journal("run-1", (here, there), clock=moment)
    await journal.begin("quiet")

    assert here.held == there.held == list(journal.entries)
    [entry] = here.held
    assert (entry.at, entry.kind, entry.step) == ("2026-11-23T07:30:00.000Z", "begun", "quiet")


async def test_many_at_once_cost_few_writes() -> None:
    """Three hundred steps side by side are kept by a handful, and each is kept when it goes on."""
    shelf = Shelf()
    journal = Journal("run-1", (shelf,))

    async def step(number: int) -> bool:
        await journal.begin(f"child-{number}")
        return any(each.step == f"child-{number}" for each in shelf.held)

    assert all(await asyncio.gather(*map(step, range(300))))
    assert shelf.writes <= 3


async def test_what_was_said_can_be_asked() -> None:
    """Facts by their newest value, steps by their last word."""
    journal = Journal("run-1")
    await journal.fact("replicas", {"a": 1})
    await journal.fact("replicas", {"a": 2})
    await journal.begin("quiet")
    await journal.done("quiet", "all of them")
    await journal.begin("delete")

    assert journal.fact_of("replicas") == {"a": 2}
    assert journal.fact_of("nothing", "else") == "else"
    assert (journal.has_begun("quiet"), journal.has_done("quiet")) == (True, True)
    assert (journal.has_begun("delete"), journal.has_done("delete")) == (True, False)
    await journal.undone("quiet")
    assert (journal.has_begun("quiet"), journal.has_done("quiet")) == (False, False)


async def test_a_fact_is_no_step() -> None:
    """One that has a step's name does not make it undone."""
    journal = Journal("run-1")
    await journal.begin("quiet")
    await journal.done("quiet")
    await journal.fact("quiet", 1)

    assert journal.has_done("quiet")


async def test_the_point_of_no_return_is_passed_once() -> None:
    """Whoever takes the run up passes it without another word."""
    journal = Journal("run-1")
    assert not journal.no_return
    await journal.passed()
    await journal.passed()

    assert journal.no_return
    assert [each.kind for each in journal.entries] == ["passed"]


@pytest.mark.parametrize("which", [0, 1])
async def test_before_it_either_place_may_stop_the_run(which: int) -> None:
    """Nothing is changed that is not written down twice."""
    shelves = Shelf("here"), Shelf("there")
    journal = Journal("run-1", shelves)
    shelves[which].broken = ArcctlError("full")

    with pytest.raises(ArcctlError, match="full"):
        await journal.begin("quiet")


async def test_the_mark_itself_must_be_in_both() -> None:
    """A copy without it would let somebody roll back."""
    shelves = Shelf("here"), Shelf("there")
    journal = Journal("run-1", shelves)
    shelves[0].broken = ArcctlError("full")

    with pytest.raises(ArcctlError, match="full"):
        await journal.passed()
    with pytest.raises(ArcctlError, match="full"):
        await journal.begin("delete")


@pytest.mark.parametrize("which", [0, 1])
async def test_after_it_one_place_is_enough(which: int) -> None:
    """Said once when it fails, once when it is back, and then it has everything."""
    events: list[Event] = []
    shelves = Shelf("here"), Shelf("there")
    journal = Journal("run-1", shelves, observer=events.append)
    await journal.passed()
    shelves[which].broken = ArcctlError("full")
    await journal.begin("delete")
    await journal.done("delete")
    assert [type(each) for each in events] == [Noted]
    shelves[which].broken = None
    await journal.begin("create")

    assert len(events) == 2
    assert shelves[which].held == list(journal.entries)


async def test_after_it_one_place_is_needed() -> None:
    """With both gone nobody would know what was changed."""
    shelves = Shelf("here"), Shelf("there")
    journal = Journal("run-1", shelves)
    await journal.passed()
    for shelf in shelves:
        shelf.broken = ArcctlError("full")

    with pytest.raises(ArcctlError, match="full"):
        await journal.begin("delete")


@pytest.mark.parametrize("taken_up", [False, True])
async def test_the_mark_is_in_the_first_place_before_the_second(taken_up: bool) -> None:
    """Where it is only in the second, the first is not the place where the run has gone on."""
    shelves = Shelf("there"), Shelf("here")
    shelves[0].broken = ArcctlError("away")
    entries = [Entry("2026-11-23T07:00:00Z", "passed")] if taken_up else []
    journal = Journal("run-1", shelves, entries, marked=False)

    for writing in (journal.passed, journal.opened) if not taken_up else (journal.opened,):
        with pytest.raises(ArcctlError, match="away"):
            await writing()

    assert shelves[1].held == []
    shelves[0].broken = None
    await journal.begin("delete")
    assert shelves[0].held == shelves[1].held == list(journal.entries)


async def test_what_was_passed_before_excuses_who_takes_it_up() -> None:
    """Another machine with a full disk may finish the run."""
    first = Journal("run-1")
    await first.passed()
    shelves = Shelf("here"), Shelf("there")
    shelves[0].broken = ArcctlError("full")
    await Journal("run-1", shelves, first.entries).begin("delete")

    assert [each.kind for each in shelves[1].held] == ["passed", "begun"]


async def test_another_writer_is_never_excused() -> None:
    """Two processes on one run would undo each other's work."""
    shelves = Shelf("here"), Shelf("there")
    journal = Journal("run-1", shelves)
    await journal.passed()
    shelves[1].broken = StoppedPartWay("somebody else has it")

    with pytest.raises(StoppedPartWay):
        await journal.begin("delete")


async def test_a_cancelled_writer_leaves_its_entry_to_the_next() -> None:
    """Nothing is lost, and nothing is written twice."""
    shelf = Shelf()
    journal = Journal("run-1", (shelf,))
    cut = asyncio.create_task(journal.begin("a"))
    await asyncio.sleep(0)
    cut.cancel()
    await asyncio.gather(cut, return_exceptions=True)
    await journal.begin("b")

    assert [each.step for each in shelf.held] == ["a", "b"]


async def test_a_reason_carries_no_secret() -> None:
    """What went wrong is written down as people may read it."""
    journal = Journal("run-1")
    await journal.failed("put", "refused: password=hunter2")

    assert "hunter2" not in str(journal.entries)


async def test_after_the_turn_nothing_counts_as_done() -> None:
    """What was done there was not done here; that something was changed stays true."""
    journal = Journal("run-1")
    await journal.begin("put")
    await journal.done("put")
    await journal.turned("document:back", {"sha256": "1c"})
    turned = journal.has_begun("put"), journal.has_done("put"), journal.changed
    await journal.begin("put")
    await journal.done("put")

    assert turned == (False, False, True)
    assert journal.has_begun("put")
    assert journal.has_done("put")
