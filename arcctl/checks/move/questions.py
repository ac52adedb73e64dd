"""All questions of a move, asked side by side (`arm.md` 12.2, row by row)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arcctl.checks.move import (
    agents,
    attached,
    body,
    children,
    connection,
    dependants,
    identities,
    regions,
    targets,
    unlisted,
)
from arcctl.checks.move.verdicts import blocks, noted
from arcctl.model.plan import Fate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from arcctl.checks.move.looking import Unseen
    from arcctl.checks.move.sight import MoveSight
    from arcctl.model.plan import Row

    Question = Callable[[MoveSight], Awaitable[list[Row]]]

# The connection comes first: where this is not the cluster, nothing else is worth mending.
QUESTIONS: tuple[Question, ...] = (
    *connection.ASKED,
    *children.ASKED,
    *unlisted.ASKED,
    *body.ASKED,
    *agents.ASKED,
    *identities.ASKED,
    *attached.ASKED,
    *dependants.ASKED,
    *regions.ASKED,
    *targets.ASKED,
)
_ORDER = tuple(Fate)


async def rows_of(sight: MoveSight) -> tuple[Row, ...]:
    """Ask everything and return the rows by fate, in the order of the questions.

    Raise what the looks raise when cluster or Azure cannot be asked at all.
    """
    answers = await asyncio.gather(*(ask(sight) for ask in QUESTIONS))
    rows = [row for answer in answers for row in answer]
    rows += [_unseen(each) for each in sight.unseen.values()]
    return in_order(rows)


def in_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return rows by their fate, otherwise as they came."""
    return tuple(sorted(rows, key=lambda row: _ORDER.index(row.fate)))


def _unseen(look: Unseen) -> Row:
    """Whatever goes with the resource must have been seen, or be given up knowingly."""
    what = f"{look.subject} could not be looked at"
    if look.needed:
        return blocks("unseen", what, f"{look.reason}; they would be lost unseen")
    return noted("unlooked", what, look.reason)
