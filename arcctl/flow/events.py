"""What happens during a run, as a closed set of values.

The terminal, the JSON lines and the tests read the same stream; `Observer` is whoever listens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Started:
    """A step begins to change something, or to wait for something."""

    step: str
    title: str


@dataclass(frozen=True, slots=True)
class Progressed:
    """A step that is under way says where it stands; the last word replaces the one before."""

    step: str
    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """A step has ended well. `already` means that there was nothing to do."""

    step: str
    title: str
    detail: str
    seconds: float
    already: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """A step has ended badly; the error itself is raised, this is for whoever watches."""

    step: str
    title: str
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Noted:
    """Something that a person should know. `warning` when it may bite later."""

    text: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Passed:
    """The point of no return lies behind: what follows can be finished, but not undone."""

    title: str
    detail: str


Event = Started | Progressed | Done | Failed | Noted | Passed
Observer = Callable[[Event], None]
