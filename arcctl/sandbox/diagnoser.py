"""What the container of troubleshoot's job writes (`connectedk8s.md` B.14; the grammar is B.8's).

Its image is no part of a chart: whoever troubleshoots names it, and the cluster knows what it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.model.cluster import AGENT_NAMESPACE, IDENTITY_MAP
from arcctl.sandbox.kubernetes.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from arcctl.sandbox.kubernetes.cluster import Cluster

IMAGE = "arck8sdiagnoser"
_DOMAINS = {"AZUREUSGOVERNMENTCLOUD": "us", "AZURECHINACLOUD": "cn"}


def written(cluster: Cluster, unreachable: Callable[[], Collection[str]]) -> Callable[[], str]:
    """Return the container's output, made when it is asked for."""

    def write() -> str:
        known = cluster.store.get(KINDS["configmaps"].key, AGENT_NAMESPACE, IDENTITY_MAP)
        data = (known.get("data") or {}) if known else {}
        region = str(data.get("AZURE_REGION", "")).lower().replace(" ", "")
        domain = _DOMAINS.get(str(data.get("AZURE_ENVIRONMENT", "")).upper(), "com")
        return _text(region or "eastus", domain, "000" if region in unreachable() else "200")

    return write


def _text(region: str, domain: str, code: str) -> str:
    outbound = "Outbound Network Connectivity Check Result"
    return "\n".join(
        (
            "DNS Result:",
            "Server:    10.96.0.10",
            "Address:   10.96.0.10:53",
            "Name:      kubernetes.default.svc.cluster.local",
            "Address:   10.96.0.1",
            f"{outbound} for Cluster Connect : https://{region}.obo.arc.azure.{domain}:8084/ : {code}",
            (
                f"{outbound} for Onboarding : https://{region}.dp.kubernetesconfiguration.azure.{domain}"
                f" : {code}"
            ),
        )
    )
