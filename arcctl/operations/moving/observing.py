"""What a plan has seen, as digests by subject: two looks at an unchanged world are equal.

Clocks, heartbeats and what the service says of itself are left out, and so is what the move
itself changes before its point of no return.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from arcctl.checks.move.body import newer_fields
from arcctl.checks.move.sight import NEWER, MoveSight
from arcctl.model.connected_cluster import writable
from arcctl.model.plan import differences, digest
from arcctl.model.region import canonical
from arcctl.operations import ownership
from arcctl.operations.agents.choices import choices
from arcctl.operations.configuration.children import children_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from arcctl.checks.sight import Sight
    from arcctl.model.bundle import Attached
    from arcctl.model.configuration.child import Child
    from arcctl.model.connected_cluster import Body
    from arcctl.operations.agents.choices import Choices
    from arcctl.operations.moving.request import MoveRequest

# Of a child's state, what stays the same unless somebody changes it.
_LASTING = ("principalId", "repositoryPublicKey", "protectedKeys", "isSystemExtension", "managedBy")
PART = "resource/"
"""How the subjects begin that only tell which field of the resource has changed"""
UNREAD = "unread/"
"""How the subjects begin that only tell what a look has not shown"""
_SHORT = 60
_CLOCKS = frozenset({"systemData", "etag", "createdOn", "updatedOn", "createdBy", "updatedBy"})


def sight_of(request: MoveRequest, source: Sight, note: Callable[[str], None]) -> MoveSight:
    """Return a look at a move that has seen nothing yet; `source` may have seen something."""

    def heard(text: str) -> None:
        subject, _, reason = text.partition(": ")
        sight.noted[subject] = reason
        note(text)

    async def children() -> Sequence[Child]:
        arm = await source.clients.arm()
        return await children_of(arm, request.source, note=heard)

    sight = MoveSight(source.clients, request, source, children, ownership.look)
    return sight


async def chosen(sight: MoveSight) -> Choices:
    """Return what people chose for the agents."""
    home = canonical((await sight.resource())["location"])
    return choices(await sight.agent_values(), home, sight.asked.region)


async def attached(sight: MoveSight) -> Attached:
    """Return all that hangs on the resource and goes with it, of the locks its own."""
    found, locks = await asyncio.gather(sight.attached(), sight.locks())
    own = tuple(lock for lock in locks if sight.is_own(str(lock.get("id", ""))))
    whole: Attached = replace(found, locks=own)
    return whole


def digests(seen: Mapping[str, Any]) -> dict[str, str]:
    """Return the digest of each subject."""
    return {subject: digest(value) for subject, value in seen.items()}


async def look(sight: MoveSight, taken_off: Sequence[Body] = ()) -> dict[str, Any]:
    """Return subject → what was seen of it, without what changes by itself.

    The resource, each child, the agents' choices, what hangs on it. `taken_off` are locks that the
    run itself has taken off: they count as being there.
    """
    resource, children, hanging, locks, values = await asyncio.gather(
        sight.resource(), sight.children(), _hanging(sight), sight.locks(), chosen(sight)
    )
    below = f"{sight.asked.target.group_path}/".casefold()
    off_target = [lock for lock in taken_off if _id(lock).startswith(below)]
    seen = {"resource": _resource(resource), **hanging}
    seen |= {f"{PART}{name}": value for name, value in parts(resource).items()}
    seen["agents"] = {"open": values.open, "held": values.held_names}
    if values.dropped:
        seen["agents"]["dropped"] = values.dropped
    seen["locks"] = listed(_with(locks, taken_off))
    seen["locks of the target's group"] = listed(_with(await sight.target_locks(), off_target))
    # Their names only: what a service writes into one that nobody here knows may be a clock.
    if hidden := newer_fields(resource, await sight.newest_resource()):
        seen[NEWER] = listed({"name": name} for name in hidden)
    seen |= {f"{UNREAD}{subject}": True for subject in sight.unread}
    return seen | {child.key: _child(child) for child in children}


def changes(
    old: Mapping[str, str], new: Mapping[str, str], why: Mapping[str, str] | None = None
) -> list[str]:
    """Say how the digests of two looks differ, and what only the first one has shown.

    An empty answer of the later one, for what could not be read then, is no agreement. `why` has
    the reasons, by subject. What can be read by now, and could not, is no difference by itself.
    """
    unread = [each.removeprefix(UNREAD) for each in new if each.startswith(UNREAD)]
    since = sorted(each for each in unread if f"{UNREAD}{each}" not in old)
    told = [_not_any_more(each, (why or {}).get(each, "")) for each in since]
    silent = {f"{each}: changed" for each in since}
    return [*told, *(each for each in differences(_read(old), _read(new)) if each not in silent)]


def _read(observed: Mapping[str, str]) -> dict[str, str]:
    return {name: each for name, each in observed.items() if not name.startswith(UNREAD)}


def _not_any_more(subject: str, why: str) -> str:
    said = f"{subject}: could be read when this move was planned, and cannot be read now"
    return f"{said} ({why})" if why else said


def parts(resource: Body) -> dict[str, Any]:
    """Return each field of the resource by its name, each tag and each part of a profile too."""
    whole = _resource(resource)
    fields = {**whole, **whole["properties"]}
    del fields["properties"]
    found: dict[str, Any] = {}
    for name, value in fields.items():
        several = isinstance(value, dict)
        found |= (
            {f"{name}.{key}": each for key, each in value.items()} if several else {name: value}
        )
    return found


def in_detail(moved: Iterable[str], before: Mapping[str, str], resource: Body | None) -> list[str]:
    """Name the fields that have changed in place of the resource; `before` are digests of `parts`.

    Their values now are told where a line has room for them: the resource itself holds no secret.
    """
    named = list(_fields(before, parts(resource))) if before and resource else []
    lines: list[str] = []
    for each in moved:
        lines += named if named and each == "resource: changed" else [each]
    return lines


def _fields(before: Mapping[str, str], now: Mapping[str, Any]) -> Iterator[str]:
    after = digests(now)
    found: dict[str, list[str]] = {}
    for name in sorted({*before, *after}):
        if before.get(name) == after.get(name):
            continue
        field, _, key = name.partition(".")
        said = _now(now[name], new=name not in before) if name in now else "gone"
        found.setdefault(field, []).append(f"{key}: {said}" if key else said)
    for field, changes in found.items():
        yield f"resource: {field} changed ({'; '.join(changes)})"


def _now(value: Any, *, new: bool) -> str:
    word = "new" if new else "now"
    plain = isinstance(value, str | int) and len(str(value)) <= _SHORT
    return f"{word} {value}" if plain else "new" if new else "another value"


def _with(locks: Sequence[Body], taken_off: Sequence[Body]) -> list[Body]:
    there = {_id(lock) for lock in locks}
    return [*locks, *(lock for lock in taken_off if _id(lock) not in there)]


def _id(lock: Body) -> str:
    return str(lock.get("id")).casefold()


def _resource(resource: Body) -> Body:
    principal = (resource.get("identity") or {}).get("principalId")
    return {**writable(resource), "principal": principal, "kind": resource.get("kind")}


def _child(child: Child) -> Body:
    lasting = {name: child.state.get(name) for name in _LASTING}
    return {"body": child.body, "state": lasting, "hidden": list(child.not_carried)}


async def _hanging(sight: MoveSight) -> dict[str, Any]:
    lists = {
        "role assignments": sight.role_assignments(),
        "roles of its identities": sight.identity_assignments(),
        "diagnostic settings": sight.diagnostic_settings(),
        "data collection associations": sight.data_collection(),
        "policy assignments": sight.policy_assignments(),
        "policy exemptions": sight.policy_exemptions(),
        "custom locations": sight.custom_locations(),
        "resources below it": sight.sub_resources(),
    }
    found = await asyncio.gather(*lists.values())
    seen: dict[str, Any] = {name: listed(each) for name, each in zip(lists, found, strict=True)}
    scope = await sight.target_scope()
    return {
        **seen,
        "Arc gateway": await sight.gateway(),
        "private link scope": (scope or {}).get("location"),
    }


def listed(found: Iterable[Body]) -> list[Any]:
    """Return what was listed, without its clocks and in an order of its own."""
    return sorted((steady(each) for each in found), key=digest)


def steady(value: Any) -> Any:
    """Return a value without the clocks that tick in it."""
    if isinstance(value, dict):
        return {key: steady(each) for key, each in value.items() if key not in _CLOCKS}
    return [steady(each) for each in value] if isinstance(value, list) else value
