"""A stream to people, who may stop reading at any time: whatever is under way goes on without them."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO


class Steady:
    """A text stream that never fails: what nobody can read any more is let go.

    A closed pipe (`2>&1 | head`), a terminal that is gone and a full disk are all the same here.
    A run behind its point of no return must not stop for any of them.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str, /) -> int:
        """Write, or let it go."""
        try:
            return self._stream.write(text)
        except (OSError, ValueError) as error:
            self._lost(error)
        return len(text)

    def writelines(self, lines: Iterable[str], /) -> None:
        """Write several lines, or let them go."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Send what was written, or let it go."""
        try:
            self._stream.flush()
        except (OSError, ValueError) as error:
            self._lost(error)

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        return self._stream.isatty()

    def _lost(self, error: Exception) -> None:
        if isinstance(error, UnicodeError):
            raise error
        divert(self._stream)


def let_go(stream: TextIO) -> None:
    """Send what the stream still holds; where that fails, let it lead nowhere."""
    try:
        stream.flush()
    except (OSError, ValueError):
        divert(stream)


def divert(stream: TextIO) -> None:
    """Let a broken stream lead nowhere, or Python would complain of what it still holds at its end."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, stream.fileno())
        finally:
            os.close(nowhere)
