"""What Azure Arc puts into a cluster, by name (`connectedk8s.md` C; `arc.md` A5)."""

from __future__ import annotations

RELEASE = "azure-arc"
RELEASE_NAMESPACE = "azure-arc-release"
LEGACY_RELEASE_NAMESPACE = "default"
AGENT_NAMESPACE = "azure-arc"
IDENTITY_MAP = "azure-clusterconfig"
PRIVATE_KEY_SECRET = "azure-arc-connect-privatekey"
PRIVATE_KEY_ENTRY = "privateKey"
IDENTITY_CERTIFICATE = "azure-identity-certificate"
AAD_PROXY_CERTIFICATE = "kube-aad-proxy-certificate"
DIAGNOSTICS_RELEASE = "cluster-diagnostic-checks"
DIAGNOSTICS_JOB = "cluster-diagnostic-checks-job"
DIAGNOSTICS_CONTAINER = "cluster-diagnostic-checks-container"

CRD_NAMES = (
    "arccertificates.clusterconfig.azure",
    "azureclusteridentityrequests.clusterconfig.azure",
    "azureextensionidentities.clusterconfig.azure",
    "customlocationsettings.clusterconfig.azure",
    "extensionconfigs.clusterconfig.azure",
    "gitconfigs.clusterconfig.azure",
    "connectedclusters.arc.azure",
)


def crd_names(domain: str) -> tuple[str, ...]:
    """Return the seven kinds that Arc defines; `domain` is `com`, `us`, `cn`, …"""
    return tuple(f"{name}.{domain}" for name in CRD_NAMES)
