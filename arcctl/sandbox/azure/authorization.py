"""Locks, role assignments, permissions, policy assignments: what hangs on a scope (`arm.md` 9)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure import access, pages, stored
from arcctl.sandbox.azure.answers import Answer, ArmError, bad_request, immutable
from arcctl.sandbox.azure.store import Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arcctl.sandbox.azure.call import Call

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PRINCIPAL = re.compile(r"(?:principalId eq|assignedTo\()\s*'([^']*)'", re.IGNORECASE)


def locks(call: Call) -> Answer:
    return _listing(call, access.LOCKS)


def role_assignments(call: Call) -> Answer:
    wanted = _PRINCIPAL.search(call.query.get("$filter", ""))
    if not wanted:
        return _listing(call, access.ASSIGNMENTS)
    who = wanted.group(1)
    return _listing(call, access.ASSIGNMENTS, lambda found: found.properties["principalId"] == who)


def policy_assignments(call: Call) -> Answer:
    return _listing(call, "Microsoft.Authorization/policyAssignments")


def policy_exemptions(call: Call) -> Answer:
    return _listing(call, "Microsoft.Authorization/policyExemptions")


def put_lock(call: Call) -> Answer:
    level = _properties(call).get("level")
    if level not in ("CanNotDelete", "ReadOnly"):
        raise bad_request("LockLevelNotSupported", "level is CanNotDelete or ReadOnly.")
    return stored.put(call)


def put_role_assignment(call: Call) -> Answer:
    sent = _properties(call)
    role, principal = sent.get("roleDefinitionId"), sent.get("principalId")
    if not isinstance(role, str) or not isinstance(principal, str):
        raise bad_request(
            "BadRequestFormat", "roleDefinitionId and principalId are required as texts."
        )
    if not _GUID.fullmatch(call.target.name):
        raise bad_request("InvalidRoleAssignmentId", "The name must be a guid.")
    old = call.azure.store.get(call.target.key)
    if old:
        if (old.properties["roleDefinitionId"], old.properties["principalId"]) != (role, principal):
            raise immutable("properties.roleDefinitionId or principalId")
        return Answer(200, old.body)
    _check_new(call, role, principal)
    document = {
        "id": call.target.path,
        "name": call.target.name,
        "type": access.ASSIGNMENTS,
        "properties": {"principalType": "ServicePrincipal", **sent, "scope": call.target.scope},
    }
    return Answer(201, call.azure.store.put(Resource(document)).body)


def permissions(call: Call) -> Answer:
    """List what the caller may do at a scope, one entry for each role."""
    roles = access.roles_at(call.azure.store, call.caller, call.target.scope)
    found = [
        {
            "actions": list(role.actions),
            "notActions": list(role.not_actions),
            "dataActions": [],
            "notDataActions": [],
        }
        for role in roles
    ]
    return Answer(body={"value": found})


def role_definition(call: Call) -> Answer:
    role = access.ROLES.get(call.target.name.lower())
    if role is None:
        raise ArmError(404, "RoleDefinitionDoesNotExist", "There is no such role definition.")
    return Answer(body=_definition(call.target.path, role))


def role_definitions(call: Call) -> Answer:
    wanted = re.search(r"roleName eq '([^']*)'", call.query.get("$filter", ""), re.IGNORECASE)
    found = [
        _definition(f"{call.target.path}/{role.id}", role)
        for role in access.ROLES.values()
        if not wanted or role.name == wanted.group(1)
    ]
    return Answer(body={"value": found})


def _definition(path: str, role: access.Role) -> dict[str, Any]:
    permission = {"actions": list(role.actions), "notActions": list(role.not_actions)}
    return {
        "id": path,
        "name": role.id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "permissions": [permission],
            "assignableScopes": ["/"],
        },
    }


def _listing(
    call: Call, type_name: str, fits: Callable[[Resource], bool] = lambda _found: True
) -> Answer:
    """List what is at a scope, above it and, without `atScope()`, below it."""
    found = [each for each in _around(call, type_name) if fits(each)]
    return pages.page(call, found, lambda resource: resource.body)


def _around(call: Call, type_name: str) -> Iterator[Resource]:
    yield from access.above(call.azure.store, call.target.scope, type_name)
    if "atscope()" in call.query.get("$filter", "").lower():
        return
    ending = f"/providers/{type_name}/".lower()
    own = f"{call.target.scope}{ending}".lower()
    for found in call.azure.store.under(call.target.scope):
        if ending in found.key and not found.key.startswith(own):
            yield found


def _check_new(call: Call, role: str, principal: str) -> None:
    wanted = role.rpartition("/")[2].lower()
    for other in call.azure.store.within(call.target.key.rpartition("/")[0]):
        has = other.properties
        if has["principalId"] == principal and has["roleDefinitionId"].lower().endswith(wanted):
            raise ArmError(
                409, "RoleAssignmentExists", "The role assignment already exists.", cause="service"
            )


def _properties(call: Call) -> dict[str, Any]:
    properties = call.document().get("properties")
    if not isinstance(properties, dict):
        raise bad_request("InvalidRequestContent", "properties must be an object.")
    return properties
