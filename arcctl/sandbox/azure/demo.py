"""The scenarios `demo` and `standing` (`arm.md` 14.6).

A connected cluster with a bit of everything on it; in `standing` also things that stand on it.
Of the regions, westeurope offers all that it needs and brazilsouth no connected clusters.
"""

from __future__ import annotations

from typing import Any

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/arc-demo"
CLUSTER = f"{GROUP}/providers/Microsoft.Kubernetes/connectedClusters/demo"
_CONFIGURATION = f"{CLUSTER}/providers/Microsoft.KubernetesConfiguration"
_ROLE = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
_MONITOR = "microsoft.azuremonitor.containers"


def _extension(name: str, kind: str, version: str, /, **more: Any) -> dict[str, Any]:
    plan, secrets = more.pop("plan", None), more.pop("secrets", ())
    return {
        "id": f"{_CONFIGURATION}/extensions/{name}",
        "identity": {
            "type": "SystemAssigned",
            "principalId": f"00000000-0000-0000-0001-{len(name):012}",
        },
        "plan": plan,
        "secrets": list(secrets),
        "properties": {
            "extensionType": kind,
            "autoUpgradeMinorVersion": True,
            "autoUpgradeMode": "compatible",
            "releaseTrain": "Stable",
            "version": None,
            "currentVersion": version,
            "scope": {"cluster": {"releaseNamespace": "kube-system"}},
            "configurationSettings": {},
            "statuses": [],
            "errorInfo": None,
            "aksAssignedIdentity": None,
            "isSystemExtension": False,
            "customLocationSettings": None,
            "packageUri": None,
            "provisioningState": "Succeeded",
            **more,
        },
    }


_EXTENSIONS = [
    _extension(
        "flux", "microsoft.flux", "1.18.2", scope={"cluster": {"releaseNamespace": "flux-system"}}
    ),
    _extension(
        "monitor",
        _MONITOR,
        "3.1.31",
        secrets=("amalogs.secret.key", "amalogs.secret.wsid"),
        configurationSettings={
            "logAnalyticsWorkspaceResourceID": f"{GROUP}/providers/"
            "Microsoft.OperationalInsights/workspaces/logs"
        },
    ),
    _extension("policy", "microsoft.policyinsights", "1.11.1", isSystemExtension=True),
    _extension(
        "secrets",
        "microsoft.azurekeyvaultsecretsprovider",
        "1.6.4",
        autoUpgradeMinorVersion=False,
        autoUpgradeMode="none",
        version="1.6.4",
    ),
    _extension(
        "backup",
        "contoso.marketplace.backup",
        "2.4.0",
        plan={"name": "standard", "publisher": "contoso", "product": "backup"},
    ),
]


def _flux(name: str, kind: str, source: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a configuration as a client would send it, with a kustomization unless it has some."""
    block = kind[0].lower() + kind[1:] if kind != "OCIRepository" else "ociRepository"
    return {
        "id": f"{_CONFIGURATION}/fluxConfigurations/{name}",
        "properties": {
            "namespace": name,
            "sourceKind": kind,
            block: source,
            "kustomizations": {"all": {"path": "./"}},
            **more,
        },
    }


_MAIN = {"repositoryRef": {"branch": "main"}}
_SOURCE_CONTROL = {
    "id": f"{GROUP}/providers/Microsoft.Kubernetes/connectedClusters/legacy/providers/"
    "Microsoft.KubernetesConfiguration/sourceControlConfigurations/v1",
    "properties": {"repositoryUrl": "https://git.example/v1", "operatorNamespace": "v1"},
}
_FLUX = [
    _flux("public", "GitRepository", {"url": "https://git.example/public", **_MAIN}),
    _flux(
        "private",
        "GitRepository",
        {"url": "https://git.example/private", "httpsUser": "reader", **_MAIN},
        configurationProtectedSettings={"httpsKey": "demo"},
    ),
    _flux("deploy-key", "GitRepository", {"url": "ssh://git@git.example/deploy", **_MAIN}),
    _flux(
        "bucket",
        "Bucket",
        {"url": "https://s3.example", "bucketName": "apps", "accessKey": "reader"},
        configurationProtectedSettings={"bucketSecretKey": "demo"},
    ),
    _flux(
        "blob",
        "AzureBlob",
        {
            "url": "https://store.example",
            "containerName": "apps",
            "servicePrincipal": {
                "clientId": "00000000-0000-0000-0000-0000000000b1",
                "tenantId": "00000000-0000-0000-0000-0000000000aa",
                "clientSecret": "demo",
            },
        },
    ),
    _flux("oci", "OCIRepository", {"url": "oci://registry.example/apps"}),
    _flux("paused", "GitRepository", {"url": "https://git.example/paused", **_MAIN}, suspend=True),
    _flux(
        "platform",
        "GitRepository",
        {"url": "https://git.example/platform", **_MAIN},
        kustomizations={
            "infra": {"path": "./infra", "prune": True},
            "apps": {
                "path": "./apps",
                "prune": True,
                "dependsOn": ["infra"],
                "postBuild": {"substitute": {"stage": "demo"}},
            },
        },
    ),
]


def _assignment(name: str, role: str, principal: str) -> dict[str, Any]:
    return {
        "id": f"{CLUSTER}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "properties": {
            "scope": CLUSTER,
            "roleDefinitionId": f"{_ROLE}/{role}",
            "principalId": principal,
            "principalType": "User",
        },
    }


DEMO: dict[str, Any] = {
    "groups": [{"name": "arc-demo", "location": "eastus"}],
    "clusters": [
        {
            "name": "demo",
            "group": "arc-demo",
            "location": "eastus",
            "tags": {"stage": "demo", "team": "edge"},
        },
        {"name": "legacy", "group": "arc-demo", "location": "eastus", "state": "Offline"},
    ],
    "resources": [
        *_EXTENSIONS,
        *_FLUX,
        _SOURCE_CONTROL,
        _assignment(
            "00000000-0000-0000-0002-000000000001",
            "00493d72-78f6-4148-b6c5-d3ce8e4799dd",
            "00000000-0000-0000-0000-0000000001a4",
        ),
        _assignment(
            "00000000-0000-0000-0002-000000000002",
            "acdd72a7-3385-48ef-bd42-f606fba81ae7",
            "00000000-0000-0000-0000-0000000001a2",
        ),
    ],
}
# A custom location stands in the way of a move, so it is in a scenario of its own.
STANDING: dict[str, Any] = {
    "scenario": "demo",
    "customLocations": [{"name": "harbor", "cluster": "arc-demo/demo", "holds": ["apps"]}],
}
