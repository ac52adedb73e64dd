"""One move of a change.

A step looks before it leaps: `observe` says what is so already, `do` makes it so. Running a list
of steps again after any interruption must end in the same world, so "already so" is success.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from arcctl.errors import ArcctlError

# Contravariant: a step that needs little works in a world that holds more.
World = TypeVar("World", contravariant=True)


class Step(ABC, Generic[World]):
    """`name` is stable and machine-read, `title` the word a person sees; no title, not shown.

    `intent` is what a plan says that the step will do; without one the plan does not name it.
    The plan adds `note`, or else `estimate`, the seconds that the step usually takes.
    """

    name: ClassVar[str]
    title: ClassVar[str] = ""
    intent: str = ""
    note: str = ""
    estimate: int = 0

    async def observe(self, world: World) -> str | None:
        """Return a short sentence when it is so already, None when there is work to do."""
        return None

    @abstractmethod
    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        """Make it so, and return the detail a person should read; `tell` reports progress."""

    async def undo(self, world: World, tell: Callable[[str], None]) -> str | None:
        """Put back what `do` has changed, wherever it was cut; None when there is nothing to say.

        Idempotent like `do`. A step that only looks, or only adds to what a later step removes,
        has nothing to undo.
        """
        return None


@dataclass(frozen=True)
class Together(Generic[World]):
    """Steps that run side by side; when one fails, the others are stopped."""

    steps: Sequence[Move[World]]


@dataclass(frozen=True)
class Chain(Generic[World]):
    """Steps that run one after another, where a list stands inside a `together`."""

    steps: Sequence[Move[World]]


@dataclass(frozen=True)
class Within(Generic[World]):
    """Steps that must end within some seconds; `overdue` returns the error where they do not."""

    seconds: float
    overdue: Callable[[World, float], Awaitable[ArcctlError]]
    steps: Sequence[Move[World]]


Move = Step[World] | Together[World] | Chain[World] | Within[World]


def together(*steps: Move[World]) -> Together[World]:
    """Run these side by side."""
    return Together(steps)


def in_turn(*steps: Move[World]) -> Chain[World]:
    """Run these one after another."""
    return Chain(steps)
