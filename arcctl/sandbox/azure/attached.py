"""What a scenario hangs on subscriptions, groups and clusters, in short words (`arm.md` 14.6).

`on` says where: nothing for the first subscription, `edge` for a group, `edge/harbor` for a
cluster, `edge/harbor/namespaces/apps` for what is below it, or an id.

    "locks": [{"on"?, "level"?: "CanNotDelete" | "ReadOnly", "name"?}],
    "roles": [{"name", "actions": […], "notActions"?: […]}],
    "assignments": [{"who": a principal's name or object id, "role": a name or guid, "on"?,
                     "type"?: "User" | "Group" | "ServicePrincipal"}],
    "policies": [{"on"?, "name"?, and one of "allow": [regions], "deny": [regions],
                  "forbidTypes": [types], "deploy": {"extensionType", "extensionName"?,
                  "settings"?, "afterSeconds"?}}],
    "exemptions": [{"on", "policy": a name of "policies" in the first subscription}],
    "customLocations": [{"name", "cluster", "group"?, "location"?, "holds"?: [names]}],
    "diagnosticSettings": [{"on", "name"?, …properties}],
    "dataCollection": [{"on", "name"?, …properties}],
    "privateLinkScopes" and "gateways": [{"name", "group", "location"?, "cluster"?: linked to it}],
    "federations": [{"identity": group/name, "name", "issuer", "subject"}],
    "extensions": [{"on", "name", "type", "secrets"?: [names], "plan"?, "identity"?, …properties}],
    "fluxConfigurations" and "sourceControlConfigurations": [{"on", "name", …properties}]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from arcctl.sandbox.azure import access, entra, policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from arcctl.sandbox.azure.answers import Body

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
_ROOT = f"/subscriptions/{SUBSCRIPTION}"
_AUTHORIZATION = "Microsoft.Authorization"
_CONFIGURATION = "Microsoft.KubernetesConfiguration"
_POLICY_PARAMETERS = {
    "allow": "listOfAllowedLocations",
    "deny": "listOfDeniedLocations",
    "forbidTypes": "listOfResourceTypesNotAllowed",
}


def documents(scenario: Mapping[str, Any]) -> Iterator[Body]:
    """Yield the documents of all that a scenario says in short words."""
    for word, make in _WORDS.items():
        for entry in scenario.get(word, []):
            yield from make(entry)


def place(on: str) -> str:
    """Return the id of a place."""
    if on.startswith("/"):
        return on
    group, _, rest = on.partition("/")
    if not group:
        return _ROOT
    where = f"{_ROOT}/resourceGroups/{group}"
    return f"{where}/providers/Microsoft.Kubernetes/connectedClusters/{rest}" if rest else where


def _hung(on: str, kind: str, name: str, properties: Mapping[str, Any], **more: Any) -> Body:
    return {"id": f"{place(on)}/providers/{kind}/{name}", "properties": dict(properties)} | more


def _lying(group: str, kind: str, name: str, properties: Mapping[str, Any], **more: Any) -> Body:
    return {"location": "eastus"} | _hung(group, kind, name, properties, **more)


def _without(entry: Mapping[str, Any], *names: str) -> Body:
    return {name: value for name, value in entry.items() if name not in names}


def _lock(entry: Mapping[str, Any]) -> Iterator[Body]:
    level = {"level": entry.get("level", "CanNotDelete")}
    yield _hung(entry.get("on", ""), access.LOCKS, entry.get("name", "hold"), level)


def _role(entry: Mapping[str, Any]) -> Iterator[Body]:
    permission = {"actions": entry["actions"], "notActions": entry.get("notActions", [])}
    properties = {"roleName": entry["name"], "type": "CustomRole", "permissions": [permission]}
    yield {"id": _definition(entry["name"]), "properties": properties}


def _definition(role: str) -> str:
    known = {each.name: each.id for each in access.ROLES.values()} | {
        key: key for key in access.ROLES
    }
    name = known.get(role) or str(uuid5(NAMESPACE_URL, f"role/{role}"))
    return f"{_ROOT}/providers/{access.DEFINITIONS}/{name}"


def _assignment(entry: Mapping[str, Any]) -> Iterator[Body]:
    on, who = entry.get("on", ""), entry["who"]
    named = {each.name: each for each in entra.PRINCIPALS.values()}.get(who)
    properties = {
        "scope": place(on),
        "roleDefinitionId": _definition(entry["role"]),
        "principalId": named.object_id if named else who,
        "principalType": entry.get("type") or _sort_of(named),
    }
    name = uuid5(NAMESPACE_URL, f"{place(on)}/{who}/{entry['role']}")
    yield _hung(on, access.ASSIGNMENTS, str(name), properties)


def _sort_of(who: entra.Principal | None) -> str:
    return "User" if who and who.type == "User" else "ServicePrincipal"


def _policy(entry: Mapping[str, Any]) -> Iterator[Body]:
    parameters = {
        name: {"value": entry[word]} for word, name in _POLICY_PARAMETERS.items() if word in entry
    }
    parameters |= {name: {"value": value} for name, value in entry.get("deploy", {}).items()}
    if not parameters:
        raise ValueError("a policy says allow, deny, forbidTypes or deploy")
    name = entry.get("name", "policy")
    properties = {
        "displayName": name,
        "policyDefinitionId": policy.definition_of(parameters),
        "enforcementMode": "Default",
        "parameters": parameters,
    }
    kind = f"{_AUTHORIZATION}/policyAssignments"
    yield _hung(entry.get("on", ""), kind, name, properties)


def _exemption(entry: Mapping[str, Any]) -> Iterator[Body]:
    assignment = f"{_ROOT}/providers/{_AUTHORIZATION}/policyAssignments/{entry['policy']}"
    properties = {"policyAssignmentId": assignment, "exemptionCategory": "Waiver"}
    kind = f"{_AUTHORIZATION}/policyExemptions"
    yield _hung(entry["on"], kind, f"without-{entry['policy']}", properties)


def _custom_location(entry: Mapping[str, Any]) -> Iterator[Body]:
    group = entry.get("group", entry["cluster"].partition("/")[0])
    region = {"location": entry.get("location", "eastus")}
    properties = {
        "hostResourceId": place(entry["cluster"]),
        "hostType": "Kubernetes",
        "namespace": entry["name"],
        "displayName": entry["name"],
        "clusterExtensionIds": [],
        "provisioningState": "Succeeded",
    }
    kind = "Microsoft.ExtendedLocation/customLocations"
    found = _lying(group, kind, entry["name"], properties, **region)
    yield found
    standing = {"extendedLocation": {"name": found["id"], "type": "CustomLocation"}}
    for name in entry.get("holds", []):
        yield _lying(group, "Microsoft.App/connectedEnvironments", name, {}, **region, **standing)


def _setting(entry: Mapping[str, Any]) -> Iterator[Body]:
    kind, name = "Microsoft.Insights/diagnosticSettings", entry.get("name", "logs")
    yield _hung(entry["on"], kind, name, _without(entry, "on", "name"))


def _collection(entry: Mapping[str, Any]) -> Iterator[Body]:
    kind = "Microsoft.Insights/dataCollectionRuleAssociations"
    name = entry.get("name", "ContainerInsightsExtension")
    yield _hung(entry["on"], kind, name, _without(entry, "on", "name"))


def _private_link_scope(entry: Mapping[str, Any]) -> Iterator[Body]:
    kind, region = "Microsoft.HybridCompute/privateLinkScopes", entry.get("location", "eastus")
    yield _lying(entry["group"], kind, entry["name"], {}, location=region)


def _gateway(entry: Mapping[str, Any]) -> Iterator[Body]:
    kind, region = "Microsoft.HybridCompute/gateways", entry.get("location", "eastus")
    found = _lying(entry["group"], kind, entry["name"], {}, location=region)
    yield found
    if "cluster" in entry:
        link = {"gatewayProperties": {"gatewayResourceId": found["id"]}}
        yield _hung(entry["cluster"], "Microsoft.HybridCompute/settings", "default", link)


def _federation(entry: Mapping[str, Any]) -> Iterator[Body]:
    group, _, name = entry["identity"].partition("/")
    identity = _lying(group, "Microsoft.ManagedIdentity/userAssignedIdentities", name, {})
    yield identity
    properties = {
        "issuer": entry["issuer"],
        "subject": entry["subject"],
        "audiences": ["api://AzureADTokenExchange"],
    }
    kind = "federatedIdentityCredentials"
    yield {"id": f"{identity['id']}/{kind}/{entry['name']}", "properties": properties}


def _extension(entry: Mapping[str, Any]) -> Iterator[Body]:
    names = ("secrets", "plan", "managedBy", "identity")
    around = {name: entry[name] for name in names if name in entry}
    properties = _without(entry, "on", "name", "type", *around) | {"extensionType": entry["type"]}
    yield _hung(entry["on"], f"{_CONFIGURATION}/extensions", entry["name"], properties, **around)


def _child_of(kind: str) -> Callable[[Mapping[str, Any]], Iterator[Body]]:
    def make(entry: Mapping[str, Any]) -> Iterator[Body]:
        properties = _without(entry, "on", "name")
        yield _hung(entry["on"], f"{_CONFIGURATION}/{kind}", entry["name"], properties)

    return make


# Roles come before what is assigned, and what hosts before what it hosts.
_WORDS: dict[str, Callable[[Mapping[str, Any]], Iterator[Body]]] = {
    "roles": _role,
    "assignments": _assignment,
    "locks": _lock,
    "policies": _policy,
    "exemptions": _exemption,
    "privateLinkScopes": _private_link_scope,
    "gateways": _gateway,
    "extensions": _extension,
    "fluxConfigurations": _child_of("fluxConfigurations"),
    "sourceControlConfigurations": _child_of("sourceControlConfigurations"),
    "customLocations": _custom_location,
    "diagnosticSettings": _setting,
    "dataCollection": _collection,
    "federations": _federation,
}
WORDS = frozenset(_WORDS)
