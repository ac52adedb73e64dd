"""What others have put to a resource meanwhile: while Azure deletes it, or while it was not used.

What was written after the second look is looked for while Azure still shows the source
(`arm.md` 8.5), and carried or reported.
"""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from arcctl.checks.move.sight import NEWER
from arcctl.errors import AccessError
from arcctl.model.bundle import Attached, Bundle
from arcctl.model.configuration.adjusting import adjusted
from arcctl.model.configuration.comparing import written_alike
from arcctl.model.configuration.needs import needs
from arcctl.model.connected_cluster import writable
from arcctl.model.plan import digest
from arcctl.model.resource_id import moved
from arcctl.operations.moving import late_fields, one_look, unseen
from arcctl.operations.moving.likeness import chosen_since, unlike
from arcctl.operations.moving.observing import listed, steady
from arcctl.operations.moving.one_look import Now, beyond_absence, both, since_the_plan
from arcctl.operations.moving.request import MoveRequest
from arcctl.operations.moving.second_look import flat, fresh
from arcctl.operations.moving.worlds import BUNDLE, Moving
from arcctl.operations.steps.attached import RestoreAttached, taken_off
from arcctl.operations.steps.pieces import LOCKS, Seen, is_role, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arcctl.model.configuration.child import Child
    from arcctl.model.connected_cluster import Body
    from arcctl.operations.steps.pieces import Piece

_AGAIN = 1.0
LATE = "written-late"
"""The fact that holds what could not be carried, because it was written while Azure deleted"""


async def of_others(world: Moving) -> list[str]:
    """Name what others have put to a target that this run has made, and that nobody uses yet."""
    target = world.request.target
    there = replace(
        world.request, name=target.name, group=target.group, subscription=target.subscription
    )
    async with fresh(world, there) as sight:
        now = await one_look.now(sight)
    for error in now.failed.values():
        if not isinstance(error, AccessError):
            raise error
    found = [child.key for child in now.children or ()]
    for name, several in now.hanging.items():
        found += [_named(name, one) for one in several]
    for name, several in now.others.items():
        # What the service itself writes is in the source as well.
        if name == NEWER and digest(listed(several)) == world.planned.observed.get(name):
            continue
        found += [_named(name, one) for one in several]
    found += ["its Arc gateway"] if now.gateway else []
    unread = [*now.failed, *since_the_plan(world, now).unread]
    found += [f"{name.replace('_', ' ')}, which could not be read" for name in unread]
    return [*found, *(unlike(world, now.resource) if now.resource else ())]


def _named(list_name: str, one: Body) -> str:
    who = (one.get("properties") or {}).get("principalId")
    if who:
        return f"the role assignment of {who}"
    return f"{list_name.replace('_', ' ')}: {one.get('name')}"


async def look_once_more(world: Moving) -> bool:
    """See what was written since the last look at what is deleted; carry it, or report it.

    Return whether it was still there to be looked at.

    Once the resource is gone nothing can be seen any more. The children go with the resource, so
    one that is missing by now says little: it is put back, and told.
    """
    late = _Late(world)
    now, missing, gone = await _seen(world, late)
    if (missing or now.failed or now.unread) and not gone:
        # One answer may have left something out: what a second one shows was there.
        await asyncio.sleep(_AGAIN)
        then, still, gone = await _seen(world, late)
        now, missing = both(now, then), [each for each in missing if each in still]
    if gone:
        # What went with it is no longer there to be read.
        missing, now = [], replace(now, unread={})
    # Not found twice is gone, whatever a stale answer for the resource itself may show.
    now = replace(now, failed=beyond_absence(now.failed))
    if now.resource is not None:
        late.resource(now.resource)
    late.lost += missing
    for child in now.children or ():
        late.child(child)
    late.attached(now.hanging)
    late.gateway(now.gateway, now.resource)
    late.others(now.others)
    await _remember_unread(world, late, now)
    await remember_lost(world, late.lost)
    if late.carried:
        world.warn(f"written while Azure deleted, and carried: {', '.join(late.carried)}")
        # Before the bundle has them: whoever takes the run up finds the same difference again.
        await late_fields.remember(world, world.bundle.resource, late.bundle.resource)
    if late.bundle != world.bundle:
        await world.save(late.bundle)
    return now.resource is not None and not gone


async def _remember_unread(world: Moving, late: _Late, now: Now) -> None:
    """Let the report have what could not be looked at; what goes with the source is left to do."""
    failed = {name.replace("_", " "): error.message for name, error in now.failed.items()}
    late.lost += [
        f"what others have written while Azure deleted the source could not be looked for: {name}: {why}"
        for name, why in failed.items()
    ]
    await unseen.lists_are_missing(world, {**now.unread, **failed})


async def remember_lost(world: Moving, lost: Sequence[str]) -> None:
    """Write down, for the report, what was written too late to be carried."""
    if lost:
        known = world.run.journal.fact_since_the_turn(LATE, ())
        await world.run.journal.fact(LATE, sorted({*known, *lost}))


async def _seen(world: Moving, late: _Late) -> tuple[Now, list[str], bool]:
    """Take one look; return it, what is missing in it, and whether the resource is gone by now."""
    async with fresh(world) as sight:
        now = since_the_plan(world, await one_look.now(sight))
        missing = [] if now.resource is None or sight.unseen else late.missing(now)
        sight.source.forget()
        doubtful = now.resource is None or now.failed or now.unread or missing
        return now, missing, bool(doubtful) and await sight.source.resource_surely() is None


class _Late:
    """What came too late for the second look, laid into the bundle piece by piece."""

    def __init__(self, world: Moving) -> None:
        self._world = world
        self.bundle = world.bundle
        self.carried: list[str] = []
        self.lost: list[str] = []
        self._own = _written_by(world) if world.turned else {}

    def resource(self, now: Body) -> None:
        """Take what a person chooses of a resource; its states are those of one that goes."""
        saved, chosen = self.bundle.resource, writable(now)
        if flat(saved) == flat(now):
            return
        properties = chosen["properties"]
        if self._world.turned:
            # What the run itself has made of the target is not to come along.
            asked = MoveRequest.from_document(self._world.run.request)
            properties, never = chosen_since(asked, saved, now)
            self.lost += never
            if not properties and saved.get("tags") == now.get("tags"):
                return
        properties = {**saved["properties"], **properties}
        self.bundle = replace(
            self.bundle, resource={**saved, "tags": chosen["tags"], "properties": properties}
        )
        self.carried.append("the resource's own fields")

    def missing(self, now: Now) -> list[str]:
        """Tell what somebody seems to have taken away since the second look; it is put back.

        On the way back it is what this run had put to the target. What hung on a child goes with
        that child, which Azure may take first.
        """
        there = {str(one["id"]).casefold() for several in now.hanging.values() for one in several}
        known = self._put_there() if self._world.turned else self._saved(now)
        alive = self._children(now)
        gone = [
            words
            for path, words in known
            if path.casefold() not in there
            and (not path.casefold().startswith(self._below) or path.casefold().startswith(alive))
        ]
        again = "and is put back: take it away again, if that was meant"
        return [f"{words} was taken away while Azure deleted the source, {again}" for words in gone]

    @property
    def _below(self) -> str:
        return self._world.bundle.source.child("").casefold()

    def _children(self, now: Now) -> tuple[str, ...]:
        """Return how the ids begin of what hangs on a child that is still there."""
        source = self._world.bundle.source
        children = now.children or ()
        return tuple(f"{source.child(each.kind, each.name)}/".casefold() for each in children)

    def _saved(self, now: Now) -> list[tuple[str, str]]:
        off = {str(lock["id"]).casefold() for lock in taken_off(self._world)}
        return [
            (str(one["id"]), _named(each.name, one))
            for each in fields(Attached)
            if each.name in now.hanging
            for one in getattr(self.bundle.attached, each.name)
            if str(one["id"]).casefold() not in off
        ]

    def _put_there(self) -> list[tuple[str, str]]:
        """Return what a run has put to its target before it was turned, but for the locks."""
        entries = self._world.run.journal.entries
        turn = next(at for at, each in enumerate(entries) if each.kind == "turned")
        done = [each.step for each in entries[:turn] if each.kind == "done"]
        if RestoreAttached.name not in done:
            return []
        forward = pieces(_forward(self._world))
        own = self._world.bundle.source.path.casefold()
        return [
            (path, words)
            for path, _, words in forward
            if path.casefold().startswith(f"{own}/") and f"/{LOCKS}/" not in path
        ]

    def child(self, now: Child) -> None:
        """Take a child that is new or was changed, if it can be written without a new secret."""
        others = [each for each in self.bundle.children if each.key != now.key]
        known = next((each for each in self.bundle.children if each.key == now.key), None)
        if not now.carried:
            return
        self._not_carried(known, now)
        if known and self._is_known(known, now):
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

    def _not_carried(self, known: Child | None, now: Child) -> None:
        """Name the fields that cannot be written, and say something only since the second look."""
        before = known.not_carried if known else ()
        new = [name for name in now.not_carried if name not in before]
        if not new:
            return
        self.lost.append(
            f"{now.key}: {', '.join(new)}, written while Azure deleted the source, cannot be carried: "
            "write it again"
        )
        if known:
            # So that the report has it under "lost" too, and the next look does not find it new.
            others = [each for each in self.bundle.children if each.key != now.key]
            self.bundle = replace(self.bundle, children=(*others, known.without(new)))

    def _is_known(self, known: Child, now: Child) -> bool:
        """Tell whether a child is as it was saved, or on the way back as this run has put it."""
        if written_alike(known, now):
            return True
        return self._world.turned and any(written_alike(put, now) for put in self._put(known))

    def _put(self, child: Child) -> Iterator[Child]:
        """Yield a saved child as this run may have put it to what is left now.

        Without the secrets that were waived, and with what was given beyond those it had.
        """
        region = self._world.request.region
        put = adjusted(child, region, self._world.bundle.region).child
        yield put
        names = put.state.get("protectedKeys")
        if names is None:
            return
        waived = {each.casefold() for each in self._world.request.waive}
        kept = [name for name in names if not _names_of(child, name) & waived]
        for several in (kept, [*kept, *self._world.supplied.get(child.key, {})]):
            yield replace(put, state={**put.state, "protectedKeys": sorted({*several})})

    def gateway(self, now: str | None, resource: Body | None) -> None:
        """Take the link to an Arc gateway, if it is another by now, or was taken off on purpose."""
        asked = MoveRequest.from_document(self._world.run.request).gateway
        known = (self._world.turned and asked) or self.bundle.gateway
        if now and now.casefold() != known.casefold():
            self.bundle = replace(self.bundle, gateway=now)
            self.carried.append(f"the link to the Arc gateway {now.rpartition('/')[2]}")
        # The link goes with the resource, so its absence alone says nothing.
        said = ((resource or {}).get("properties") or {}).get("gateway") or {}
        if not now and self.bundle.gateway and said.get("enabled") is False:
            self.bundle = replace(self.bundle, gateway="")
            self.carried.append("that its Arc gateway is off")

    def others(self, now: Mapping[str, Sequence[Body]]) -> None:
        """Name what cannot be carried and was not there when the plan was made."""
        planned = self._world.planned
        for subject, found in now.items():
            if found and digest(listed(found)) != planned.observed.get(subject):
                names = ", ".join(str(each.get("name")) for each in found)
                self.lost.append(f"{subject} were written late, and are not carried: {names}")

    def attached(self, now: Mapping[str, Sequence[Body]]) -> None:
        """Take what hangs on the resource by now and did not, or not so."""
        for name, found in now.items():
            saved: tuple[Body, ...] = getattr(self.bundle.attached, name)
            known = {digest(steady(one)) for one in saved}
            new = [one for one in found if digest(steady(one)) not in known]
            new = [one for one in new if not self._is_own(one)]
            places = {self._place(one) for one in new}
            kept = [one for one in saved if self._place(one) not in places]
            more: Any = {name: (*kept, *new)}
            self.bundle = replace(self.bundle, attached=replace(self.bundle.attached, **more))
            self.carried += [_named(name, one) for one in new]

    def _is_own(self, one: Body) -> bool:
        """Tell whether this run itself has put it to its target, and it is as it was put.

        A lock that others have changed is seen where it is taken off.
        """
        piece = self._own.get(str(one["id"]).casefold())
        if piece is None:
            return False
        return is_role(piece[0]) or f"/{LOCKS}/" in piece[0] or Seen(piece, one).same

    def _place(self, one: Body) -> str:
        """Return where a piece is put, in lower case: at one place there is only one."""
        return moved(str(one["id"]), self._world.bundle.source, self._world.cluster).casefold()


def _names_of(child: Child, secret: str) -> set[str]:
    """Return how a person may have named a secret that was waived, in lower case."""
    return {f"{name}/{secret}".casefold() for name in (child.key, child.name)}


def _written_by(world: Moving) -> dict[str, Piece]:
    """Return what a run has put to its target before it was turned, by its id in lower case."""
    return {piece[0].casefold(): piece for piece in pieces(_forward(world))}


def _forward(world: Moving) -> Moving:
    """Return the world of a run that was turned, as it was before."""
    return replace(
        world,
        request=MoveRequest.from_document(world.run.request),
        bundle=Bundle.from_document(world.run.documents[BUNDLE]),
        cluster=world.bundle.source,
        turned=False,
    )
