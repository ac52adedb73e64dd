"""Keeping to the rate at which ARM takes writes (`arm.md` 10)."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable


WRITES_PER_SECOND = 10


class WriteRate:
    """A token bucket: `burst` writes at once, then `rate` a second, `side_by_side` under way.

    Used as `async with rate:` around one write. ARM's own 429 is obeyed by the client besides.
    """

    def __init__(
        self,
        side_by_side: int,
        *,
        rate: float = WRITES_PER_SECOND,
        burst: int = 200,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slots = asyncio.Semaphore(side_by_side)
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = float(burst)
        self._at = clock()

    async def __aenter__(self) -> None:
        await self._slots.acquire()
        try:
            await asyncio.sleep(self.take())
        except BaseException:
            self._slots.release()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._slots.release()

    def take(self) -> float:
        """Take one token, and return the seconds until it is really there."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        self._tokens -= 1
        return max(0.0, -self._tokens / self._rate)


async def side_by_side(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all of it at once; the first error ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as several:
        first = several.exceptions[0]
    else:
        return
    raise first
