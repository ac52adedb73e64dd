"""What a world begins with (`arm.md` 14.6), and scenarios for tests and demos.

A scenario is JSON; all entries are optional:

    {"subscriptions": [{"subscriptionId", "displayName", "state"}],
     "groups": [{"name", "location", "tags"?, "subscriptionId"?}],
     "clusters": [{"name", "group", "location"?, "count"?: how many, numbered behind the name,
                   "state"?: "Connected" | "Connecting" | "Offline" | "Expired" |
                             "AgentNotInstalled", "tags"?, "kind"?, "properties"?: {…}}],
     "resources": [documents with an id; their services complete them],
     "providers": {namespace, or subscription id/namespace: registrationState},
     "regionGaps": [{"type", "region": a region, or "*" where the type is listed nowhere}],
     "versions": {type: [the only api-versions that this cloud has]},
     "withdrawn": [{"type": an extension's, "version"?, "region"?, "train"?}],
     "unreachable": [regions whose endpoints cannot be reached from the cluster],
     "throttle": true for ARM's real limits, or {"reads" | "writes" | "deletes": [size, per second]},
     "graphLag": seconds until Resource Graph hears of a change,
     "directoryLag": seconds until a new identity can be given a role without principalType,
     "pageSize": N,
     "scenario": a named one to plant first,
     … and the words of `attached.py`: locks, policies, roles, assignments, extensions and more}
"""

from __future__ import annotations

import base64
from copy import deepcopy
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from arcctl.model.region import canonical
from arcctl.sandbox.azure import access, attached, demo, entra, planted, regions, times
from arcctl.sandbox.azure.cluster_body import add_issuer
from arcctl.sandbox.azure.extension_types import Withdrawal
from arcctl.sandbox.azure.store import Resource
from arcctl.sandbox.azure.throttle import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.sandbox.azure.state import Azure

SUBSCRIPTION = attached.SUBSCRIPTION
SECOND_SUBSCRIPTION = "00000000-0000-0000-0000-000000000002"
_CLUSTERS = "Microsoft.Kubernetes/connectedClusters"
_BEATS = {"Connected": timedelta(minutes=2), "Offline": timedelta(hours=5)}
_KNOWN = frozenset(
    {"subscriptions", "groups", "clusters", "resources", "providers", "regionGaps"}
    | {"pageSize", "scenario", "versions", "withdrawn", "unreachable", "throttle"}
    | {"graphLag", "directoryLag"}
    | attached.WORDS
)


def ground(azure: Azure) -> None:
    """Plant two subscriptions and who may do what in them; no resource group."""
    for subscription, name in ((SUBSCRIPTION, "Sandbox"), (SECOND_SUBSCRIPTION, "Sandbox Two")):
        azure.add_subscription(subscription_document(subscription, name))
        scope = f"/subscriptions/{subscription}"
        for who in (entra.FULL_RIGHTS, entra.PERSON):
            _assign(azure, scope, who, access.OWNER)
    _assign(azure, f"/subscriptions/{SUBSCRIPTION}", entra.ONBOARDING, access.ONBOARDING)


def named(name: str) -> Mapping[str, Any]:
    known = {"": {}, "empty": {}, "demo": demo.DEMO, "standing": demo.STANDING}
    if name not in known:
        raise ValueError(f"there is no scenario named {name}")
    return known[name]


def plant(azure: Azure, scenario: Mapping[str, Any]) -> None:
    if strange := scenario.keys() - _KNOWN:
        raise ValueError(f"a scenario has no {', '.join(sorted(strange))}")
    if "scenario" in scenario:
        plant(azure, named(scenario["scenario"]))
    _settings(azure, scenario)
    for entry in scenario.get("groups", []):
        _group(azure, entry)
    for entry in scenario.get("clusters", []):
        _clusters(azure, entry)
    for document in (*scenario.get("resources", []), *attached.documents(scenario)):
        azure.store.put(planted.resource(deepcopy(document), azure.world.clock.now()))


def _settings(azure: Azure, scenario: Mapping[str, Any]) -> None:
    for entry in scenario.get("subscriptions", []):
        subscription, name = entry["subscriptionId"], entry["displayName"]
        state = entry.get("state", "Enabled")
        azure.add_subscription(subscription_document(subscription, name, state))
        for who in (entra.FULL_RIGHTS, entra.PERSON):
            _assign(azure, f"/subscriptions/{subscription}", who, access.OWNER)
    for word, state in scenario.get("providers", {}).items():
        subscription, _, namespace = word.lower().rpartition("/")
        for key in [subscription] if subscription else azure.providers:
            azure.providers[key][namespace].state = state
    _offers(azure, scenario)
    azure.unreachable |= {canonical(region) for region in scenario.get("unreachable", [])}
    azure.page_size = int(scenario.get("pageSize", azure.page_size))
    if "throttle" in scenario:
        azure.limits = Limits.read(scenario["throttle"])
    if "graphLag" in scenario:
        azure.graph_lag = timedelta(seconds=float(scenario["graphLag"]))
    if "directoryLag" in scenario:
        azure.directory_lag = timedelta(seconds=float(scenario["directoryLag"]))


def _offers(azure: Azure, scenario: Mapping[str, Any]) -> None:
    for gap in scenario.get("regionGaps", []):
        azure.region_gaps.add(regions.gap(gap["type"], gap["region"]))
    for type_name, known in scenario.get("versions", {}).items():
        azure.versions[type_name.lower()] = tuple(known)
    azure.withdrawn |= {Withdrawal.read(entry) for entry in scenario.get("withdrawn", [])}


def subscription_document(subscription: str, name: str, state: str = "Enabled") -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription}",
        "subscriptionId": subscription,
        "tenantId": entra.TENANT,
        "displayName": name,
        "state": state,
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "tags": {},
    }


def _assign(azure: Azure, scope: str, who: entra.Principal, role: access.Role) -> None:
    name = str(uuid5(NAMESPACE_URL, f"{scope}/{who.object_id}/{role.id}"))
    definition = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{role.id}"
    document = {
        "id": f"{scope}/providers/{access.ASSIGNMENTS}/{name}",
        "name": name,
        "type": access.ASSIGNMENTS,
        "properties": {
            "scope": scope,
            "roleDefinitionId": definition,
            "principalId": who.object_id,
            "principalType": "User" if who.type == "User" else "ServicePrincipal",
        },
    }
    azure.store.put(Resource(document))


def _group(azure: Azure, entry: Mapping[str, Any]) -> None:
    subscription = entry.get("subscriptionId", SUBSCRIPTION)
    document = {
        "id": f"/subscriptions/{subscription}/resourceGroups/{entry['name']}",
        "name": entry["name"],
        "type": "Microsoft.Resources/resourceGroups",
        "location": canonical(entry.get("location", "eastus")),
        "tags": dict(entry.get("tags", {})),
        "properties": {"provisioningState": "Succeeded"},
    }
    azure.store.put(Resource(document))


def _clusters(azure: Azure, entry: Mapping[str, Any]) -> None:
    subscription = entry.get("subscriptionId", SUBSCRIPTION)
    group = f"/subscriptions/{subscription}/resourceGroups/{entry['group']}"
    if azure.store.get(group) is None:
        _group(
            azure,
            {"name": entry["group"], "location": entry.get("location", "eastus")}
            | ({"subscriptionId": subscription}),
        )
    count = int(entry.get("count", 0))
    names = [f"{entry['name']}-{n:05}" for n in range(1, count + 1)] or [entry["name"]]
    for name in names:
        _cluster(azure, f"{group}/providers/{_CLUSTERS}/{name}", entry)


def _cluster(azure: Azure, cluster_id: str, entry: Mapping[str, Any]) -> None:
    state = entry.get("state", "Connected")
    now = azure.world.clock.now()
    stamp = times.zulu(now - timedelta(days=30))
    kind = {"kind": entry["kind"]} if "kind" in entry else {}
    document = {
        "id": cluster_id,
        "name": cluster_id.rpartition("/")[2],
        "type": _CLUSTERS.lower(),
        "location": canonical(entry.get("location", "eastus")),
        "tags": dict(entry.get("tags", {})),
        "identity": {
            "type": "SystemAssigned",
            "principalId": str(uuid4()),
            "tenantId": entra.TENANT,
        },
        **kind,
        "properties": _properties() | deepcopy(dict(entry.get("properties", {}))),
        "systemData": {
            "createdBy": entra.FULL_RIGHTS.client_id,
            "createdByType": "Application",
            "createdAt": stamp,
            "lastModifiedBy": entra.FULL_RIGHTS.client_id,
            "lastModifiedByType": "Application",
            "lastModifiedAt": stamp,
        },
    }
    add_issuer(document)
    found = azure.store.put(Resource(document, made=now - timedelta(days=30)))
    found.written()
    found.agents_missing = state == "AgentNotInstalled"
    if state not in {"Connecting", "AgentNotInstalled"}:
        _let_live(azure, found, state)


def _let_live(azure: Azure, found: Resource, state: str) -> None:
    now = azure.world.clock.now()
    silent = _BEATS.get(state, timedelta(days=100))
    found.last_beat = now - silent
    issued = found.last_beat if state == "Expired" else now - timedelta(days=10)
    found.body["properties"] = {
        "agentVersion": "1.36.1",
        "kubernetesVersion": "1.36.3",
        "totalNodeCount": 3,
        "totalCoreCount": 12,
        "lastConnectivityTime": times.zulu(found.last_beat),
        "managedIdentityCertificateExpirationTime": times.zulu(issued + timedelta(days=90)),
        **found.body["properties"],
    }


def _properties() -> dict[str, Any]:
    return {
        "provisioningState": "Succeeded",
        "agentPublicKeyCertificate": public_key(),
        "distribution": "K3s",
        "infrastructure": "generic",
        "privateLinkState": "Disabled",
        "azureHybridBenefit": "NotApplicable",
        "aadProfile": {},
        "arcAgentProfile": {"agentAutoUpgrade": "Enabled"},
        "arcAgentryConfigurations": [],
    }


@lru_cache(maxsize=1)
def public_key() -> str:
    """Return a key whose other half nobody keeps; one is enough for all."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.PKCS1)).decode()
