"""Looking again as the last act before the point of no return.

A plan is as old as its question has stood. What was written meanwhile would go with the source,
and no proof would miss it: so everything is read anew, with nothing remembered from the plan, and
compared. ARM's DELETE takes no condition, so there is another look after it: `late_look`.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.checks.sight import Sight
from arcctl.errors import NotFound
from arcctl.flow.step import Step
from arcctl.model.connected_cluster import writable
from arcctl.model.plan import Plan, digest
from arcctl.operations.moving.made_again import require_made
from arcctl.operations.moving.observing import (
    PART,
    UNREAD,
    changes,
    chosen,
    digests,
    in_detail,
    look,
    parts,
    sight_of,
)
from arcctl.operations.moving.stored_plans import outdated
from arcctl.operations.moving.worlds import Moving
from arcctl.operations.steps.attached import taken_off
from arcctl.operations.steps.children import PENDING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from arcctl.checks.move.sight import MoveSight
    from arcctl.model.configuration.child import Child
    from arcctl.model.connected_cluster import Body
    from arcctl.operations.moving.request import MoveRequest

_AGAIN = 1.0
_SETTLED = (None, "", "Succeeded")


@dataclass(frozen=True, slots=True)
class _Seen:
    """One look: everything by subject, the resource, and its children."""

    subjects: Mapping[str, Any]
    resource: Body
    children: Sequence[Child]
    held: Mapping[str, Any]
    """The agents' secret values, which no plan holds"""
    unread: Mapping[str, str]
    """What could not be read, and why"""


class LookAgain(Step[Moving]):
    """The source is as the plan has seen it, and nothing of it is under way.

    Raise FindingsError `plan-outdated` otherwise. A list that lacks something is read once more:
    one answer may have left it out.
    """

    name = "look-again"
    title = "second look"
    intent = "read everything again"
    note = "it must be as planned"

    async def do(self, world: Moving, tell: Callable[[str], None]) -> str:
        planned = world.planned
        try:
            moved = await self._moved(world, planned)
        except NotFound as error:
            raise outdated(planned, (f"resource: gone ({error.message})",)) from error
        if moved:
            raise outdated(planned, moved)
        if not world.request.in_place:
            # Also where it was made long ago: a run may have been stopped for days since.
            await require_made(world)
        subjects = [each for each in planned.observed if not each.startswith((PART, UNREAD))]
        return f"{len(subjects)} subjects are as planned"

    async def _moved(self, world: Moving, planned: Plan) -> list[str]:
        seen = await _looked(world)
        if not _differing(world, planned, seen):
            return _settled(world, seen)
        await asyncio.sleep(_AGAIN)
        third = await _looked(world)
        found = _differing(world, planned, third)
        # What the second look has shown in addition is no slip: it does not stop being there.
        found += [
            each for each in _differing(world, planned, seen, third.subjects) if each not in found
        ]
        return found or _settled(world, third)


async def _looked(world: Moving) -> _Seen:
    async with fresh(world) as sight:
        subjects = await look(sight, taken_off(world))
        held = (await chosen(sight)).held
        resource, children = await sight.resource(), await sight.children()
        return _Seen(subjects, resource, children, held, sight.unread)


@asynccontextmanager
async def fresh(world: Moving, request: MoveRequest | None = None) -> AsyncIterator[MoveSight]:
    """Look at the source with eyes that know nothing yet but which children there were.

    Or at what another `request` would move.
    """
    asked = request or world.request
    source = Sight(world.clients, asked.source)
    sight = sight_of(asked, source, lambda _text: None)
    sight.before = [child.key for child in world.bundle.children]
    try:
        yield sight
    finally:
        # Where one look has failed, the others are of no use any more.
        await asyncio.gather(sight.end(), source.end(), sight.target.end())


def _settled(world: Moving, seen: _Seen) -> list[str]:
    """Say what is under way by now; nothing of it can settle while the agents are asleep."""
    before = {child.key: child.state.get("provisioningState") for child in world.bundle.children}
    found = []
    for child in seen.children:
        state = child.state.get("provisioningState")
        if state in PENDING and before.get(child.key) not in PENDING:
            found.append(f"{child.key}: {state}, which cannot end while the agents are asleep")
    state = seen.resource["properties"].get("provisioningState")
    if state not in (*_SETTLED, world.bundle.resource["properties"].get("provisioningState")):
        found.append(f"resource: {state}")
    if not found:
        # Whoever deletes it next has just seen it, and need not ask once more.
        world.origin.sight.learn("resource", seen.resource)
    return found


def _differing(
    world: Moving, planned: Plan, seen: _Seen, later: Mapping[str, Any] | None = None
) -> list[str]:
    """Say how a look differs from the plan.

    With `later`, a look that came after it, only what that one cannot excuse: subjects that merely
    lacked something, or could not be read, are taken as `later` has them.
    """
    subjects = dict(seen.subjects)
    if later is not None:
        subjects = _shown(subjects)
        for subject, value in _shown(later).items():
            if _lacks(subjects.get(subject), value):
                subjects[subject] = value
    told = changes(planned.observed, digests(subjects), seen.unread)
    if seen.held != world.held:
        told = [*told, "agents: a secret value was changed"]
    return in_detail(told, digests(parts(world.bundle.resource)), seen.resource)


def _shown(subjects: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in subjects.items() if not name.startswith(UNREAD)}


def _lacks(value: Any, later: Any) -> bool:
    """Tell whether a value is a part of what was seen of the same thing later, and nothing else."""
    if value is None:
        return True
    if not isinstance(value, list) or not isinstance(later, list):
        return False
    known = [digest(each) for each in later]
    return all(digest(each) in known for each in value)


def flat(resource: Body) -> Body:
    body = writable(resource)
    return {**body, **body["properties"], "properties": None}
