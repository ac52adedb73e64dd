"""How long ago something was, though the machine may have slept, or its clock been set."""

from __future__ import annotations

import time

Moment = tuple[float, float]
"""Two clocks, in seconds: one stands still while a machine sleeps, the other may be set"""


def now() -> Moment:
    """Return this moment."""
    return time.monotonic(), time.time()


def since(before: Moment) -> float:
    """Return the seconds since then, by whichever clock has gone further."""
    return max(later - earlier for later, earlier in zip(now(), before, strict=True))
