"""The connected cluster as ARM speaks of it, and as the peer prints it.

Bodies stay plain dicts, so nothing that a newer service adds is lost.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from arcctl.model import times
from arcctl.model.resource_id import group_of

if TYPE_CHECKING:
    from datetime import datetime

Body = dict[str, Any]

# `connectedk8s.md` A.12: every key is printed, whether the service sent it or not.
PRINTED = (
    "aadProfile",
    "agentPublicKeyCertificate",
    "agentVersion",
    "arcAgentProfile",
    "arcAgentryConfigurations",
    "azureHybridBenefit",
    "connectivityStatus",
    "distribution",
    "distributionVersion",
    "gateway",
    "infrastructure",
    "kubernetesVersion",
    "lastConnectivityTime",
    "managedIdentityCertificateExpirationTime",
    "miscellaneousProperties",
    "offering",
    "oidcIssuerProfile",
    "privateLinkScopeResourceId",
    "privateLinkState",
    "provisioningState",
    "securityProfile",
    "totalCoreCount",
    "totalNodeCount",
)
TOP = ("id", "identity", "kind", "location", "name", "systemData", "tags", "type")

# The parts of the nested ones, lists among them, which the peer prints with nulls as well.
_PARTS = {
    "aadProfile": ("adminGroupObjectIDs", "enableAzureRbac", "tenantId"),
    "arcAgentProfile": (
        "agentAutoUpgrade",
        "agentErrors",
        "agentState",
        "desiredAgentVersion",
        "systemComponents",
    ),
    "arcAgentProfile.agentErrors": ("component", "message", "severity", "time"),
    "arcAgentProfile.systemComponents": (
        "currentVersion",
        "majorVersion",
        "type",
        "userSpecifiedVersion",
    ),
    "arcAgentryConfigurations": ("feature", "protectedSettings", "settings"),
    "gateway": ("enabled",),
    "identity": ("principalId", "tenantId", "type"),
    "oidcIssuerProfile": ("enabled", "issuerUrl", "selfHostedIssuerUrl"),
    "securityProfile": ("workloadIdentity",),
    "securityProfile.workloadIdentity": ("enabled",),
    "systemData": (
        "createdAt",
        "createdBy",
        "createdByType",
        "lastModifiedAt",
        "lastModifiedBy",
        "lastModifiedByType",
    ),
}

# Where the wire's spelling differs from the printed one.
_RESPELLED = {"enableAzureRBAC": "enableAzureRbac", "tenantID": "tenantId"}

# `arm.md` 2.4: filled by the service, and refused or ignored when sent back.
_SERVER_OWNED = (
    "agentVersion",
    "connectivityStatus",
    "inboundConnectivityStatus",
    "kubernetesVersion",
    "lastConnectivityTime",
    "lastInboundConnectivityTime",
    "managedIdentityCertificateExpirationTime",
    "miscellaneousProperties",
    "offering",
    "provisioningState",
    "totalCoreCount",
    "totalNodeCount",
)


def printed(resource: Body) -> Body:
    """Return the flat, sorted shape of `az connectedk8s show`, with nulls (A.12)."""
    properties: Body = resource.get("properties") or {}
    flat: Body = {key: resource.get(key) for key in TOP}
    flat |= {key: properties.get(key) for key in PRINTED}
    flat |= {key: value for key, value in properties.items() if key not in flat}
    if isinstance(flat["aadProfile"], dict):
        flat["aadProfile"] = {
            _RESPELLED.get(key, key): value for key, value in flat["aadProfile"].items()
        }
    flat = {key: _completed(value, key) for key, value in flat.items()}
    flat["resourceGroup"] = group_of(resource.get("id") or "")
    whole: Body = _sorted(flat)
    return whole


def _completed(value: Any, path: str) -> Any:
    """Put null where a known part was not sent; maps with people's own keys stay as they are."""
    if isinstance(value, list):
        return [_completed(each, path) for each in value]
    if not isinstance(value, dict) or path not in _PARTS:
        return value
    whole = dict.fromkeys(_PARTS[path]) | value
    return {key: _completed(each, f"{path}.{key}") for key, each in whole.items()}


def _sorted(value: Any) -> Any:
    """Order the keys all the way down, as az does."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def writable(resource: Body) -> Body:
    """Return the body with which a PUT changes nothing: all that was read, less what is server-owned.

    Follows `arm.md` 8.1; unknown fields are kept, since dropping them could reset them.
    """
    properties = deepcopy(resource.get("properties") or {})
    for key in _SERVER_OWNED:
        properties.pop(key, None)
    agent = properties.get("arcAgentProfile") or {}
    for key in ("agentErrors", "agentState"):
        agent.pop(key, None)
    for component in agent.get("systemComponents") or []:
        component.pop("currentVersion", None)
    for feature in properties.get("arcAgentryConfigurations") or []:
        # Never read back: whatever stands there is a mask, and would overwrite what it hides.
        if "protectedSettings" in feature:
            feature["protectedSettings"] = None
    (properties.get("oidcIssuerProfile") or {}).pop("issuerUrl", None)
    if not properties.get("aadProfile"):
        properties.pop("aadProfile", None)
    body: Body = {
        "location": resource["location"],
        "tags": dict(resource.get("tags") or {}),
        "identity": {"type": (resource.get("identity") or {}).get("type", "SystemAssigned")},
        "properties": {key: value for key, value in properties.items() if value is not None},
    }
    if resource.get("kind"):
        body["kind"] = resource["kind"]
    return body


def status(resource: Body) -> str:
    """Return the connectivity status as the service words it; it may be one nobody knows yet."""
    return str((resource.get("properties") or {}).get("connectivityStatus") or "Unknown")


def provisioning(resource: Body) -> str:
    """Return the provisioning state; a resource that has none is ready (`arm.md` 1.1)."""
    return str((resource.get("properties") or {}).get("provisioningState") or "Succeeded")


def agent_errors(resource: Body) -> tuple[str, ...]:
    """Return what the agents have reported as wrong, a line for each."""
    profile = (resource.get("properties") or {}).get("arcAgentProfile") or {}
    errors = profile.get("agentErrors") or []
    return tuple(f"{each.get('component')}: {each.get('message')}" for each in errors)


def public_key(resource: Body | None) -> str:
    """Return the public half of the key that the resource knows its agents by, or ""."""
    found = ((resource or {}).get("properties") or {}).get("agentPublicKeyCertificate")
    return str(found or "").strip()


def created(resource: Body | None) -> datetime | None:
    """Return when ARM made this resource (`systemData.createdAt`); None where it does not say."""
    return times.read(((resource or {}).get("systemData") or {}).get("createdAt"))


def never_connected(resource: Body) -> bool:
    """Tell whether no agent has ever spoken for this resource (`arc.md` B1)."""
    properties = resource.get("properties") or {}
    if properties.get("lastConnectivityTime"):
        return False
    return status(resource) in ("AgentNotInstalled", "Connecting", "Unknown")
