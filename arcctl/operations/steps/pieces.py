"""What hung on a resource, piece by piece: how it is put to the target, and whether it is there.

A piece is compared by what was sent: what the service adds to it is its own, and letter case and
empty fields do not count (`arm.md` 9).
"""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.errors import NotFound
from arcctl.model.resource_id import moved
from arcctl.operations.moving.observing import steady

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from arcctl.clients.arm import Arm
    from arcctl.model.connected_cluster import Body
    from arcctl.operations.moving.worlds import Moving

_ROLES = "Microsoft.Authorization/roleAssignments"
LOCKS = "Microsoft.Authorization/locks"
_NAMES = uuid.UUID("6f2b7c0e-5d0a-4b7e-9d3f-0c6d5a1f3a41")
_ROLE_FIELDS = (
    "roleDefinitionId",
    "principalType",
    "description",
    "condition",
    "conditionVersion",
    "delegatedManagedIdentityResourceId",
)
_SERVER = ("provisioningState", "systemData", "scope", "instanceId")
_GRANTED = ("principalId", "roleDefinitionId")
_EMPTY: tuple[Any, ...] = (None, "", False, {}, [])
_AT_ONCE = 8

Piece = tuple[str, "Body", str]
"""A path, a body, and the words by which a person knows it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A piece, and what is there in its place: nothing, the same, or something else."""

    piece: Piece
    found: Body | None

    @property
    def same(self) -> bool:
        """Whether it is there as it was sent."""
        if self.found is None:
            return False
        path, body, _ = self.piece
        sent, found = body["properties"], self.found.get("properties") or {}
        # Of a role not all was sent.
        return holds(sent, found) if is_role(path) else alike(sent, found)

    @property
    def trouble(self) -> str:
        """What is wrong with it, in words; "" where it is there as it was."""
        if self.same:
            return ""
        _, _, words = self.piece
        return f"{words} is not {'there' if self.found is None else 'as it was'}"


def pieces(world: Moving) -> list[Piece]:
    """Locks come last: one that forbids writing would stop the others."""
    return [*_roles(world), *_settings(world), *_policies(world), *_locks(world)]


async def looked_at(world: Moving, several: Iterable[Piece], *, surely: bool = False) -> list[Seen]:
    """See what there is of each piece, side by side; `surely` asks once more about a 404."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def see(piece: Piece) -> Seen:
        async with turns:
            return Seen(piece, await _found(world, piece, surely=surely))

    return list(await asyncio.gather(*map(see, several)))


async def _found(world: Moving, piece: Piece, *, surely: bool) -> Body | None:
    path, body, _ = piece
    arm = await world.clients.arm()
    found = await (arm.find if surely else arm.find_once)(path)
    if found is not None or not is_role(path):
        return found
    # The same grant may be there under another name; Azure takes no second one.
    sent = {name: body["properties"][name] for name in _GRANTED}
    scope = path[: path.casefold().index(f"/providers/{_ROLES}/".casefold())]
    with suppress(NotFound):  # nothing hangs on what is not there
        async for each in granted(arm, scope, sent["principalId"]):
            properties = each.get("properties") or {}
            at = str(properties.get("scope")).casefold()
            if at == scope.casefold() and holds(sent, properties):
                return each
    return None


def granted(arm: Arm, scope: str, principal: str) -> AsyncIterator[Body]:
    """Yield the roles that a principal has at a scope, and those that it has above or below it."""
    query = {"$filter": f"principalId eq '{principal}'"}
    return arm.items(f"{scope}/providers/{_ROLES}", query=query)


def is_role(path: str) -> bool:
    """Tell whether a piece is a role assignment, by its path."""
    return path.rpartition("/")[0].casefold().endswith(_ROLES.casefold())


def holds(sent: Any, found: Any) -> bool:
    """Tell whether all that was sent is found; what is found besides is the service's own."""
    return _within(steady(sent), steady(found))


def alike(sent: Any, found: Any) -> bool:
    """Tell whether all that was sent is found, and nothing besides that others have added."""
    return holds(sent, found) and holds(found, sent)


def _within(sent: Any, found: Any) -> bool:
    if isinstance(sent, dict):
        known = found if isinstance(found, dict) else {}
        return all(
            _within(each, known.get(name)) for name, each in sent.items() if name not in _SERVER
        )
    if isinstance(sent, list):
        several = found or []
        return (
            isinstance(several, list)
            and len(sent) == len(several)
            and all(map(_within, sent, several))
        )
    if isinstance(sent, str) and isinstance(found, str):
        return sent.casefold() == found.casefold()
    return bool(sent == found) or (sent in _EMPTY and found in _EMPTY)


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
    yield from _plain(world, LOCKS, world.bundle.attached.locks, "lock")


def _plain(world: Moving, kind: str, several: Iterable[Body], word: str) -> Iterator[Piece]:
    for each in several:
        properties = _moved(each.get("properties") or {}, world)
        body = {key: value for key, value in properties.items() if key not in _SERVER}
        # What hung on a child hangs on that child again.
        below = moved(str(each["id"]), world.bundle.source, world.cluster)
        scope = below[: below.casefold().rindex(f"/providers/{kind}/".casefold())]
        yield (
            f"{scope}/providers/{kind}/{each['name']}",
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
