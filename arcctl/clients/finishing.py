"""The end of work: what is finished although somebody says stop, and what really stops."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

Result = TypeVar("Result")
_ONCE_MORE = 15.0  # seconds; who cleans up is not told so in the midst of it


async def to_its_end(
    work: Coroutine[Any, Any, Result] | asyncio.Future[Result], *, seconds: float | None = None
) -> Result:
    """Let what was begun be finished, however often somebody says stop; then stop.

    After the first of these it has `seconds` left, as much as it needs where there are none.
    """
    task, stopped = asyncio.ensure_future(work), 0.0
    while not task.done():
        left = stopped + seconds - time.monotonic() if stopped and seconds is not None else None
        if left is not None and left <= 0:
            task.cancel()
        try:
            await asyncio.wait([task], timeout=left if left is None or left > 0 else None)
        except asyncio.CancelledError:
            stopped = stopped or time.monotonic()
    if stopped:
        _ = task.cancelled() or task.exception()  # asked for, so that nobody complains of it
        raise asyncio.CancelledError
    return task.result()


async def stopped(*tasks: asyncio.Future[Any], again: float = _ONCE_MORE) -> list[Any]:
    """Stop them; return, once all have ended, what came of each, errors among it.

    They are told so `again` after so many seconds: where several awaited things fail in the same moment,
    asyncio raises one of them in place of the cancellation, and who expects errors goes on.
    """
    while pending := [each for each in tasks if not each.done()]:
        for each in pending:
            each.cancel()
        await asyncio.wait(pending, timeout=again)
    return await asyncio.gather(*tasks, return_exceptions=True)


class Begun(asyncio.Task[Result]):
    """A short piece of work that nobody cancels; `stop_the_others` waits for it first."""

    def cancel(self, msg: Any = None) -> bool:
        """Do nothing."""
        return False


async def stop_the_others(*spared: asyncio.Task[Any] | None) -> None:
    """Stop every other task of this loop but those, and wait for their ends.

    `asyncio.run` does so too, but tells each of them once, and those of asyncio's own that start a
    program: where that has ended already, asyncio then waits for ever (3.11).
    """
    while begun := [each for each in asyncio.all_tasks() if isinstance(each, Begun)]:
        await asyncio.wait(begun)
    await stopped(*(asyncio.all_tasks() - {asyncio.current_task(), *spared}))
