"""Putting back what hung on the resource and went with it (`arm.md` 9 and 12.2).

Each piece is tried on its own: one that is refused is left to a person, named in the report with
the command that mends it, and holds up nothing else.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

from arcctl.errors import ArcctlError
from arcctl.flow.step import Step
from arcctl.model.resource_id import moved
from arcctl.operations.moving.worlds import Moving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from arcctl.model.connected_cluster import Body

_ROLES = "Microsoft.Authorization/roleAssignments"
_LOCKS = "Microsoft.Authorization/locks"
_NAMES = uuid.UUID("6f2b7c0e-5d0a-4b7e-9d3f-0c6d5a1f3a41")
# A principal that has just been made is known to all of Azure a little later.
_UNKNOWN_YET = "PrincipalNotFound"
_PAUSES = (1, 2, 4, 8, 15, 15, 15)
_ROLE_FIELDS = (
    "roleDefinitionId",
    "principalType",
    "description",
    "condition",
    "conditionVersion",
    "delegatedManagedIdentityResourceId",
)
_SERVER = ("provisioningState", "systemData")
_TAKEN_OFF = "locks-taken-off"

Piece = tuple[str, "Body", str]
"""A path, a body, and the words by which a person knows it."""


class RestoreAttached(Step[Moving]):
    """Role assignments, diagnostic settings, data collection, policies; locks come last."""

    name = "restore-attached"
    title = "attached"
    intent = "put back what hung on it"
    note = "roles, diagnostics, policies"

    async def observe(self, world: Moving) -> str | None:
        return None if pieces(world) else ""

    async def do(self, world: Moving, tell: Callable[[str], None]) -> str:
        done = [await _put(world, piece) for piece in pieces(world)]
        return f"{sum(done)} of {len(done)} put back"


def pieces(world: Moving) -> list[Piece]:
    """Locks come last: one that forbids writing would stop the others."""
    return [*_roles(world), *_settings(world), *_policies(world), *_locks(world)]


class TakeOffLocks(Step[Moving]):
    """No lock of the source itself forbids its deletion; a person has accepted that.

    Taken off before the second look, so that nothing but that look stands before the deletion.
    """

    name = "take-off-locks"
    title = "locks"

    async def observe(self, world: Moving) -> str | None:
        if world.run.journal.has_done(self.name):
            return ""
        return None if await self._there(world) else ""

    async def do(self, world: Moving, tell: Callable[[str], None]) -> str:
        arm = await world.clients.arm()
        there = await self._there(world)
        off = {str(each["id"]) for each in (*taken_off(world), *there)}
        await world.run.journal.fact(_TAKEN_OFF, sorted(off))
        for each in there:
            await arm.delete(each["id"])
        return f"{len(there)} taken off, to be put back at the end"

    async def undo(self, world: Moving, tell: Callable[[str], None]) -> str | None:
        for each in (off := taken_off(world)):
            await _lock(world, each)
        return f"{len(off)} put back" if off else None

    async def _there(self, world: Moving) -> list[Body]:
        """Those that were saved and are still there; what was made anew since is not the source.

        On the way back they are those that this run itself has put to what it leaves now.
        """
        locks = world.bundle.attached.locks
        if world.turned:
            locks = _put_there(world)
        found = await world.origin.sight.resource_surely() if locks else None
        if found is None or world.bundle.is_other(found):
            return []
        arm = await world.clients.arm()
        return [each for each in locks if await arm.find(each["id"])]


def _put_there(world: Moving) -> tuple[Body, ...]:
    """Return the locks that the run has put back, or was about to, before it was turned."""
    entries = world.run.journal.entries
    turn = next(at for at, each in enumerate(entries) if each.kind == "turned")
    if not any(each.step == RestoreAttached.name for each in entries[:turn]):
        return ()
    place = f"{world.bundle.source.path}/providers/{_LOCKS}"
    locks = world.bundle.attached.locks
    return tuple({**each, "id": f"{place}/{each['name']}"} for each in locks)


def taken_off(world: Moving) -> list[Body]:
    """Return the locks of the source that this run has taken off, as they were."""
    off = set(world.run.journal.fact_of(_TAKEN_OFF) or ())
    return [each for each in world.bundle.attached.locks if each["id"] in off]


async def lock_again(world: Moving) -> None:
    """Put the source's locks back where the move stands back."""
    for each in world.bundle.attached.locks:
        await _lock(world, each)


async def _lock(world: Moving, lock: Body) -> None:
    body = {key: value for key, value in lock["properties"].items() if value is not None}
    await (await world.clients.arm()).put(lock["id"], {"properties": body})


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


def _roles(world: Moving) -> Iterator[Piece]:
    """Yield assignments under new names: the old ones stay taken for a while."""
    identities = principals(world)
    attached = world.bundle.attached
    for each in attached.role_assignments:
        yield _role(world, each, identities)
    if world.request.reassign_identities:
        for each in attached.identity_assignments:
            if each["properties"]["principalId"] in identities:
                yield _role(world, each, identities)


def _role(world: Moving, each: Body, identities: dict[str, str]) -> Piece:
    properties = each["properties"]
    scope = moved(properties["scope"], world.bundle.source, world.cluster)
    principal = identities.get(properties["principalId"], properties["principalId"])
    turn = "back" if world.turned else "there"
    name = uuid.uuid5(_NAMES, f"{world.run.id} {turn} {each['id']} {principal}".lower())
    body = {key: properties[key] for key in _ROLE_FIELDS if properties.get(key)}
    if principal != properties["principalId"]:
        body["principalType"] = "ServicePrincipal"
    what = f"the role assignment of {principal} at {scope.rpartition('/')[2]}"
    return (
        f"{scope}/providers/{_ROLES}/{name}",
        {"properties": {**body, "principalId": principal}},
        what,
    )


def principals(world: Moving) -> dict[str, str]:
    """Return old → new identity, of the resource and of each extension that has one."""
    new = world.run.journal.fact_of("principals") or {}
    old = {child.key: child.state.get("principalId") for child in world.bundle.children}
    old["resource"] = (world.bundle.resource.get("identity") or {}).get("principalId")
    return {
        before: new[key] for key, before in old.items() if before and new.get(key, before) != before
    }


def _settings(world: Moving) -> Iterator[Piece]:
    attached = world.bundle.attached
    pieces = (
        (
            "Microsoft.Insights/diagnosticSettings",
            attached.diagnostic_settings,
            "diagnostic setting",
        ),
        (
            "Microsoft.Insights/dataCollectionRuleAssociations",
            attached.data_collection,
            "data collection association",
        ),
    )
    for kind, several, word in pieces:
        yield from _plain(world, kind, several, word)


def _policies(world: Moving) -> Iterator[Piece]:
    attached = world.bundle.attached
    authorization = "Microsoft.Authorization"
    yield from _plain(
        world,
        f"{authorization}/policyAssignments",
        attached.policy_assignments,
        "policy assignment",
    )
    yield from _plain(
        world, f"{authorization}/policyExemptions", attached.policy_exemptions, "policy exemption"
    )


def _locks(world: Moving) -> Iterator[Piece]:
    yield from _plain(world, _LOCKS, world.bundle.attached.locks, "lock")


def _plain(world: Moving, kind: str, several: Iterable[Body], word: str) -> Iterator[Piece]:
    for each in several:
        properties = _moved(each.get("properties") or {}, world)
        body = {key: value for key, value in properties.items() if key not in _SERVER}
        yield (
            f"{world.cluster.path}/providers/{kind}/{each['name']}",
            {**_identity(each), "properties": body},
            f"the {word} {each['name']}",
        )


def _identity(each: Body) -> Body:
    """Return the identity of a policy assignment as a PUT takes it, with the region that it needs."""
    found = each.get("identity") or {}
    if str(found.get("type") or "None") == "None":
        return {}
    users: Body = {path: {} for path in found.get("userAssignedIdentities") or ()}
    identity = {"type": found["type"], **({"userAssignedIdentities": users} if users else {})}
    return {"identity": identity, "location": each.get("location")}


def _moved(value: Any, world: Moving) -> Any:
    """Rewrite ids that lead to the source, wherever they stand."""
    if isinstance(value, str):
        return moved(value, world.bundle.source, world.cluster)
    if isinstance(value, dict):
        return {key: _moved(each, world) for key, each in value.items() if each is not None}
    return [_moved(each, world) for each in value] if isinstance(value, list) else value
