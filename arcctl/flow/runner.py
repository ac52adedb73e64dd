"""Carries out a list of steps and says what happens."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError
from arcctl.flow.events import Done, Failed, Progressed, Started
from arcctl.flow.step import Chain, Step, Together, World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcctl.flow.events import Observer
    from arcctl.flow.step import Move


async def run(moves: Sequence[Move[World]], world: World, observer: Observer) -> None:
    """Carry out `moves` in order; the first error stops the run and is raised as it is."""
    for move in moves:
        match move:
            case Together(steps):
                await _side_by_side(steps, world, observer)
            case Chain(steps):
                await run(steps, world, observer)
            case _:
                await _one(move, world, observer)


async def _side_by_side(steps: Sequence[Move[World]], world: World, observer: Observer) -> None:
    import asyncio

    try:
        async with asyncio.TaskGroup() as group:
            for step in steps:
                group.create_task(run([step], world, observer))
    except BaseExceptionGroup as several:
        first = several.exceptions[0]
    else:
        return
    # A person can act on one error; the first one is what stopped the others. It is raised out
    # here, where it keeps the cause it came with.
    raise first


async def _one(step: Step[World], world: World, observer: Observer) -> None:
    begun = time.monotonic()
    try:
        already = await step.observe(world)
        if already is None:
            detail = await _do(step, world, observer)
        else:
            detail = already
    except ArcctlError as error:
        observer(Failed(step.name, step.title, error.message, time.monotonic() - begun))
        raise
    seconds = time.monotonic() - begun
    observer(Done(step.name, step.title, detail, seconds, already=already is not None))


async def _do(step: Step[World], world: World, observer: Observer) -> str:
    observer(Started(step.name, step.title))
    return await step.do(world, lambda text: observer(Progressed(step.name, text)))
