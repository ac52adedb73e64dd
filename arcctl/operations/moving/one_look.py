"""One look at what others may have written late: each part by itself, and what it could not show."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from arcctl.checks.move.body import newer_fields
from arcctl.checks.move.sight import NEWER
from arcctl.errors import AccessError, ArcctlError, NotFound
from arcctl.model.bundle import Attached
from arcctl.operations.moving.observing import UNREAD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arcctl.checks.move.sight import MoveSight
    from arcctl.model.configuration.child import Child
    from arcctl.model.connected_cluster import Body
    from arcctl.operations.moving.worlds import Moving

_NEVER_CARRIED = ("custom locations", "resources below it")


@dataclass(frozen=True, slots=True)
class Now:
    """What one look has shown, part by part; `failed` says what could not be read, and why."""

    resource: Body | None
    children: Sequence[Child] | None
    hanging: Mapping[str, Sequence[Body]]
    failed: Mapping[str, ArcctlError]
    gateway: str | None
    others: Mapping[str, Sequence[Body]]
    """What no move can carry, by subject of the plan"""
    unread: Mapping[str, str]
    """What has not been shown beside `failed`, and why"""


async def now(sight: MoveSight) -> Now:
    """Look at the resource on the word of one look, at its children, and at what hangs on it.

    A part that cannot be read takes none of the others away.
    """
    looks: dict[str, Any] = {
        "resource": sight.source.resource(),
        "children": sight.read_children(),
        **{each.name: getattr(sight, each.name)() for each in fields(Attached)},
        "gateway": sight.gateway(),
        "newest": sight.newest_resource(),
        "custom locations": sight.custom_locations(),
        "resources below it": sight.sub_resources(),
    }
    answers = await asyncio.gather(*looks.values(), return_exceptions=True)
    found: dict[str, Any] = {}
    failed: dict[str, ArcctlError] = {}
    for name, answer in zip(looks, answers, strict=True):
        if isinstance(answer, ArcctlError):
            failed[name] = answer
        elif isinstance(answer, BaseException):
            raise answer
        else:
            found[name] = answer
    resource, children = found.pop("resource", None), found.pop("children", None)
    failed |= {name: AccessError(look.reason) for name, look in sight.unseen.items() if look.needed}
    if "locks" in found:
        found["locks"] = [each for each in found["locks"] if sight.is_own(str(each["id"]))]
    gateway = found.pop("gateway", None)
    others = {name: found.pop(name) for name in _NEVER_CARRIED if name in found}
    newest = found.pop("newest", {})
    if resource and (hidden := newer_fields(resource, newest)):
        others[NEWER] = [{"name": name} for name in hidden]
    unread = {name: why for name, why in sight.unread.items() if name not in failed}
    return Now(resource, children, found, failed, gateway, others, unread)


def since_the_plan(world: Moving, now: Now) -> Now:
    """Leave out what could not be read for the plan either, and the settings of a child that went."""
    observed = world.planned.observed
    known = [each.removeprefix(UNREAD) for each in observed if each.startswith(UNREAD)]
    there = {child.key for child in now.children or ()}
    went = [child.key for child in world.bundle.children if child.key not in there]
    failed = {name: error for name, error in now.failed.items() if name not in known}
    unread = {
        name: why
        for name, why in now.unread.items()
        if name not in known and not name.endswith(tuple(f" of {key}" for key in went))
    }
    return replace(now, failed=failed, unread=unread)


def both(first: Now, then: Now) -> Now:
    """Lay the later look over the earlier one; what either has shown was there."""
    children = {child.key: child for each in (first, then) for child in each.children or ()}
    hanging: dict[str, Sequence[Body]] = {}
    for name in {**first.hanging, **then.hanging}:
        ones = (*first.hanging.get(name, ()), *then.hanging.get(name, ()))
        hanging[name] = list({str(each["id"]).casefold(): each for each in ones}.values())
    return Now(
        then.resource or first.resource,
        tuple(children.values()),
        hanging,
        {name: error for name, error in then.failed.items() if name in first.failed},
        then.gateway if then.gateway is not None else first.gateway,
        {**first.others, **then.others},
        {name: why for name, why in then.unread.items() if name in first.unread},
    )


def beyond_absence(failed: Mapping[str, ArcctlError]) -> dict[str, ArcctlError]:
    """Leave out what was not found because the resource is gone."""
    return {name: error for name, error in failed.items() if not isinstance(error, NotFound)}
