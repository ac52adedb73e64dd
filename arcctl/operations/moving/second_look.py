"""Looking again as the last act before the point of no return, and once more while Azure deletes.

A plan is as old as its question has stood. What was written meanwhile would go with the source,
and no proof would miss it: so everything is read anew, with nothing remembered from the plan, and
compared. ARM's DELETE takes no condition, so what is written after that look is looked for while
Azure still shows the source (`arm.md` 8.5).
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from arcctl.checks.sight import Sight
from arcctl.errors import ArcctlError, NotFound
from arcctl.flow.step import Step
from arcctl.model.bundle import Attached, Bundle
from arcctl.model.configuration.adjusting import adjusted
from arcctl.model.configuration.comparing import same
from arcctl.model.configuration.needs import needs
from arcctl.model.connected_cluster import writable
from arcctl.model.plan import Plan, differences, digest
from arcctl.operations.moving.observing import attached, digests, look, sight_of, steady
from arcctl.operations.moving.request import MoveRequest
from arcctl.operations.moving.stored_plans import outdated
from arcctl.operations.moving.worlds import BUNDLE, PLAN, Moving
from arcctl.operations.steps.attached import pieces, taken_off
from arcctl.operations.steps.children import PENDING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from arcctl.checks.move.sight import MoveSight
    from arcctl.model.configuration.child import Child
    from arcctl.model.connected_cluster import Body

LATE = "written-late"
"""The fact that holds what could not be carried, because it was written while Azure deleted"""
_AGAIN = 1.0
_SETTLED = (None, "", "Succeeded")


@dataclass(frozen=True, slots=True)
class _Seen:
    """One look: everything by subject, the resource, and its children."""

    subjects: Mapping[str, Any]
    resource: Body
    children: Sequence[Child]


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
        planned = Plan.recorded(world.run.documents[PLAN])
        try:
            moved = await self._moved(world, planned)
        except NotFound as error:
            raise outdated(planned, (f"resource: gone ({error.message})",)) from error
        if moved:
            raise outdated(planned, moved)
        return f"{len(planned.observed)} subjects are as planned"

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
    async with _fresh(world) as sight:
        subjects = await look(sight, taken_off(world))
        return _Seen(subjects, await sight.resource(), await sight.children())


@asynccontextmanager
async def _fresh(world: Moving, request: MoveRequest | None = None) -> AsyncIterator[MoveSight]:
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


async def _now(sight: MoveSight) -> tuple[Body | None, tuple[Child, ...], Attached]:
    """Return the resource on the word of one look, its children, and what hangs on it."""
    resource, children, hanging = await asyncio.gather(
        sight.source.resource(), sight.read_children(), attached(sight)
    )
    return resource, children, hanging


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
    lacked something are taken as `later` has them.
    """
    subjects = dict(seen.subjects)
    for subject, value in (later or {}).items():
        if _lacks(subjects.get(subject), value):
            subjects[subject] = value
    told = differences(planned.observed, digests(subjects))
    return [_in_detail(world, each, seen) for each in told]


def _lacks(value: Any, later: Any) -> bool:
    """Tell whether a value is a part of what was seen of the same thing later, and nothing else."""
    if value is None:
        return True
    if not isinstance(value, list) or not isinstance(later, list):
        return False
    known = [digest(each) for each in later]
    return all(digest(each) in known for each in value)


def _in_detail(world: Moving, difference: str, seen: _Seen) -> str:
    """Name the parts of the resource that have changed, where it is the resource."""
    if difference != "resource: changed":
        return difference
    before, now = _flat(world.bundle.resource), _flat(seen.resource)
    parts = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    return f"resource: {', '.join(parts) or 'its identity'} changed"


def _flat(resource: Body) -> Body:
    body = writable(resource)
    return {**body, **body["properties"], "properties": None}


async def of_others(world: Moving) -> list[str]:
    """Name what others have put to a target that this run has made, and that nobody uses yet."""
    target = world.request.target
    there = replace(
        world.request, name=target.name, group=target.group, subscription=target.subscription
    )
    async with _fresh(world, there) as sight:
        resource, children, hanging = await _now(sight)
    found = [child.key for child in children]
    for each in fields(Attached):
        found += [_named(each.name, one) for one in getattr(hanging, each.name)]
    if (resource or {}).get("tags") != world.bundle.resource.get("tags"):
        found.append("its tags")
    return found


def _named(list_name: str, one: Body) -> str:
    return f"{list_name.replace('_', ' ')}: {one.get('name')}"


async def look_once_more(world: Moving) -> None:
    """See what was written since the last look at what is deleted; carry it, or report it.

    What cannot be seen any more, and what is missing by now, says nothing: the children go with
    the resource.
    """
    try:
        async with _fresh(world) as sight:
            resource, children, hanging = await _now(sight)
    except ArcctlError as error:
        if not isinstance(error, NotFound):
            world.note(f"what was written during the deletion could not be read: {error.message}")
        return
    late = _Late(world)
    late.resource(resource or world.bundle.resource)
    for child in children:
        late.child(child)
    late.attached(hanging)
    if late.lost:
        known = world.run.journal.fact_since_the_turn(LATE, ())
        await world.run.journal.fact(LATE, sorted({*known, *late.lost}))
    if late.carried:
        world.warn(f"written while Azure deleted, and carried: {', '.join(late.carried)}")
        await world.save(late.bundle)


class _Late:
    """What came too late for the second look, laid into the bundle piece by piece."""

    def __init__(self, world: Moving) -> None:
        self._world = world
        self.bundle = world.bundle
        self.carried: list[str] = []
        self.lost: list[str] = []
        self._own = _written_by(world) if world.turned else frozenset()

    def resource(self, now: Body) -> None:
        """Take what a person chooses of a resource; its states are those of one that goes."""
        saved, chosen = self.bundle.resource, writable(now)
        properties = saved["properties"]
        if not self._world.turned:
            properties = {**properties, **chosen["properties"]}
        elif saved.get("tags") == now.get("tags"):
            return
        if _flat(saved) == _flat(now):
            return
        newer = {**saved, "tags": chosen["tags"], "properties": properties}
        self.bundle = replace(self.bundle, resource=newer)
        self.carried.append("the resource's own fields")

    def child(self, now: Child) -> None:
        """Take a child that is new or was changed, if it can be written without a new secret."""
        others = [each for each in self.bundle.children if each.key != now.key]
        known = next((each for each in self.bundle.children if each.key == now.key), None)
        if not now.carried or (known and (same(known, now) or same(self._put(known), now))):
            return
        given = self._world.supplied.get(now.key, {})
        lacking = [need for need in needs(now) if not given.keys() & set(need.any_of)]
        if lacking:
            names = ", ".join(need.name for need in lacking)
            self.lost.append(
                f"{now.key} was written while Azure deleted the source, with secrets ({names}) "
                "that nobody has given: make it again"
            )
            return
        self.bundle = replace(self.bundle, children=(*others, now))
        self.carried.append(now.key)

    def _put(self, child: Child) -> Child:
        """Return a saved child as this run has put it to what is left now: on the way back only."""
        return adjusted(child, self._world.request.region, self.bundle.region).child

    def attached(self, now: Attached) -> None:
        """Take what hangs on the resource by now and did not, or not so."""
        for each in fields(Attached):
            saved: tuple[Body, ...] = getattr(self.bundle.attached, each.name)
            known = {digest(steady(one)) for one in saved}
            found: tuple[Body, ...] = getattr(now, each.name)
            new = [one for one in found if digest(steady(one)) not in known]
            new = [one for one in new if str(one["id"]).casefold() not in self._own]
            ids = {one["id"] for one in new}
            kept = [one for one in saved if one["id"] not in ids]
            more: Any = {each.name: (*kept, *new)}
            self.bundle = replace(self.bundle, attached=replace(self.bundle.attached, **more))
            self.carried += [_named(each.name, one) for one in new]


def _written_by(world: Moving) -> frozenset[str]:
    """Return the ids of what a run has put to its target before it was turned, in lower case."""
    forward = replace(
        world,
        request=MoveRequest.from_document(world.run.request),
        bundle=Bundle.from_document(world.run.documents[BUNDLE]),
        cluster=world.bundle.source,
        turned=False,
    )
    return frozenset(path.casefold() for path, _, _ in pieces(forward))
