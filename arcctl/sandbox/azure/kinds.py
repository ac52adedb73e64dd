"""The table of resource types (`arm.md` 14.1). What is not here does not exist in this Azure."""

from __future__ import annotations

from arcctl.sandbox.azure import (
    clusters,
    groups,
    policy,
    providers,
    started,
    subscriptions,
    versions,
)
from arcctl.sandbox.azure.kind import Kind

_SUBSCRIPTIONS = "Microsoft.Resources/subscriptions"
_KUBERNETES = "Microsoft.Kubernetes"

_ALL = (
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
    Kind(
        "Microsoft.PolicyInsights/checkPolicyRestrictions",
        versions.POLICY_RESTRICTIONS,
        collection={"POST": policy.restrictions},
    ),
)
BY_TYPE = {kind.type.lower(): kind for kind in _ALL}
