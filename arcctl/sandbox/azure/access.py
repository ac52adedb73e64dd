"""Who may do what (`arc.md` C2): role assignments, the roles' actions, and locks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from arcctl.sandbox.azure.paths import ancestors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.sandbox.azure.call import Caller
    from arcctl.sandbox.azure.store import Resource, Store


@dataclass(frozen=True, slots=True)
class Role:
    """A role definition; its id is the last part of roleDefinitionId."""

    id: str
    name: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        return any(_covers(pattern, action) for pattern in self.actions) and not any(
            _covers(pattern, action) for pattern in self.not_actions
        )


OWNER = Role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", ("*",))
CONTRIBUTOR = Role(
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Contributor",
    ("*",),
    ("Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"),
)
READER = Role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ("*/read",))
ONBOARDING = Role(
    "34e09817-6cbe-4d01-b1a2-e0eac5743d41",
    "Kubernetes Cluster - Azure Arc Onboarding",
    (
        "Microsoft.Authorization/*/read",
        "Microsoft.Insights/alertRules/*",
        "Microsoft.Resources/deployments/write",
        "Microsoft.Resources/subscriptions/operationresults/read",
        "Microsoft.Resources/subscriptions/read",
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        "Microsoft.Kubernetes/connectedClusters/Write",
        "Microsoft.Kubernetes/connectedClusters/read",
        "Microsoft.KubernetesConfiguration/extensions/write",
        "Microsoft.KubernetesConfiguration/extensions/read",
        "Microsoft.KubernetesConfiguration/extensions/delete",
        "Microsoft.KubernetesConfiguration/extensions/operations/read",
        "Microsoft.Support/*",
    ),
)
CLUSTER_USER = Role(
    "00493d72-78f6-4148-b6c5-d3ce8e4799dd",
    "Azure Arc Enabled Kubernetes Cluster User Role",
    (
        "Microsoft.Resources/deployments/write",
        "Microsoft.Resources/subscriptions/operationresults/read",
        "Microsoft.Resources/subscriptions/read",
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        "Microsoft.Kubernetes/connectedClusters/listClusterUserCredential/action",
        "Microsoft.Support/*",
    ),
)
EXTENSION_CONTRIBUTOR = Role(
    "85cb6faf-e071-4c9b-8136-154b5a04f717",
    "Kubernetes Extension Contributor",
    (
        "Microsoft.Authorization/*/read",
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        "Microsoft.KubernetesConfiguration/extensions/*",
    ),
)
CHECK_ACCESS = Role(
    "65a14201-8f6c-4c28-bec4-12619c5a9aaa",
    "Connected Cluster Managed Identity CheckAccess Reader",
    ("Microsoft.Authorization/*/read",),
)
_BUILT_IN = (
    OWNER,
    CONTRIBUTOR,
    READER,
    ONBOARDING,
    CLUSTER_USER,
    EXTENSION_CONTRIBUTOR,
    CHECK_ACCESS,
)
ROLES = {role.id: role for role in _BUILT_IN}
ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
DEFINITIONS = "Microsoft.Authorization/roleDefinitions"
LOCKS = "Microsoft.Authorization/locks"


def roles_at(store: Store, caller: Caller, scope: str) -> Iterator[Role]:
    """Return the roles that a caller holds at a scope, inherited ones included."""
    for found in above(store, scope, ASSIGNMENTS):
        properties = found.properties
        if properties["principalId"] != caller.object_id:
            continue
        if role := role_of(store, properties["roleDefinitionId"]):
            yield role


def role_of(store: Store, definition_id: str) -> Role | None:
    """Return a role by the id of its definition: a built-in one, or one of the store's own."""
    name = definition_id.rpartition("/")[2].lower()
    if name in ROLES:
        return ROLES[name]
    found = store.get(definition_id)
    if found is None:
        return None
    permissions = found.properties.get("permissions") or [{}]
    return Role(
        name,
        str(found.properties.get("roleName", name)),
        tuple(permissions[0].get("actions") or ()),
        tuple(permissions[0].get("notActions") or ()),
    )


def allowed(store: Store, caller: Caller, action: str, scope: str) -> bool:
    return any(role.allows(action) for role in roles_at(store, caller, scope))


def has_any_role(store: Store, caller: Caller, subscription: str) -> bool:
    """Tell whether a caller sees a subscription at all: some role somewhere in it."""
    scope = f"/subscriptions/{subscription}/".lower()
    return any(
        found.properties["principalId"] == caller.object_id
        for key, members in store.collections.items()
        if key.startswith(scope) and key.endswith(f"/providers/{ASSIGNMENTS}".lower())
        for found in members.values()
    )


def locks_on(store: Store, scope: str, *, deleting: bool) -> list[Resource]:
    """Return the locks that forbid a change: ReadOnly any, CanNotDelete a deletion only.

    A deletion is also stopped by a lock on something that would be deleted with it.
    """
    locks = list(above(store, scope, LOCKS))
    if deleting:
        ending = f"/providers/{LOCKS}".lower()
        locks += [found for found in store.under(scope) if f"{ending}/" in found.key]
    unique = {found.key: found for found in locks}
    return [
        found
        for found in unique.values()
        if deleting or found.properties["level"].lower() == "readonly"
    ]


def above(store: Store, scope: str, type_name: str) -> Iterator[Resource]:
    """Return what of a type is attached at a scope or above it."""
    for place in ancestors(scope.lower()):
        members = store.collections.get(f"{place}/providers/{type_name}".lower())
        if members:
            yield from members.values()


@lru_cache(maxsize=4096)
def _covers(pattern: str, action: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*")
    return re.fullmatch(expression, action, re.IGNORECASE) is not None
