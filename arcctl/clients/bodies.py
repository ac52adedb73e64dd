"""Bodies of answers, read as they come and within bounds: a few bytes of gzip can be gigabytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.model.bounded import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PART = 64 * 1024
REFUSAL = 1024 * 1024
"""Bytes of an error's body that are read: its message stands at the beginning"""
WRONG = f"a body of more than {MOST_BYTES // (1024 * 1024)} MiB"


class TooLong(Exception):
    """More than any answer that is meant; the words are in `WRONG`."""


def whole(parts: Iterable[bytes], most: int = MOST_BYTES) -> bytes:
    """Return all parts as one; raise TooLong, and take no further part, once they are too many."""
    found: list[bytes] = []
    size = 0
    for part in parts:
        size += len(part)
        if size > most:
            found.clear()  # or the traceback would keep them, of each try
            raise TooLong
        found.append(part)
    return b"".join(found)


def packed_twice(headers: Mapping[str, str]) -> bool:
    """Tell whether a body is packed several times over, which no bound on one unpacking holds."""
    return "," in headers.get("Content-Encoding", "")
