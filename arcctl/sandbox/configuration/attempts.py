"""Work on one cluster that is tried until it succeeds, each piece in one task at a time."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import aiohttp

from arcctl.sandbox.clusterapi import RefusedError

if TYPE_CHECKING:
    from collections.abc import Coroutine

log = logging.getLogger(__name__)

_AT_ONCE = 16
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0


class Attempts:
    """Begins pieces of work by their key, and rings `changed` whenever one has ended.

    Whoever begins them looks then whether a piece is still due, and begins it again.
    """

    def __init__(self, group: asyncio.TaskGroup, changed: asyncio.Event) -> None:
        self.slots = asyncio.Semaphore(_AT_ONCE)
        self._group, self._changed = group, changed
        self._busy: set[object] = set()
        self._pauses: dict[object, float] = {}

    def begin(self, key: object, work: Coroutine[Any, Any, None]) -> None:
        """Begin something in a task of its own, unless it goes on already."""
        if key in self._busy:
            work.close()
            return
        self._busy.add(key)
        self._group.create_task(self._attempt(key, work))

    async def _attempt(self, key: object, work: Coroutine[Any, Any, None]) -> None:
        try:
            async with self.slots:
                await work
            self._pauses.pop(key, None)
        except (aiohttp.ClientError, RefusedError, TimeoutError) as error:
            pause = self._pauses.get(key, _FIRST_PAUSE)
            log.info("%s: %s; again in %.2f s", key, error, pause)
            self._pauses[key] = min(pause * 2, _LONGEST_PAUSE)
            await asyncio.sleep(pause)
        finally:
            work.close()
            self._busy.discard(key)
            self._changed.set()


def may_pass(refusal: RefusedError) -> bool:
    """Tell whether trying again may help: a kind that is not there yet, a namespace that goes."""
    return (
        refusal.status in {401, 404, 409, 429}
        or refusal.status >= 500
        or "being terminated" in str(refusal)
    )
