"""Blocking calls beside the event loop, in threads that never hold up the end of the program."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
P = ParamSpec("P")


async def aside(call: Callable[P, T], /, *arguments: P.args, **named: P.kwargs) -> T:
    """Run `call` in a daemon thread; a cancelled caller leaves it behind at once.

    `asyncio.to_thread` would not do: the program's end waits for its threads, so Ctrl-C would
    hang for as long as an unreachable server does.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # T itself may be None

    def work() -> None:
        result, failure = None, None
        try:
            result = call(*arguments, **named)
        except BaseException as error:  # noqa: BLE001 - it is raised where the caller waits
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=work, name=getattr(call, "__name__", "call"), daemon=True).start()
    return await future
