"""The table of resource types (`arm.md` 14.1). What is not here does not exist in this Azure."""

from __future__ import annotations

from arcctl.sandbox.azure import (
    authorization,
    children,
    clusters,
    extension_types,
    extensions,
    flux,
    groups,
    policy,
    providers,
    resource_graph,
    source_control,
    started,
    stored,
    subscriptions,
    tags,
    versions,
)
from arcctl.sandbox.azure.kind import Kind

_SUBSCRIPTIONS = "Microsoft.Resources/subscriptions"
_KUBERNETES = "Microsoft.Kubernetes"
_CONFIGURATION_NAMESPACE = children.NAMESPACE

_CORE = (
    Kind(
        "Microsoft.Resources/tenants",
        versions.RESOURCES,
        collection={"GET": subscriptions.tenants},
        open=True,
    ),
    Kind(
        _SUBSCRIPTIONS,
        versions.RESOURCES,
        item={"GET": subscriptions.get},
        collection={"GET": subscriptions.listing},
        open=True,
    ),
    Kind(
        f"{_SUBSCRIPTIONS}/locations",
        versions.RESOURCES,
        collection={"GET": subscriptions.locations},
        open=True,
    ),
    Kind(
        f"{_SUBSCRIPTIONS}/providers",
        versions.RESOURCES,
        item={"GET": providers.get},
        collection={"GET": providers.listing},
        open=True,
    ),
    Kind(
        f"{_SUBSCRIPTIONS}/providers/register",
        versions.RESOURCES,
        collection={"POST": providers.register},
    ),
    Kind(
        f"{_SUBSCRIPTIONS}/providers/unregister",
        versions.RESOURCES,
        collection={"POST": providers.unregister},
    ),
    Kind(
        f"{_SUBSCRIPTIONS}/operationresults",
        versions.RESOURCES,
        item={"GET": groups.delete_result},
        open=True,
    ),
    Kind(f"{_SUBSCRIPTIONS}/resources", versions.RESOURCES, collection={"GET": groups.resources}),
    Kind(
        f"{_SUBSCRIPTIONS}/resourceGroups",
        versions.RESOURCES,
        item={
            "GET": groups.get,
            "HEAD": groups.head,
            "PUT": groups.put,
            "PATCH": groups.patch,
            "DELETE": groups.delete,
        },
        collection={"GET": groups.listing},
    ),
    Kind(
        f"{_SUBSCRIPTIONS}/resourceGroups/resources",
        versions.RESOURCES,
        collection={"GET": groups.resources},
    ),
    Kind(
        f"{_SUBSCRIPTIONS}/resourceGroups/moveResources",
        versions.RESOURCES,
        collection={"POST": groups.refuse_move},
    ),
    Kind(
        f"{_SUBSCRIPTIONS}/resourceGroups/validateMoveResources",
        versions.RESOURCES,
        collection={"POST": groups.refuse_move},
    ),
    Kind(
        clusters.TYPE,
        versions.CLUSTERS,
        item={
            "GET": clusters.get,
            "HEAD": clusters.head,
            "PUT": clusters.put,
            "PATCH": clusters.patch,
            "DELETE": clusters.delete,
        },
        collection={"GET": clusters.listing},
        tracked=True,
    ),
    Kind(
        f"{clusters.TYPE}/listClusterUserCredential",
        versions.CLUSTERS,
        collection={"POST": clusters.credential},
    ),
    Kind(
        f"{_KUBERNETES}/operations",
        versions.CLUSTERS,
        collection={"GET": clusters.operations},
        open=True,
    ),
    Kind(
        f"{_KUBERNETES}/locations/operationStatuses",
        versions.CLUSTERS,
        item={"GET": started.cluster_status},
        open=True,
    ),
    Kind(
        f"{_KUBERNETES}/locations/operationResults",
        versions.CLUSTERS,
        item={"GET": clusters.patch_result},
        open=True,
    ),
)

_CONFIGURATION = (
    Kind(
        extensions.TYPE,
        versions.EXTENSIONS,
        item={
            "GET": extensions.get,
            "PUT": extension_types.guarded(extensions.put),
            "PATCH": extensions.patch,
            "DELETE": extensions.delete,
        },
        collection={"GET": extensions.listing},
        regional=True,
    ),
    Kind(
        flux.TYPE,
        versions.FLUX,
        item={"GET": flux.get, "PUT": flux.put, "PATCH": flux.patch, "DELETE": flux.delete},
        collection={"GET": flux.listing},
        regional=True,
    ),
    Kind(
        source_control.TYPE,
        versions.SOURCE_CONTROL,
        item={
            "GET": source_control.get,
            "PUT": source_control.put,
            "DELETE": source_control.delete,
        },
        collection={"GET": source_control.listing},
        regional=True,
    ),
    *(
        Kind(
            f"{_CONFIGURATION_NAMESPACE}/{owner}/operations",
            known,
            item={"GET": children.operation_status},
        )
        for owner, known in (
            ("extensions", versions.EXTENSIONS),
            ("fluxConfigurations", versions.FLUX),
        )
    ),
    *(
        kind
        for place in ("extensionTypes", "locations/extensionTypes")
        for kind in (
            Kind(
                f"{_CONFIGURATION_NAMESPACE}/{place}",
                versions.EXTENSION_TYPES,
                item={"GET": extension_types.get},
                collection={"GET": extension_types.listing},
            ),
            Kind(
                f"{_CONFIGURATION_NAMESPACE}/{place}/versions",
                versions.EXTENSION_TYPES,
                item={"GET": extension_types.version_get},
                collection={"GET": extension_types.version_listing},
            ),
        )
    ),
)


def _kept(type_name: str, known: tuple[str, ...], *, tracked: bool = False) -> Kind:
    """Return a type that is stored and nothing more."""
    item = {
        "GET": stored.get,
        "PUT": stored.put,
        "PATCH": stored.patch,
        "DELETE": stored.delete,
    }
    return Kind(type_name, known, item, {"GET": stored.listing}, tracked=tracked)


_STORED = (
    _kept("Microsoft.ExtendedLocation/customLocations", versions.CUSTOM_LOCATIONS, tracked=True),
    _kept("Microsoft.HybridCompute/privateLinkScopes", versions.HYBRID_COMPUTE, tracked=True),
    _kept("Microsoft.HybridCompute/gateways", versions.HYBRID_COMPUTE, tracked=True),
    Kind(
        "Microsoft.HybridCompute/settings",
        versions.HYBRID_COMPUTE,
        item={"GET": stored.get, "PUT": stored.put_setting, "DELETE": stored.delete},
        collection={"GET": stored.listing},
    ),
    _kept("Microsoft.App/connectedEnvironments", versions.APPS, tracked=True),
    _kept("Microsoft.ManagedIdentity/userAssignedIdentities", versions.IDENTITIES, tracked=True),
    _kept(
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
        versions.IDENTITIES,
    ),
    _kept("Microsoft.Storage/storageAccounts", versions.STORAGE, tracked=True),
    _kept("Microsoft.EventHub/namespaces", versions.STORAGE, tracked=True),
    _kept("Microsoft.Insights/dataCollectionRules", versions.RULE_ASSOCIATIONS, tracked=True),
    _kept("Microsoft.Insights/dataCollectionEndpoints", versions.RULE_ASSOCIATIONS, tracked=True),
    _kept("Microsoft.Insights/diagnosticSettings", versions.DIAGNOSTICS),
    _kept("Microsoft.Insights/dataCollectionRuleAssociations", versions.RULE_ASSOCIATIONS),
    *(
        _kept(f"Microsoft.KubernetesRuntime/{name}", versions.RUNTIME)
        for name in ("loadBalancers", "storageClasses", "bgpPeers")
    ),
)
_AUTHORIZATION = "Microsoft.Authorization"
_ATTACHED = (
    Kind(
        f"{_AUTHORIZATION}/locks",
        versions.LOCKS,
        item={"GET": stored.get, "PUT": authorization.put_lock, "DELETE": stored.delete},
        collection={"GET": authorization.locks},
    ),
    Kind(
        f"{_AUTHORIZATION}/roleAssignments",
        versions.AUTHORIZATION,
        item={
            "GET": stored.get,
            "PUT": authorization.put_role_assignment,
            "DELETE": stored.delete,
        },
        collection={"GET": authorization.role_assignments},
    ),
    Kind(
        f"{_AUTHORIZATION}/roleDefinitions",
        versions.AUTHORIZATION,
        item={"GET": authorization.role_definition},
        collection={"GET": authorization.role_definitions},
        open=True,
    ),
    Kind(
        f"{_AUTHORIZATION}/permissions",
        versions.AUTHORIZATION,
        collection={"GET": authorization.permissions},
        open=True,
    ),
    *(
        Kind(
            f"{_AUTHORIZATION}/{name}",
            versions.POLICY,
            item={"GET": stored.get, "PUT": stored.put, "DELETE": stored.delete},
            collection={"GET": listing},
        )
        for name, listing in (
            ("policyAssignments", authorization.policy_assignments),
            ("policyExemptions", authorization.policy_exemptions),
        )
    ),
    Kind(
        "Microsoft.Resources/tags",
        versions.RESOURCES,
        item={"GET": tags.get, "PUT": tags.put, "PATCH": tags.patch, "DELETE": tags.delete},
    ),
    Kind(
        "Microsoft.PolicyInsights/checkPolicyRestrictions",
        versions.POLICY_RESTRICTIONS,
        collection={"POST": policy.restrictions},
        acts_as="read",
    ),
    Kind(
        "Microsoft.ResourceGraph/resources",
        versions.GRAPH_QUERIES,
        collection={"POST": resource_graph.query},
        open=True,
    ),
)
BY_TYPE = {kind.type.lower(): kind for kind in (*_CORE, *_CONFIGURATION, *_STORED, *_ATTACHED)}
