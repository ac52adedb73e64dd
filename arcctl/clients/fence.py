"""What every write passes: a process that has slept asks first whether it may still act.

A closed laptop or a stopped process wakes in the middle of whatever it did, and another machine may
have finished the run meanwhile. Signs of life come too late for that: the next request is on its
way before the next of them is due.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Fence(Protocol):
    """Who knows whether this process may still change something; a Lease, mostly."""

    async def may_act(self, *, surely: bool = False) -> None:
        """Raise StoppedPartWay where another may have gone on; `surely` asks without having slept."""

    def woke_with(self, program: str) -> None:
        """Let that error name a program that cannot ask, and was at work when this process woke."""


_FENCE: ContextVar[Fence | None] = ContextVar("fence", default=None)


@contextmanager
def standing(fence: Fence | None) -> Iterator[None]:
    """Let all writes of the block, and of the tasks it begins, pass this fence; None opens it."""
    before = _FENCE.set(fence)
    try:
        yield
    finally:
        _FENCE.reset(before)


def woke_with(program: str) -> None:
    """Tell the fence that a program was at work which changes something, as `Fence.woke_with`."""
    if fence := _FENCE.get():
        fence.woke_with(program)


async def passed(method: str = "", *, surely: bool = False) -> None:
    """Return once a request of this method may be sent; raise as `Fence.may_act`."""
    fence = _FENCE.get()
    if fence is None or method in READS:
        return
    with standing(None):
        await fence.may_act(surely=surely)
