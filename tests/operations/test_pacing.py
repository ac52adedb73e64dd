"""Writes go out as fast as ARM takes them, and no faster."""

from __future__ import annotations

import asyncio

import pytest
from arcctl.errors import UsageError
from arcctl.operations.pacing import WriteRate, side_by_side


async def test_no_more_are_under_way_than_may_be() -> None:
    """The tenth waits until one of the nine has ended."""
    rate, under_way, most = WriteRate(3), 0, 0

    async def write() -> None:
        nonlocal under_way, most
        async with rate:
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1

    await side_by_side(write() for _ in range(9))
    assert most == 3


def test_a_spent_burst_makes_writes_wait() -> None:
    """Beyond the burst each write waits for a token of its own."""
    rate = WriteRate(8, rate=10.0, burst=2, clock=lambda: 0.0)
    assert [rate.take() for _ in range(4)] == [0.0, 0.0, 0.1, 0.2]


def test_tokens_come_back_with_time_and_never_exceed_the_burst() -> None:
    """A long pause saves up one burst, not more."""
    times = iter([0.0, 0.0, 3600.0, 3600.0, 3600.0])
    rate = WriteRate(8, rate=10.0, burst=2, clock=lambda: next(times))
    assert [rate.take() for _ in range(4)] == [0.0, 0.0, 0.0, 0.1]


async def test_a_write_that_fails_gives_its_place_free() -> None:
    """Otherwise the fourth failure would be the last thing that ever happened."""
    rate = WriteRate(1)
    for _ in range(3):
        with pytest.raises(UsageError):
            async with rate:
                raise UsageError("no")
    async with rate:
        pass


async def test_the_first_error_ends_the_others_and_comes_out_as_it_is() -> None:
    """A person can act on one error, not on a group."""
    ended = []

    async def wait() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    async def fail() -> None:
        raise UsageError("this one")

    with pytest.raises(UsageError, match="this one"):
        await side_by_side([wait(), fail()])
    assert ended == [True]
