"""What an error says once something was changed: what is done, and which command finishes it."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError, Interrupted, NotFound
from arcctl.flow.events import Done
from arcctl.model import machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arcctl.flow.events import Event, Observer


@dataclass(frozen=True, slots=True)
class Aftermath:
    """How far a command has come: `done` in sentences, `finish` in commands to type.

    `gone` is said instead where the error is that nothing is there (any more).
    """

    done: tuple[str, ...] = ()
    finish: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


@dataclass
class Counting:
    """An observer that remembers which steps have ended well, and passes everything on."""

    observer: Observer
    done: set[str] = field(default_factory=set)

    def __call__(self, event: Event) -> None:
        if isinstance(event, Done):
            self.done.add(event.step)
        self.observer(event)


@contextmanager
def telling(so_far: Callable[[], Aftermath]) -> Iterator[None]:
    """Add to whatever ends the block early what `so_far` says then; nothing done adds nothing."""
    try:
        yield
    except (ArcctlError, OSError, asyncio.CancelledError) as error:
        found = _error(error, now := so_far())
        if found is None or not now.done:
            raise
        if now.gone and isinstance(found, NotFound):
            now = Aftermath(now.gone)
        found.why = (*found.why, *now.done)
        # Whoever has taken the Lease decides what is still to be done.
        finish = () if found.code == "lease-lost" else now.finish
        found.hints = tuple(dict.fromkeys((*finish, *found.hints)))
        if found is error:
            raise
        raise found from error


def _error(error: BaseException, now: Aftermath) -> ArcctlError | None:
    if isinstance(error, ArcctlError):
        return error
    if isinstance(error, asyncio.CancelledError):
        return Interrupted("stopped") if now.finish else None
    return machine.explained(error) if isinstance(error, OSError) and machine.own(error) else None
