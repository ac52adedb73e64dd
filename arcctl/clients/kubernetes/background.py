"""Blocking calls beside the event loop, in threads that never hold up the end of the program."""

from __future__ import annotations

import asyncio
import contextlib
import io
import threading
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
P = ParamSpec("P")


async def aside(call: Callable[P, T], /, *arguments: P.args, **named: P.kwargs) -> T:
    """Run `call` in a daemon thread; a cancelled caller leaves it behind at once.

    A file that nobody takes any more is closed: it may be a lock.

    `asyncio.to_thread` would not do: the program's end waits for its threads, so Ctrl-C would
    hang for as long as an unreachable server does.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    parcel = _Parcel()

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
        parcel.arrive(result)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=work, name=getattr(call, "__name__", "call"), daemon=True).start()
    try:
        return await future
    except asyncio.CancelledError:
        parcel.refuse()
        raise


class _Parcel:
    """What a thread brings; an open file, such as a lock, is closed once it is there and refused."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._brought: object = None
        self._refused = False

    def arrive(self, result: object) -> None:
        with self._lock:
            self._brought = result
            self._judge()

    def refuse(self) -> None:
        with self._lock:
            self._refused = True
            self._judge()

    def _judge(self) -> None:
        if self._refused and isinstance(self._brought, io.IOBase):
            self._brought.close()
