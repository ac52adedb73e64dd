"""A key pair is made beside everything else; whoever stops meanwhile leaves no traceback."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest
from arcctl.model import keys
from arcctl.operations.steps.keys import Generating

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def unheard() -> Iterator[list[object]]:
    """What threads raise that nobody waits for."""
    found: list[object] = []
    kept, threading.excepthook = threading.excepthook, lambda args: found.append(args.exc_value)
    yield found
    threading.excepthook = kept


async def test_whoever_stops_while_it_is_made_stops(unheard: list[object]) -> None:
    """The thread ends by itself, without a word; whoever waits again gets the pair."""
    before = set(threading.enumerate())
    new = Generating(keys.generate)
    waiting = asyncio.create_task(new.pair())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    for thread in set(threading.enumerate()) - before:
        await asyncio.to_thread(thread.join, 60)

    assert unheard == []
    assert (await new.pair()).public
