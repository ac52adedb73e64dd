"""Rows of a plan that the report of the move repeats: what is lost, not looked at, or left to do by hand.

A person who reads only the report must learn of them, so each is told there once, as the plan has
told it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.checks.move.codes import CODES
from arcctl.model.plan import Fate
from arcctl.operations.agents.choices import choices
from arcctl.operations.moving.worlds import PLAN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.model.plan import Row
    from arcctl.operations.moving.worlds import Moving

# Those that every move has, that are put back, and that are told child by child.
_NOT_LOST = ("history", "locked-itself", "fields-not-carried")
# The others speak of the region, the id or the subscription that a way back leaves again.
_EITHER_WAY = ("secret-note", "deploy-key")


def lost(world: Moving) -> Iterator[str]:
    """Yield what the plan has named as lost, and what a person has let pass."""
    for child in world.bundle.children:
        if child.carried and child.not_carried:
            yield f"{child.key}: {', '.join(child.not_carried)}"
    for row in _rows(world):
        is_lost = row.fate is Fate.LOST or row.accepted
        if row.code == "agent-values" and _brought_back(world):
            continue
        if is_lost and row.code not in _NOT_LOST and not _place(row):
            yield _told(row.subject, row.detail)


def not_looked(world: Moving) -> Iterator[str]:
    """Yield what could not be looked at when the plan was made."""
    for row in _rows(world):
        if _place(row) == "not looked at":
            yield _told(row.subject, row.detail, *_commands(row))


def by_hand(world: Moving) -> Iterator[str]:
    """Yield what only a person can settle, with the commands of the plan."""
    for row in _rows(world):
        asks = row.fate is Fate.NOTED or row.remedy
        holds = not world.turned or row.code in _EITHER_WAY
        if _place(row) == "by hand" and asks and holds:
            yield _told(row.subject, row.detail, *_commands(row))


def _brought_back(world: Moving) -> bool:
    """Tell whether values that name the first region have come back into it with their agents."""
    if not world.turned:
        return False
    return bool(choices(world.held, world.request.region, world.bundle.region).bound)


def _rows(world: Moving) -> tuple[Row, ...]:
    return world.planned.rows if PLAN in world.run.documents else ()


def _place(row: Row) -> str:
    """Return where the report has the row; an earlier arcctl may have used other codes."""
    known = CODES.get(row.code)
    return known.report if known else ""


def _commands(row: Row) -> tuple[str, ...]:
    commands = "; ".join(each for each in row.remedy if not each.startswith("--accept"))
    return (commands,) if commands else ()


def _told(*parts: str) -> str:
    return ": ".join(filter(None, parts))
