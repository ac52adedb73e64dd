"""What was written elsewhere, unpacked and parsed within bounds: no text may eat this machine.

A few bytes of gzip, of YAML aliases or of brackets can stand for gigabytes. Whatever is bigger or
deeper than anything arcctl writes is `Unfit`, a ValueError, which callers turn into words of their own.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from typing import Any

MOST_BYTES = 64 * 1024 * 1024
"""A bundle of three hundred children is about one mebibyte"""
_DEEPEST = 100
MOST_VALUES = 2_000_000
_HALF = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
_GZIP = 16 + zlib.MAX_WBITS


class Unfit(ValueError):
    """Bigger, deeper or stranger than anything that is meant; its words quote nothing."""


def unzipped(packed: bytes, most: int = MOST_BYTES) -> bytes:
    """Return what was compressed with gzip; raise Unfit where it is damaged or more than `most`."""
    found: list[bytes] = []
    size = 0
    while packed:
        stream = zlib.decompressobj(_GZIP)
        try:
            part = stream.decompress(packed, most - size + 1)
        except zlib.error as error:
            raise Unfit(f"it is not gzip: {error}") from None
        size += len(part)
        if size > most:
            raise Unfit(f"it unpacks to more than {most // (1024 * 1024)} MiB")
        if not stream.eof:
            raise Unfit("it ends in the middle")
        found.append(part)
        packed = stream.unused_data
    if not found:
        raise Unfit("it is empty")
    return b"".join(found)


def read_json(text: str | bytes) -> Any:
    """Return what a JSON text says; raise ValueError for what is none, too deep or too big a number."""
    if len(text) > MOST_BYTES:
        raise Unfit(f"it is longer than {MOST_BYTES // (1024 * 1024)} MiB")
    found = loads(text)
    check(found)
    return found


def loads(text: str | bytes) -> Any:
    """Do as `json.loads`, but raise ValueError also for brackets without end and for half characters.

    JSON can spell a half of a UTF-16 pair, which no file and no terminal takes.
    """
    whole = text.decode() if isinstance(text, bytes) else text
    try:
        found = json.loads(whole)
        if _HALF.search(whole):
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError:
        raise _too_deep() from None
    except UnicodeEncodeError:
        raise Unfit("it holds a half character (a lone surrogate)") from None
    return found


def check(value: Any) -> None:
    """Raise Unfit unless it is what JSON can hold, at most a hundred deep, not too much of it.

    Values that stand in several places, as YAML's aliases make them, count in each.
    """
    level, seen = [value], 0
    for _ in range(_DEEPEST):
        if not level:
            return
        seen += len(level)
        if seen > MOST_VALUES:
            raise Unfit(f"it holds more than {MOST_VALUES:,} values")
        level = [part for each in level for part in _parts(each)]
    if level:
        raise _too_deep()


def _parts(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, list):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        raise Unfit("it holds a number that is none, or too big")
    if value is None or isinstance(value, str | int | float):
        return ()
    raise Unfit(f"it holds a {type(value).__name__}, which JSON does not know")


def _too_deep() -> Unfit:
    return Unfit(f"it is nested more than {_DEEPEST} deep")
