"""The steps of a move in words, and how long each will probably take (`arm.md` 12.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.flow.no_return import PointOfNoReturn
from arcctl.flow.runner import each_of
from arcctl.model.duration import spoken
from arcctl.model.plan import PlannedStep
from arcctl.operations.moving.sequence import steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.flow.step import Step
    from arcctl.model.bundle import Bundle
    from arcctl.operations.moving.request import MoveRequest
    from arcctl.operations.moving.worlds import Moving


def planned(request: MoveRequest, bundle: Bundle) -> tuple[tuple[PlannedStep, ...], int]:
    """Return the steps of a move that have an intent, and the seconds that all of them take.

    A step that stands in the list twice is done once: where it comes first.
    """
    found = _told(request, bundle)
    words = _words(request, bundle)
    return tuple(_planned(step, words) for step in found), sum(step.estimate for step in found)


def in_words(request: MoveRequest, bundle: Bundle) -> dict[str, str]:
    """Return what each of these steps will do, by its name, in their order."""
    words = _words(request, bundle)
    return {step.name: step.intent.format(**words) for step in _told(request, bundle)}


def belonging(request: MoveRequest, bundle: Bundle) -> dict[str, str]:
    """Return which of the plan's steps each step of a move belongs to, by its name, in their order.

    One that the plan does not name, as a wait or a look, belongs to the last one before it that is
    named; the point of no return itself takes no time.
    """
    words = _words(request, bundle)
    several = [step for step in each_of(steps(request, bundle)) if not _is_line(step)]
    now = next(step.intent for step in several if step.intent)
    found: dict[str, str] = {}
    for step in several:
        now = step.intent or now
        found.setdefault(step.name, now.format(**words))
    return found


def _is_line(step: Step[Moving]) -> bool:
    return isinstance(step, PointOfNoReturn)


def _told(request: MoveRequest, bundle: Bundle) -> list[Step[Moving]]:
    once: dict[str, Step[Moving]] = {}
    for step in each_of(steps(request, bundle)):
        once.setdefault(step.name, step)
    return [step for step in once.values() if step.intent]


def _words(request: MoveRequest, bundle: Bundle) -> dict[str, str]:
    return {
        "source": f"{request.source.group}/{request.source.name}",
        "target": f"{request.target.group}/{request.target.name}",
        "from_region": bundle.region,
        "to_region": request.region,
    }


def _planned(step: Step[Moving], words: Mapping[str, str]) -> PlannedStep:
    note = step.note or f"about {spoken(round(step.estimate, -1))}"
    return PlannedStep(step.intent.format(**words), note, _is_line(step))
