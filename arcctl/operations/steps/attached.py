"""Putting back what hung on the resource and went with it (`arm.md` 9 and 12.2).

Each piece is tried on its own: one that is refused is left to a person, named in the report with
the command that mends it, and holds up nothing else.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from arcctl.clients.arm_errors import lasting
from arcctl.errors import ArcctlError, NotFound
from arcctl.flow.step import Step
from arcctl.model.resource_id import moved
from arcctl.operations.az import locked, locking
from arcctl.operations.moving.stored_plans import outdated
from arcctl.operations.moving.worlds import Moving
from arcctl.operations.steps.pieces import alike, looked_at, pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arcctl.model.connected_cluster import Body
    from arcctl.operations.steps.pieces import Piece, Seen

# A principal that has just been made is known to all of Azure a little later.
_UNKNOWN_YET = "PrincipalNotFound"
_PAUSES = (1, 2, 4, 8, 15, 15, 15)
_TAKEN_OFF = "locks-taken-off"


class RestoreAttached(Step[Moving]):
    """Role assignments, diagnostic settings, data collection, policies; locks come last.

    What is there already is left as it is: as it was, it need not be sent, and otherwise somebody
    else has put it there. What Azure has agreed to and does not show is sent once more.
    """

    name = "restore-attached"
    title = "attached"
    intent = "put back what hung on it"
    note = "roles, diagnostics, policies"

    async def observe(self, world: Moving) -> str | None:
        return None if pieces(world) else ""

    async def do(self, world: Moving, tell: Callable[[str], None]) -> str:
        every = pieces(world)
        before = await looked_at(world, every)
        for each in before:
            if each.found is not None and not each.same:
                world.leave(left(world, each))
        sent = [each for each in before if each.found is None and await _put(world, each.piece)]
        for each in await looked_at(world, [each.piece for each in sent], surely=True):
            if each.found is None:
                await _put(world, each.piece)
        done = len(sent) + sum(each.same for each in before)
        return f"{done} of {len(every)} put back"


def left(world: Moving, seen: Seen) -> str:
    """Say what is not as it was, and where a person finds the command that mends it."""
    again = f"for the command that makes it: arcctl history {world.run.id} --export FOLDER"
    if seen.found is not None:
        return f"{seen.trouble}: somebody else has put it there, and it is left so; {again}"
    return f"{seen.trouble}; {again}"


class TakeOffLocks(Step[Moving]):
    """No lock of the source itself forbids its deletion; a person has accepted that.

    Taken off before the second look, so that nothing but that look stands before the deletion.
    Raise FindingsError `plan-outdated` where one is not as the person has seen it.
    """

    name = "take-off-locks"
    title = "locks"

    async def observe(self, world: Moving) -> str | None:
        # Whoever takes the run up looks again: Azure may have said that one is off, and have left it.
        if world.run.journal.has_done(self.name) and not _taken_up_since(world, self.name):
            return ""
        return None if await self._there(world) else ""

    async def do(self, world: Moving, tell: Callable[[str], None]) -> str:
        arm = await world.clients.arm()
        there = await self._there(world)
        await self._as_seen(world, there)
        off = {str(each["id"]) for each in (*taken_off(world), *(lock for lock, _ in there))}
        await world.run.journal.fact(_TAKEN_OFF, sorted(off))
        for each, _ in there:
            await arm.delete(each["id"])
        for each, _ in await self._there(world) if there else ():
            await arm.delete(each["id"])
        return f"{len(there)} taken off, to be put back at the end"

    async def undo(self, world: Moving, tell: Callable[[str], None]) -> str | None:
        off, before = taken_off(world), len(world.left)
        await lock_again(world, off)
        left = len(world.left) - before
        return f"{len(off) - left} of {len(off)} put back" if off else None

    async def _as_seen(self, world: Moving, there: list[tuple[Body, Body]]) -> None:
        """Take no lock off that others have changed since; on the way back, take it as it is now."""
        now = {
            lock["id"]: found
            for lock, found in there
            if not alike(lock["properties"], found["properties"])
        }
        if not now:
            return
        if not world.turned:
            planned = world.planned
            names = sorted(str(found["name"]) for found in now.values())
            raise outdated(planned, [f"the lock {name}: changed" for name in names])
        attached, places = world.bundle.attached, _put_there(world)
        locks = tuple(
            {**each, "properties": now[place["id"]]["properties"]} if place["id"] in now else each
            for each, place in zip(attached.locks, places, strict=True)
        )
        await world.save(replace(world.bundle, attached=replace(attached, locks=locks)))

    async def _there(self, world: Moving) -> list[tuple[Body, Body]]:
        """Those that were saved and are still there, with what is there; what was made anew since
        is not the source.

        On the way back they are those that this run itself has put to what it leaves now.
        """
        locks = world.bundle.attached.locks
        if world.turned:
            locks = _put_there(world)
        found = await world.origin.sight.resource_surely() if locks else None
        if found is None or world.bundle.is_other(found):
            return []
        arm = await world.clients.arm()
        looks = [(each, await arm.find(each["id"])) for each in locks]
        return [(each, now) for each, now in looks if now]


def _taken_up_since(world: Moving, step: str) -> bool:
    kinds = [
        each.kind
        for each in world.run.journal.entries
        if each.kind == "opened" or (each.kind, each.step) == ("done", step)
    ]
    return kinds[-1:] == ["opened"]


def _put_there(world: Moving) -> tuple[Body, ...]:
    """Return the locks that the run has put back, or was about to, before it was turned."""
    entries = world.run.journal.entries
    turn = next(at for at, each in enumerate(entries) if each.kind == "turned")
    if not any(each.step == RestoreAttached.name for each in entries[:turn]):
        return ()
    return tuple(
        {**each, "id": moved(str(each["id"]), world.cluster, world.bundle.source)}
        for each in world.bundle.attached.locks
    )


def taken_off(world: Moving) -> list[Body]:
    """Return the locks of the source that this run has taken off, as they were."""
    off = set(world.run.journal.fact_of(_TAKEN_OFF) or ())
    return [each for each in world.bundle.attached.locks if each["id"] in off]


async def lock_again(world: Moving, locks: Sequence[Body]) -> None:
    """Put locks of the source back where the move is taken back; each is tried.

    One that is refused for good is left to a person, since a run that could not end would keep all
    others off the cluster. Raise the first trouble that may pass.
    """
    passing: list[ArcctlError] = []
    other = await _made_anew(world) if locks else ""
    for each in locks:
        if other:
            world.leave(f"the lock {each['name']} was not put back: {other}")
            continue
        try:
            await _lock(world, each)
        except ArcctlError as error:
            if lasting(error):
                why = f"the lock {each['name']} could not be put back: {error.message}"
                world.leave(f"{why}; {locking(each['id'], each)}")
            else:
                passing.append(error)
    if passing:
        raise passing[0]
    await world.remember_left()


async def _made_anew(world: Moving) -> str:
    """Say that the source is another resource than the one that was saved, "" where it is not.

    What may not be read is not known to be another one.
    """
    try:
        found = await (await world.clients.arm()).find(world.bundle.source.path)
    except ArcctlError as error:
        if not lasting(error):
            raise
        return ""
    other = world.bundle.is_other(found) if found else ""
    return f"{world.bundle.source.name} was deleted and made anew since ({other})" if other else ""


async def _lock(world: Moving, lock: Body) -> None:
    """Put a lock back, unless one of its name is there: somebody else has made it since."""
    arm = await world.clients.arm()
    if found := await arm.find(lock["id"]):
        if not alike(lock["properties"], found["properties"]):
            world.leave(
                f"the lock {lock['name']} is not as it was: somebody else has put it there, and it is "
                "left so"
            )
        return
    body = {key: value for key, value in lock["properties"].items() if value is not None}
    for _ in range(2):
        try:
            await arm.put(lock["id"], {"properties": body})
        except NotFound:
            # One 404 is not absence.
            if await arm.find(locked(lock["id"])) is None:
                world.leave(gone_with_it(lock))
                return
        if await arm.find(lock["id"]):
            return
    again = locking(lock["id"], lock)
    world.leave(f"the lock {lock['name']} was put back, and Azure does not show it; {again}")


def gone_with_it(lock: Body) -> str:
    """Say that what a lock was on is gone from Azure, and what to type once it is there again."""
    where = locked(lock["id"]).rpartition("/")[2]
    return (
        f"the lock {lock['name']} is not there, nor is {where}, which it was on: somebody has deleted "
        f"it; once it is there again: {locking(lock['id'], lock)}"
    )


async def _put(world: Moving, piece: Piece) -> bool:
    path, body, what = piece
    arm = await world.clients.arm()
    left = world.at_most(sum(_PAUSES))
    for pause in (*_PAUSES, None):
        try:
            await arm.put(path, body)
        except ArcctlError as error:
            if error.code == _UNKNOWN_YET and pause is not None and left > 0:
                await asyncio.sleep(min(pause, left))
                left -= pause
                continue
            if error.code == "RoleAssignmentExists":
                return True
            world.leave(f"{what} could not be put back: {error.message}")
            return False
        return True
    raise AssertionError("the last pause is None")
