"""Blocking calls beside the loop."""

from __future__ import annotations

import asyncio
import threading

import pytest
from arcctl.clients.kubernetes.background import aside


class Held:
    """A thing that must be closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def close(self) -> None:
        """As a file."""
        self.closed.set()


async def test_what_nobody_takes_any_more_is_closed() -> None:
    """A lock that comes after its caller was cancelled must not be held on."""
    held, go = Held(), threading.Event()

    def take() -> Held:
        assert go.wait(10)
        return held

    waiting = asyncio.ensure_future(aside(take))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go.set()

    assert await asyncio.to_thread(held.closed.wait, 10)


async def test_what_somebody_takes_is_theirs() -> None:
    """It stays open."""
    held = await aside(Held)

    assert not held.closed.is_set()
