"""What a bundle holds beyond an earlier one: what others have written since, and is carried too."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from arcctl.model.bundle import Attached
from arcctl.operations.moving.observing import parts, steady

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arcctl.model.bundle import Bundle
    from arcctl.model.connected_cluster import Body

CARRIED = "carried-late"
"""The fact that names it for the report"""
_WORDS = {
    "locks": "lock",
    "diagnostic_settings": "diagnostic setting",
    "data_collection": "data collection association",
    "policy_assignments": "policy assignment",
    "policy_exemptions": "policy exemption",
}


def written_since(before: Bundle, after: Bundle) -> Iterator[str]:
    """Name each thing of `after` that is new or another one, in the words of the report."""
    children = {child.key: child for child in before.children}
    yield from (each.key for each in after.children if children.get(each.key) != each)
    for each in fields(Attached):
        known, now = getattr(before.attached, each.name), getattr(after.attached, each.name)
        yield from (_named(each.name, one) for one in _new(known, now))
    was, fresh = parts(before.resource), parts(after.resource)
    yield from (
        f"resource {name}" for name in sorted({*was, *fresh}) if was.get(name) != fresh.get(name)
    )
    if before.gateway != after.gateway:
        yield f"link to the Arc gateway {after.gateway.rpartition('/')[2] or '(none)'}"
    if before.agent_values != after.agent_values:
        yield "features of the agents"


def _new(known: Sequence[Body], now: Sequence[Body]) -> Iterator[Body]:
    seen = [steady(one) for one in known]
    yield from (one for one in now if steady(one) not in seen)


def _named(kind: str, one: Body) -> str:
    properties = one.get("properties") or {}
    if who := properties.get("principalId"):
        where = str(properties.get("scope") or "").rpartition("/")[2]
        return f"the role assignment of {who}" + (f" at {where}" if where else "")
    return f"the {_WORDS.get(kind, kind)} {one.get('name')}"
