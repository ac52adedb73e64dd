"""Reads that may last: a person's answer, a pipe, stdin."""

from __future__ import annotations

import select
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOK_MS = 200
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let a signal end what blocks within, as KeyboardInterrupt.

    The event loop hears signals between its turns only, and this turn may never end. Signals that
    are ignored (nohup) or that end the process by themselves stay as they are.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    heard = {number: how for number, how in before.items() if callable(how)}
    for number in heard:
        signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, how in heard.items():
            signal.signal(number, how)


def await_input(file: int) -> None:
    """Wait until there is something to read, or the end.

    In short waits: a signal just before a long one would only be heard after it.
    """
    ready = select.poll()
    ready.register(file, select.POLLIN)
    while not ready.poll(_LOOK_MS):
        pass


def _stop(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt
