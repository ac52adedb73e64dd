"""What a plan has seen, as digests by subject: two looks at an unchanged world are equal.

Clocks, heartbeats and what the service says of itself are left out, and so is what the move
itself changes before its point of no return.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from arcctl.model.connected_cluster import writable
from arcctl.model.plan import digest

if TYPE_CHECKING:
    from arcctl.checks.move.sight import MoveSight
    from arcctl.model.configuration.child import Child
    from arcctl.model.connected_cluster import Body
    from arcctl.operations.agents.choices import Choices

# Of a child's state, what stays the same unless somebody changes it.
_LASTING = ("principalId", "repositoryPublicKey", "protectedKeys", "isSystemExtension", "managedBy")
_CLOCKS = frozenset({"systemData", "etag", "createdOn", "updatedOn", "createdBy", "updatedBy"})


async def observed(sight: MoveSight, chosen: Choices) -> dict[str, str]:
    """Return subject → digest: the resource, each child, the agents' choices, what hangs on it."""
    resource, children, hanging, locks = await asyncio.gather(
        sight.resource(), sight.children(), _hanging(sight), sight.locks()
    )
    agents = {"open": chosen.open, "held": chosen.held_names}
    seen = {"resource": _resource(resource), "agents": agents, "locks": _list(locks), **hanging}
    seen |= {child.key: _child(child) for child in children}
    return {subject: digest(value) for subject, value in seen.items()}


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
        "locks of the target's group": sight.target_locks(),
    }
    found = await asyncio.gather(*lists.values())
    seen: dict[str, Any] = {name: _list(each) for name, each in zip(lists, found, strict=True)}
    scope = await sight.target_scope()
    return {
        **seen,
        "Arc gateway": await sight.gateway(),
        "private link scope": (scope or {}).get("location"),
    }


def _list(found: list[Body]) -> list[Any]:
    return sorted((_steady(each) for each in found), key=digest)


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _steady(each) for key, each in value.items() if key not in _CLOCKS}
    return [_steady(each) for each in value] if isinstance(value, list) else value
