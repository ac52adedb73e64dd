"""What is to end ends, and what was begun is finished."""

from __future__ import annotations

import asyncio

import pytest
from arcctl.clients.finishing import stopped, to_its_end


async def _fails_when_stopped(times: list[int]) -> None:
    """Go on after errors, as what watches beside a deletion does; each stop meets an error."""
    while True:
        try:
            await asyncio.gather(_overtaken(times))
        except ValueError:
            continue


async def _overtaken(times: list[int]) -> None:
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        times.append(1)
        if len(times) < 3:
            raise ValueError from None
        raise


async def test_what_takes_a_stop_for_an_error_is_stopped_all_the_same() -> None:
    """An error that comes in the same moment takes the place of the cancellation."""
    times: list[int] = []
    task = asyncio.create_task(_fails_when_stopped(times))
    await asyncio.sleep(0.01)

    async with asyncio.timeout(30):
        (result,) = await stopped(task, again=0.05)

    assert isinstance(result, asyncio.CancelledError)
    assert len(times) == 3


async def test_what_has_ended_is_told_as_it_was() -> None:
    """A result, an error, and what was stopped."""

    async def well() -> int:
        return 1

    async def badly() -> None:
        raise ValueError("no")

    tasks = [asyncio.create_task(each) for each in (well(), badly(), asyncio.sleep(3600))]
    await asyncio.sleep(0.01)
    found = await stopped(*tasks)

    assert found[0] == 1
    assert isinstance(found[1], ValueError)
    assert isinstance(found[2], asyncio.CancelledError)


async def test_work_is_finished_however_often_somebody_says_stop() -> None:
    """Then the stop is heard."""
    done: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0.05)
        done.append("done")

    task = asyncio.create_task(to_its_end(work()))
    for _ in range(3):
        await asyncio.sleep(0.005)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert done == ["done"]


async def test_work_that_takes_too_long_after_a_stop_is_stopped() -> None:
    """But not before it."""
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append("ended")

    task = asyncio.create_task(to_its_end(work(), seconds=0.05))
    await asyncio.sleep(0.2)
    assert ended == []
    task.cancel()
    async with asyncio.timeout(30):
        with pytest.raises(asyncio.CancelledError):
            await task

    assert ended == ["ended"]
