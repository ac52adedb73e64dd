"""Connected clusters as ARM describes them (`arm.md` 2.2, 2.4)."""

from __future__ import annotations

from typing import Any

HARBOR: dict[str, Any] = {
    "id": "/subscriptions/s-1/resourceGroups/Edge/providers/Microsoft.Kubernetes/connectedClusters/harbor",
    "name": "harbor",
    "type": "microsoft.kubernetes/connectedclusters",
    "location": "westeurope",
    "tags": {"site": "north"},
    "identity": {"type": "SystemAssigned", "principalId": "p-1", "tenantId": "t-1"},
    "systemData": {
        "createdBy": "ci",
        "createdByType": "Application",
        "createdAt": "2026-08-01T10:00:00.1234567Z",
        "lastModifiedBy": "ci",
        "lastModifiedByType": "Application",
        "lastModifiedAt": "2026-08-01T10:00:00.1234567Z",
    },
    "properties": {
        "agentPublicKeyCertificate": "KEY",
        "distribution": "kind",
        "infrastructure": "generic",
        "provisioningState": "Succeeded",
        "connectivityStatus": "Connected",
        "inboundConnectivityStatus": "Connected",
        "lastInboundConnectivityTime": "2026-08-01T10:00:00Z",
        "kubernetesVersion": "1.36.3",
        "agentVersion": "1.36.1",
        "totalNodeCount": 3,
        "totalCoreCount": 12,
        "offering": "none",
        "lastConnectivityTime": "2026-08-01T10:00:00.1234567Z",
        "managedIdentityCertificateExpirationTime": "2026-10-30T10:00:00Z",
        "privateLinkState": "Disabled",
        "azureHybridBenefit": "NotApplicable",
        "aadProfile": {"enableAzureRBAC": True, "tenantID": "t-1"},
        "arcAgentProfile": {
            "agentAutoUpgrade": "Enabled",
            "agentState": "Succeeded",
            "agentErrors": [
                {"time": "now", "severity": "low", "message": "slow", "component": "flux"}
            ],
            "systemComponents": [{"type": "Strato", "majorVersion": 1, "currentVersion": "1.2.3"}],
        },
        "oidcIssuerProfile": {"enabled": True, "issuerUrl": "https://issuer.example/westeurope"},
        "arcAgentryConfigurations": [
            {"feature": "logging", "settings": {"path": "/x"}, "protectedSettings": None}
        ],
        "miscellaneousProperties": {"createCorrelationId": "c-1"},
    },
}
UNHEARD: dict[str, Any] = {
    "id": "/subscriptions/s-1/resourcegroups/edge/providers/Microsoft.Kubernetes/connectedClusters/depot",
    "name": "depot",
    "type": "microsoft.kubernetes/connectedclusters",
    "location": "westeurope",
    "identity": {"type": "SystemAssigned"},
    "properties": {"connectivityStatus": "Connecting", "provisioningState": "Succeeded"},
}
