"""Whether a cluster is alive: heartbeats, the 15 minutes, the 90 days (`arc.md` B1, B2)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure import entra, times

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.sandbox.azure.call import Call
    from arcctl.sandbox.azure.state import Azure
    from arcctl.sandbox.azure.store import Resource

SILENCE = timedelta(minutes=15)
CERTIFICATE_LIFE = timedelta(days=90)
RENEWAL_WINDOW = timedelta(days=44)
CREDENTIAL_LIFE = 3 * 3600
# The service itself, which writes what the agents report (arm.md 2.7).
SERVICE_APP = "64b12d6e-6549-484c-8cc6-6281839ba394"
FACTS = (
    "agentVersion",
    "kubernetesVersion",
    "totalNodeCount",
    "totalCoreCount",
    "offering",
)
EXPIRY = "managedIdentityCertificateExpirationTime"
REPORTED = (
    "agentVersion",
    "kubernetesVersion",
    "totalNodeCount",
    "totalCoreCount",
    "offering",
    "lastConnectivityTime",
    EXPIRY,
    "miscellaneousProperties",
)


@dataclass(frozen=True, slots=True)
class HeartbeatAnswer:
    """What the service says to an agent; `certificate_expires` only where it was accepted."""

    accepted: bool
    reason: str = ""
    certificate_expires: datetime | None = None


def status(found: Resource, now: datetime, version: str) -> str:
    """Derive connectivityStatus from the clock."""
    if found.last_beat is None:
        knows_missing = version >= "2024-12-01-preview"
        return "AgentNotInstalled" if found.agents_missing and knows_missing else "Connecting"
    if now >= times.read(found.properties[EXPIRY]):
        return "Expired"
    return "Offline" if now - found.last_beat >= SILENCE else "Connected"


def heartbeat(
    azure: Azure, cluster_id: str, public_key: str | None, facts: Mapping[str, Any]
) -> HeartbeatAnswer:
    """Take an agent's word, if it holds the key that ARM knows (None: trust it)."""
    azure.operations.settle()
    found = azure.store.get(cluster_id)
    if found is None or found.state == "Deleting":
        return HeartbeatAnswer(False, "there is no such cluster")
    if azure.world.faults.take("agents", "never_connected", path=cluster_id):
        return HeartbeatAnswer(False, "planned: the agents never connect")
    if found.body["location"] in azure.unreachable:
        return HeartbeatAnswer(False, "its region cannot be reached from the cluster")
    if public_key is not None and public_key != found.properties["agentPublicKeyCertificate"]:
        return HeartbeatAnswer(False, "the key is not the one that was registered")
    now = azure.world.clock.now()
    if status(found, now, "9999") == "Expired":
        return HeartbeatAnswer(False, "the certificate has expired")
    _write(found, facts, now)
    return HeartbeatAnswer(True, certificate_expires=times.read(found.properties[EXPIRY]))


def _write(found: Resource, facts: Mapping[str, Any], now: datetime) -> None:
    properties = found.properties
    properties |= {name: facts[name] for name in FACTS if facts.get(name) is not None}
    properties["lastConnectivityTime"] = times.zulu(now)
    properties[EXPIRY] = times.zulu(_expiry(properties.get(EXPIRY), facts.get(EXPIRY), now))
    if properties.get("oidcIssuerProfile") or properties.get("securityProfile"):
        properties["arcAgentProfile"]["agentState"] = "Succeeded"
    found.last_beat = now
    found.agents_missing = False
    found.written()
    found.body["systemData"] |= {
        "lastModifiedBy": SERVICE_APP,
        "lastModifiedByType": "Application",
        "lastModifiedAt": times.zulu(now),
    }


def _expiry(known: str | None, reported: str | None, now: datetime) -> datetime:
    """Return until when the certificate holds: as reported, else renewed in the last 44 days."""
    if reported:
        return datetime.fromisoformat(reported)
    if known is None or times.read(known) - now <= RENEWAL_WINDOW:
        return now + CERTIFICATE_LIFE
    return times.read(known)


def credential(call: Call, found: Resource, method: str) -> dict[str, Any]:
    """Make up a way in, as cluster connect gives it out (`arm.md` 2.6)."""
    plan = call.knob("short_credential")
    life = float(plan["short_credential"]) if plan else CREDENTIAL_LIFE
    expires = int(call.world.clock.after(life).timestamp())
    name = connection_name(found.id)
    connection = {
        "expirationTime": expires,
        "hybridConnectionName": name,
        "relay": "azgnrelay-sandbox-l1",
        "token": relay_token(call.azure.tokens, name, expires, method),
    }
    if call.version >= "2024-07":
        connection |= {"relayTid": entra.TENANT, "relayType": "cc"}
    config = json.dumps(_kubeconfig(found.body["name"])).encode()
    return {
        "hybridConnectionConfig": connection,
        "kubeconfigs": [{"name": "credentialName1", "value": base64.b64encode(config).decode()}],
    }


def connection_name(cluster_id: str) -> str:
    """Return the name under which a cluster's agent waits at the relay."""
    digest = hashlib.sha256(cluster_id.lower().encode()).hexdigest()
    return f"microsoft.kubernetes/connectedclusters/{digest}"


def relay_token(tokens: entra.Tokens, name: str, expires: int, method: str) -> str:
    """Return the token that opens one connection until `expires`; the relay makes it again."""
    head = f"sr={name}&se={expires}&skn={method}"
    return f"SharedAccessSignature {head}&sig={tokens.seal(head)}"


def _kubeconfig(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": "https://127.0.0.1:47011/proxies"}}],
        "users": [{"name": name, "user": {"token": secrets.token_urlsafe(32)}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
