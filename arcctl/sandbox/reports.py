"""The custom resources in which the agents write down what they know (`connectedk8s.md` C.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.model.cluster import AAD_PROXY_CERTIFICATE, AGENT_NAMESPACE, IDENTITY_CERTIFICATE

if TYPE_CHECKING:
    from datetime import datetime

    from arcctl.sandbox.installation import Installation

    Report = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the agents find out about their cluster."""

    kubernetes: str
    nodes: int
    cores: int


def as_sent(found: Installation, facts: Facts) -> dict[str, Any]:
    """Return the facts under the names that ARM has for them (`arm.md` 2.4)."""
    return {
        "agentVersion": found.version,
        "kubernetesVersion": facts.kubernetes,
        "totalNodeCount": facts.nodes,
        "totalCoreCount": facts.cores,
    }


def metadata(found: Installation, facts: Facts, expiry: datetime, now: datetime) -> Report:
    """Report versions and counts, as cluster-metadata-operator does."""
    status = {
        **as_sent(found, facts),
        "lastConnectivityTime": _text(now),
        "managedIdentityCertificateExpirationTime": _text(expiry),
    }
    spec = {"azureResourceId": str(found.cluster)}
    group = f"arc.azure.{found.domain}"
    return _report(group, "ConnectedCluster", "clustermetadata", spec, status)


def identities(found: Installation, expiry: datetime) -> list[Report]:
    """Report the certificates that were fetched, as clusteridentityoperator does."""
    group = f"clusterconfig.azure.{found.domain}"
    spec = {"azureResourceId": str(found.cluster)}
    held = {"secretName": IDENTITY_CERTIFICATE, "expirationTime": _text(expiry)}
    reports = [
        _report(group, "AzureClusterIdentityRequest", "config-agent-identity-request", spec, held)
    ]
    if found.has_proxy:
        held = {"secretName": AAD_PROXY_CERTIFICATE, "expirationTime": _text(expiry)}
        reports.append(_report(group, "ArcCertificate", "kube-aad-proxy", spec, held))
    return reports


def cores(node: dict[str, Any]) -> int:
    """Return the cores of a node; its capacity is a quantity such as `4` or `4000m`."""
    quantity = str(node.get("status", {}).get("capacity", {}).get("cpu", "0"))
    return int(quantity[:-1]) // 1000 if quantity.endswith("m") else int(float(quantity))


def _report(
    group: str, kind: str, name: str, spec: dict[str, Any], status: dict[str, Any]
) -> Report:
    collection = f"/apis/{group}/v1beta1/namespaces/{AGENT_NAMESPACE}/{kind.lower()}s"
    thing = {
        "apiVersion": f"{group}/v1beta1",
        "kind": kind,
        "metadata": {"name": name, "namespace": AGENT_NAMESPACE},
        "spec": spec,
        "status": status,
    }
    return collection, thing


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
