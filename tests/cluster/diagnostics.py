"""What the job of the pre-onboarding checks prints, played by kwok (`connectedk8s.md` B.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

NAMESPACE = "azure-arc-release"
CONTAINER = "cluster-diagnostic-checks-container"
PASSING = [
    "DNS Result:",
    "Server:    10.96.0.10",
    "Address:   10.96.0.10:53",
    "Name:      kubernetes.default.svc.cluster.local",
    "Address:   10.96.0.1",
    (
        "Outbound Network Connectivity Check Result for Cluster Connect"
        " : https://westeurope.obo.arc.azure.com:8084/ : 200"
    ),
    (
        "Outbound Network Connectivity Check Result for Onboarding"
        " : https://westeurope.dp.kubernetesconfiguration.azure.com/ : 200"
    ),
    (
        "Entra Authentication Endpoint Connectivity Check Result"
        " : https://login.microsoftonline.com/ : 200"
    ),
]


def logs(
    lines: list[str],
    file: Path,
    *,
    name: str = "cluster-diagnostic-checks-job",
    namespace: str = NAMESPACE,
    containers: tuple[str, ...] = (CONTAINER,),
) -> dict[str, Any]:
    """Write `lines` to `file` as a container runtime would, and name it in a ClusterLogs object.

    No containers are all containers.
    """
    stamp = "2026-01-01T00:00:00.000000000Z stdout F"
    file.write_text("".join(f"{stamp} {line}\n" for line in lines))
    named = {"containers": list(containers)} if containers else {}
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "ClusterLogs",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchNamespaces": [namespace]},
            "logs": [{**named, "logsFile": str(file)}],
        },
    }
