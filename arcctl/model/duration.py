"""Lengths of time as people type them."""

from __future__ import annotations

import re

from arcctl.errors import UsageError

_PART = re.compile(r"(\d+)([smh])")
_FRACTION = re.compile(r"(\d*\.\d+)s?")
_UNIT = {"s": 1, "m": 60, "h": 3600}


def seconds(text: str) -> int:
    """Read `1200`, `1200s`, `20m` or `1h30m`; the peer appends an `s` blindly (trap 18)."""
    text = text.strip().lower()
    if text.isdecimal() and int(text) > 0:
        return int(text)
    parts = _PART.findall(text)
    if not parts or "".join(map("".join, parts)) != text:
        raise UsageError(
            f"this is not a length of time: {text!r}",
            code="AZK8S0100",
            why="write seconds (1200) or hours, minutes and seconds (20m, 1h30m)",
        )
    total = sum(int(number) * _UNIT[unit] for number, unit in parts)
    if not total:
        raise UsageError("a time limit of zero leaves no time", code="AZK8S0100")
    return total


def pause(text: str) -> float:
    """Read a length as `seconds` does, or a decimal fraction of seconds such as `0.5`."""
    fraction = _FRACTION.fullmatch(text.strip().lower())
    return float(fraction[1]) if fraction and float(fraction[1]) else seconds(text)


def spoken(length: float) -> str:
    """Write a length of time as a person says it: `0.3 s`, `48 s`, `2 min`, `3 h`, `84 days`."""
    if length < 10:
        return f"{length:.1f} s"
    if length < 100:
        return f"{length:.0f} s"
    for size, unit, limit in ((60, "min", 100), (3600, "h", 48)):
        if length < size * limit:
            return f"{length / size:.0f} {unit}"
    return f"{length / 86400:.0f} days"
