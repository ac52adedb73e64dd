"""Locks, role assignments, permissions, policy assignments: what hangs on a scope (`arm.md` 9)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure import access, entra, pages, stored, times
from arcctl.sandbox.azure.answers import Answer, ArmError, bad_request, conflict
from arcctl.sandbox.azure.store import Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arcctl.sandbox.azure.call import Call

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PRINCIPAL = re.compile(r"(?:principalId eq|assignedTo\()\s*'([^']*)'", re.IGNORECASE)
_FILTER = re.compile(
    r"atScope\(\)|principalId eq '[^']*'|assignedTo\('[^']*'\)|\band\b", re.IGNORECASE
)
_WRITABLE = (
    "roleDefinitionId",
    "principalId",
    "principalType",
    "description",
    "condition",
    "conditionVersion",
    "delegatedManagedIdentityResourceId",
)


def locks(call: Call) -> Answer:
    return _listing(call, access.LOCKS)


def role_assignments(call: Call) -> Answer:
    text = call.query.get("$filter", "")
    if _FILTER.sub("", text).strip():
        raise bad_request("UnsupportedQuery", f"The filter '{text}' is not supported.")
    wanted = _PRINCIPAL.search(text)
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
        if _key_of(old.properties) != _key_of(sent):
            raise _not_permitted()
        return Answer(200, old.body)
    _check_name(call)
    _check_new(call, sent)
    _check_principal(call, sent)
    return Answer(201, call.azure.store.put(Resource(_assignment(call, sent))).body)


def _assignment(call: Call, sent: dict[str, Any]) -> dict[str, Any]:
    now = times.offset(call.world.clock.now())
    return {
        "id": call.target.path,
        "name": call.target.name,
        "type": access.ASSIGNMENTS,
        "properties": {
            "principalType": "ServicePrincipal",
            **{name: sent[name] for name in _WRITABLE if sent.get(name) is not None},
            "scope": call.target.scope,
            "createdOn": now,
            "updatedOn": now,
            "createdBy": call.caller.object_id,
            "updatedBy": call.caller.object_id,
        },
    }


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
    role = access.role_of(call.azure.store, call.target.path)
    if role is None:
        raise ArmError(404, "RoleDefinitionDoesNotExist", "There is no such role definition.")
    return Answer(body=_definition(call.target.path, role))


def role_definitions(call: Call) -> Answer:
    wanted = re.search(r"roleName eq '([^']*)'", call.query.get("$filter", ""), re.IGNORECASE)
    own = access.above(call.azure.store, call.target.scope, access.DEFINITIONS)
    custom = (access.role_of(call.azure.store, found.id) for found in own)
    found = [
        _definition(f"{call.target.path}/{role.id}", role)
        for role in (*access.ROLES.values(), *custom)
        if role and (not wanted or role.name == wanted.group(1))
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
            "type": "BuiltInRole" if role.id in access.ROLES else "CustomRole",
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


def _check_new(call: Call, sent: dict[str, Any]) -> None:
    for other in call.azure.store.within(call.target.key.rpartition("/")[0]):
        if _key_of(other.properties) == _key_of(sent):
            raise conflict("RoleAssignmentExists", "The role assignment already exists.")


def _check_name(call: Call) -> None:
    """A name is one of a kind in the whole directory, and not free at once when it is deleted."""
    name, ending = call.target.name.lower(), f"/providers/{access.ASSIGNMENTS}/".lower()
    taken = any(
        key.endswith(f"{ending}{name}") for key in call.azure.store.resources if ending in key
    )
    if taken or call.azure.memory.blocks_name(name, call.world.clock.now()):
        raise _not_permitted()


def _check_principal(call: Call, sent: dict[str, Any]) -> None:
    """The directory is asked only where the sort of principal is not given (`arm.md` 12.2) [K].

    It does not know what was deleted, and hears late of what is new.
    """
    if sent.get("principalType"):
        return
    principal = str(sent["principalId"])
    planned = call.knob("no_such_principal")
    if planned is None and not _is_unknown(call, principal):
        return
    raise bad_request(
        "PrincipalNotFound",
        f"Principal {principal.replace('-', '')} does not exist in the directory {entra.TENANT}. "
        "Check that you have the correct principal ID. If you are creating this principal and then "
        "immediately assigning a role, this error might be related to a replication delay. In this "
        "case, set the role assignment principalType property to a value, such as "
        "ServicePrincipal, User, or Group.",
    )


def _is_unknown(call: Call, principal: str) -> bool:
    azure = call.azure
    if principal in azure.memory.principals:
        return True
    since = call.world.clock.now() - azure.directory_lag
    return any(
        (found.body.get("identity") or {}).get("principalId") == principal
        and found.made is not None
        and found.made > since
        for found in azure.store.resources.values()
    )


def _key_of(properties: dict[str, Any]) -> tuple[str, str]:
    """What of an assignment cannot be changed, beside its scope."""
    role = str(properties["roleDefinitionId"]).rpartition("/")[2].lower()
    return role, str(properties["principalId"]).lower()


def _not_permitted() -> ArmError:
    return conflict(
        "RoleAssignmentUpdateNotPermitted",
        "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
    )


def _properties(call: Call) -> dict[str, Any]:
    properties = call.document().get("properties")
    if not isinstance(properties, dict):
        raise bad_request("InvalidRequestContent", "properties must be an object.")
    return properties
