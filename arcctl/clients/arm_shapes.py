"""What the parts of ARM's answers are that arcctl reads, by resource type (`arm.md` 2 to 9).

Nothing is asked of what nobody reads, and a field may always be absent or null. One of another
sort than its reader expects makes the answer unusable: nobody may conclude anything from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.clients import answers
from arcctl.clients.arm_versions import kind_of
from arcctl.model.shape import misfit

if TYPE_CHECKING:
    from arcctl.clients.answers import Expected

_WORDS = {str: (str, None)}
_IDENTITY = {"type?": str, "principalId?": str, "tenantId?": str, "userAssignedIdentities?": dict}
_ANY_RESOURCE: dict[str, Any] = {
    "id?": str,
    "name?": str,
    "type?": str,
    "kind?": str,
    "location?": str,
    "tags?": _WORDS,
    "identity?": _IDENTITY,
    "systemData?": {"createdAt?": str, "createdBy?": str, "lastModifiedAt?": str},
    "properties?": {"provisioningState?": str, "enabled?": bool},
}


def _texts(*names: str) -> dict[str, Any]:
    return {f"{name}?": str for name in names}


_CLUSTER = {
    **_texts("agentPublicKeyCertificate", "agentVersion", "azureHybridBenefit"),
    **_texts("connectivityStatus", "distribution", "distributionVersion", "infrastructure"),
    **_texts("kubernetesVersion", "lastConnectivityTime", "offering", "provisioningState"),
    **_texts("managedIdentityCertificateExpirationTime"),
    **_texts("privateLinkScopeResourceId", "privateLinkState"),
    "totalCoreCount?": float,
    "totalNodeCount?": float,
    "miscellaneousProperties?": dict,
    "aadProfile?": {
        "enableAzureRBAC?": bool,
        "adminGroupObjectIDs?": [str],
        "tenantID?": str,
    },
    "arcAgentProfile?": {
        **_texts("agentAutoUpgrade", "agentState", "desiredAgentVersion"),
        "agentErrors?": [_texts("component", "message", "severity", "time")],
        "systemComponents?": [
            _texts("type", "currentVersion", "userSpecifiedVersion"),
        ],
    },
    "arcAgentryConfigurations?": [
        {"feature?": str, "settings?": _WORDS, "protectedSettings?": _WORDS}
    ],
    "gateway?": {"enabled?": bool, "resourceId?": str},
    "oidcIssuerProfile?": {
        "enabled?": bool,
        **_texts("issuerUrl", "selfHostedIssuerUrl"),
    },
    "securityProfile?": {"workloadIdentity?": {"enabled?": bool}},
}
_ASSIGNMENT = _texts("roleDefinitionId", "principalId", "principalType", "scope", "description")
_CHILD = {
    **_texts("provisioningState", "extensionType", "releaseTrain", "version", "currentVersion"),
    **_texts("sourceKind", "namespace", "scope", "complianceState", "managedBy"),
    "configurationSettings?": _WORDS,
    "configurationProtectedSettings?": _WORDS,
    "statuses?": [dict],
}
_FLUX = {
    **_texts("provisioningState", "sourceKind", "namespace", "scope", "complianceState"),
    "gitRepository?": dict,
    "bucket?": dict,
    "azureBlob?": dict,
    "ociRepository?": dict,
    "kustomizations?": {str: (dict, None)},
    "configurationProtectedSettings?": _WORDS,
    "statuses?": [dict],
}
_EXTENSION = _CHILD | {
    "scope?": {"cluster?": {"releaseNamespace?": str}, "namespace?": {"targetNamespace?": str}},
    "autoUpgradeMinorVersion?": bool,
    "isSystemExtension?": bool,
    "plan?": dict,
    "aksAssignedIdentity?": _IDENTITY,
}
_LINK = {"dataCollectionRuleId?": str, "dataCollectionEndpointId?": str, "description?": str}

# What the properties of a type are, keys in lower case.
_PROPERTIES: dict[str, dict[str, Any]] = {
    "microsoft.kubernetes/connectedclusters": _CLUSTER,
    "microsoft.kubernetesconfiguration/extensions": _EXTENSION,
    "microsoft.kubernetesconfiguration/fluxconfigurations": _FLUX,
    "microsoft.authorization/roleassignments": _ASSIGNMENT,
    "microsoft.authorization/roledefinitions": {
        "roleName?": str,
        "permissions?": [{"actions?": [str], "notActions?": [str]}],
    },
    "microsoft.authorization/locks": _texts("level", "notes"),
    "microsoft.authorization/policyassignments": {
        **_texts("displayName", "policyDefinitionId", "scope", "enforcementMode"),
        "parameters?": dict,
        "notScopes?": [str],
    },
    "microsoft.authorization/policyexemptions": _texts("policyAssignmentId", "displayName"),
    "microsoft.insights/datacollectionruleassociations": _LINK,
    "microsoft.insights/diagnosticsettings": {
        **_texts("workspaceId", "storageAccountId", "eventHubName"),
        "logs?": [dict],
        "metrics?": [dict],
    },
}
# What of a type stands beside its properties, or must be there.
_WHOLE: dict[str, dict[str, Any]] = {
    "microsoft.kubernetes/connectedclusters": {"id": str, "name": str, "location": str},
    "resourcegroups": {"location": str},
    "subscriptions": _texts("subscriptionId", "displayName", "state", "tenantId"),
    "locations": _texts("name", "displayName"),
    "microsoft.authorization/permissions": {"actions?": [str], "notActions?": [str]},
    "providers": {
        "registrationState?": str,
        "resourceTypes?": [
            {"resourceType?": str, "locations?": [str], "apiVersions?": [str]},
        ],
    },
}


def of(kind: str) -> dict[str, Any]:
    """Return the shape of one resource of a type (`arm_versions.kind_of`)."""
    shape = _ANY_RESOURCE | _WHOLE.get(kind, {})
    if kind in _PROPERTIES:
        shape["properties?"] = _PROPERTIES[kind]
    # What must be there need not be said to be optional as well.
    return {
        key: each
        for key, each in shape.items()
        if key.removesuffix("?") not in shape or "?" not in key
    }


def resource(path: str, expected: Expected) -> Expected:
    """Expect what `expected` does, of the shape that the path's type has."""
    shape = of(kind_of(path))
    return lambda body: expected(body) or misfit(body, shape)


def page(path: str) -> Expected:
    """Expect a page of a list whose elements have the shape of the path's type."""
    shape = {"value": [of(kind_of(path))]}
    return lambda body: answers.page(body) or misfit(body, shape)
