"""Blocking calls beside the loop."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TextIO

import pytest
from arcctl.clients.kubernetes.background import aside

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_file_that_nobody_takes_any_more_is_closed(tmp_path: Path) -> None:
    """A lock that comes after its caller was cancelled must not be held on."""
    file, go = (tmp_path / "lock").open("w"), threading.Event()

    def take() -> TextIO:
        assert go.wait(10)
        return file

    waiting = asyncio.ensure_future(aside(take))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go.set()

    async with asyncio.timeout(10):
        while not file.closed:  # noqa: ASYNC110 - a thread closes it
            await asyncio.sleep(0.01)


async def test_what_somebody_takes_is_theirs(tmp_path: Path) -> None:
    """It stays open."""
    with await aside((tmp_path / "lock").open, "w") as file:
        assert not file.closed
