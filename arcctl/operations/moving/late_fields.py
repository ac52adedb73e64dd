"""Fields of the source that were written while Azure deleted it, for a target that is there already.

A target with an id of its own is made before the source goes, from what was saved by then. So what
came later is written down with what stood there before: a field of the target that still has the
old value takes the new one, and one that others have written meanwhile is left as it is.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from arcctl.model.connected_cluster import writable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.model.connected_cluster import Body
    from arcctl.operations.moving.worlds import Moving

FACT = "late-fields"
"""The fact that holds them: `tags` and `properties`, by name what each was and what it is"""
_PARTS = ("tags", "properties")

Fields = dict[str, dict[str, list[Any]]]


async def remember(world: Moving, before: Body, after: Body) -> None:
    """Write down in which fields two states of the source differ, beside those known already."""
    known = _known(world)
    new = _differing(before, after)
    merged = {part: dict(known.get(part, {})) for part in _PARTS}
    for part in _PARTS:
        for name, (was, now) in new[part].items():
            merged[part][name] = [merged[part].get(name, [was])[0], now]
    if merged != known and any(merged.values()):
        await world.run.journal.fact(FACT, merged)


def brought(world: Moving, target: Body) -> Body:
    """Return the target as it is to be: with each late field that nobody else has written."""
    fields, found = _known(world), deepcopy(target)
    for part, several in fields.items():
        values = dict(found.get(part) or {})
        for name, (was, now) in several.items():
            if values.get(name) == was:
                values[name] = now
        found[part] = {name: value for name, value in values.items() if value is not None}
    return found


async def are_brought(world: Moving) -> None:
    """Remember that the target has them: what others make of it from now on is theirs."""
    if _known(world):
        await world.run.journal.fact(FACT, {})


def _known(world: Moving) -> Fields:
    found: Fields = world.run.journal.fact_since_the_turn(FACT, {})
    return found


def _differing(before: Body, after: Body) -> Fields:
    bodies = [writable(each) for each in (before, after)]
    return {part: _pairs(*(each[part] for each in bodies)) for part in _PARTS}


def _pairs(was: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, list[Any]]:
    names = sorted({*was, *now})
    pairs = {name: [was.get(name), now.get(name)] for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
