"""Carries out a list of steps and says what happens; takes them back again, where that is possible."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError, Refusal
from arcctl.flow.events import Done, Failed, Passed, Progressed, Started
from arcctl.flow.no_return import PointOfNoReturn
from arcctl.flow.step import Chain, Step, Together, Within, World
from arcctl.model import machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from arcctl.flow.events import Observer
    from arcctl.flow.journal import Journal
    from arcctl.flow.patience import Patience, Trial
    from arcctl.flow.step import Move


async def run(
    moves: Sequence[Move[World]],
    world: World,
    observer: Observer,
    journal: Journal | None = None,
    patience: Patience | None = None,
) -> None:
    """Carry out `moves` in order; the first error stops the run and is raised as it is.

    Every step is observed, taken up or not. With a journal, a step's beginning is kept before it
    changes anything, its end after. With `patience`, a step is tried again, from its observation
    on, as long as its trouble may pass.
    """
    import asyncio

    for move in moves:
        if _stopping():  # while something was finished that had to be
            raise asyncio.CancelledError
        match move:
            case Together(steps):
                await _side_by_side(steps, world, observer, journal, patience)
            case Chain(steps):
                await run(steps, world, observer, journal, patience)
            case Within():
                await _in_time(move, world, observer, journal, patience)
            case PointOfNoReturn():
                await _pass(move, world, observer, journal)
            case _:
                await _one(move, world, observer, journal, patience)


async def undo(
    moves: Sequence[Move[World]], world: World, observer: Observer, journal: Journal
) -> None:
    """Take back the steps that were begun, the last one first; side by side becomes in turn.

    Raise Refusal `no-return` where the point of no return lies behind. Cut and run again, it goes
    on with the steps that are left.
    """
    if journal.no_return:
        raise Refusal(
            "the point of no return lies behind; there is nothing to go back to",
            code="no-return",
            hints=f"arcctl resume {journal.run}",
        )
    for step in reversed(list(each_of(moves))):
        if journal.has_begun(step.name):
            await _take_back(step, world, observer, journal)


def names_of(moves: Sequence[Move[World]]) -> list[str]:
    """Return the steps' names in their order, each once."""
    return list(dict.fromkeys(step.name for step in each_of(moves)))


def each_of(moves: Sequence[Move[World]]) -> Iterator[Step[World]]:
    """Yield the steps of a list in their order, whatever they stand in."""
    for move in moves:
        if isinstance(move, Step):
            yield move
        else:
            yield from each_of(move.steps)


async def _in_time(
    move: Within[World],
    world: World,
    observer: Observer,
    journal: Journal | None,
    patience: Patience | None,
) -> None:
    import asyncio

    try:
        async with asyncio.timeout(move.seconds):
            await run(move.steps, world, observer, journal, patience)
    except TimeoutError:
        raise await move.overdue(world, move.seconds) from None


def _tell(step: Step[World], observer: Observer) -> Callable[[str], None]:
    return lambda text: observer(Progressed(step.name, text))


async def _side_by_side(
    steps: Sequence[Move[World]],
    world: World,
    observer: Observer,
    journal: Journal | None,
    patience: Patience | None,
) -> None:
    import asyncio

    try:
        async with asyncio.TaskGroup() as group:
            for step in steps:
                group.create_task(run([step], world, observer, journal, patience))
    except BaseExceptionGroup as several:
        first = several.exceptions[0]
    else:
        return
    # A person can act on one error; the first one is what stopped the others. It is raised out
    # here, where it keeps the cause it came with.
    raise first


async def _one(
    step: Step[World],
    world: World,
    observer: Observer,
    journal: Journal | None,
    patience: Patience | None,
) -> None:
    began = time.monotonic()
    trial = patience.begin() if patience else None
    try:
        detail, already = await _attempts(step, world, observer, journal, trial)
    except ArcctlError as error:
        observer(Failed(step.name, step.title, error.message, time.monotonic() - began))
        if journal and journal.has_begun(step.name):
            with suppress(ArcctlError):  # the step's own error is the one to be told
                await journal.failed(step.name, error.message)
        raise
    observer(Done(step.name, step.title, detail, time.monotonic() - began, already=already))


async def _attempts(
    step: Step[World],
    world: World,
    observer: Observer,
    journal: Journal | None,
    trial: Trial | None,
) -> tuple[str, bool]:
    while True:
        try:
            return await _attempt(step, world, observer, journal)
        except ArcctlError as error:
            await _outlast(error, trial, step, observer)
        except OSError as error:
            if not machine.own(error):
                raise
            raise machine.explained(error) from error


async def _attempt(
    step: Step[World], world: World, observer: Observer, journal: Journal | None
) -> tuple[str, bool]:
    already = await step.observe(world)
    if already is None:
        return await _do(step, world, observer, journal), False
    # A cut between `do` and the journal: what was done is written down now.
    if journal and journal.has_begun(step.name) and not journal.has_done(step.name):
        await journal.done(step.name, already)
    return already, True


async def _outlast(
    error: ArcctlError, trial: Trial | None, step: Step[World], observer: Observer
) -> None:
    """Wait before the next try, or raise the error where there is to be none.

    Nothing is tried again once somebody has said stop: asyncio may have raised the error instead.
    """
    import asyncio

    pause = trial.pause(error) if trial and not _stopping() else None
    if trial is None or pause is None:
        raise error
    observer(Started(step.name, step.title))
    observer(Progressed(step.name, f"{error.message}; trying again"))
    await asyncio.sleep(pause)
    trial.patience.anew()


def _stopping() -> bool:
    """Whether somebody has said stop."""
    import asyncio

    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _do(step: Step[World], world: World, observer: Observer, journal: Journal | None) -> str:
    observer(Started(step.name, step.title))
    if journal:
        await journal.begin(step.name)
    detail = await step.do(world, _tell(step, observer))
    if journal:
        await journal.done(step.name, detail)
    return detail


async def _pass(
    step: PointOfNoReturn, world: World, observer: Observer, journal: Journal | None
) -> None:
    if journal:
        await journal.passed()
    observer(Passed(step.title, await step.do(world, _tell(step, observer))))


async def _take_back(step: Step[World], world: World, observer: Observer, journal: Journal) -> None:
    began = time.monotonic()
    observer(Started(step.name, step.title))
    try:
        detail = await step.undo(world, _tell(step, observer))
        await journal.undone(step.name, detail)
    except ArcctlError as error:
        observer(Failed(step.name, step.title, error.message, time.monotonic() - began))
        raise
    seconds = time.monotonic() - began
    observer(Done(step.name, step.title, detail or "", seconds, already=detail is None))
