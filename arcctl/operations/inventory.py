"""Show one connected cluster, list many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.errors import ClusterError, FindingsError, NotFound, Refusal
from arcctl.model.resource_id import CONNECTED_CLUSTERS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from arcctl.checks.sight import Sight
    from arcctl.clients import Clients
    from arcctl.model.agents import AgentState
    from arcctl.model.connected_cluster import Body
    from arcctl.model.resource_id import ClusterId


async def show(clients: Clients, cluster: ClusterId) -> Body:
    """Return the resource, or raise NotFound."""
    resource = await (await clients.arm()).find(cluster.path)
    if resource is None:
        raise NotFound(
            f"no connected cluster {cluster.name} in group {cluster.group}",
            code="AZK8S0405",
            hints=f"arcctl list -g {cluster.group}",
        )
    return resource


async def show_agents(sight: Sight) -> list[AgentState]:
    """Return the agents of the cluster behind the kubeconfig, if it is the right one."""
    from arcctl.checks.agents import agents as look_at_agents

    onboarding = await sight.onboarding()
    if onboarding is None:
        raise ClusterError(
            "no agents of Azure Arc are in this cluster",
            code="AZK8S0201",
            hints=f"arcctl connect -n {sight.cluster.name} -g {sight.cluster.group}",
        )
    if onboarding.contradicts(sight.cluster, tenant=None):
        raise Refusal(
            f"this kubeconfig leads to the cluster of {onboarding.cluster.name}",
            code="AZK8S0406",
            hints="choose the right cluster with --kube-context NAME",
        )
    return await look_at_agents(sight)


async def show_features(sight: Sight) -> tuple[str, ...]:
    """Return the features that only the agents in the cluster know of."""
    from arcctl.model.agent_features import features_on

    installed = await sight.installed()
    return features_on(installed.effective) if installed else ()


async def list_clusters(
    clients: Clients, subscription: str, group: str | None
) -> AsyncIterator[Body]:
    """Yield the clusters of a group or a subscription, page by page, as they arrive."""
    scope = f"/subscriptions/{subscription}"
    if group:
        scope += f"/resourceGroups/{group}"
    arm = await clients.arm()
    async for resource in arm.items(f"{scope}/providers/{CONNECTED_CLUSTERS}"):
        yield resource


def require_connected(resource: Body) -> None:
    """Raise FindingsError unless the (printed) resource says Connected."""
    status = resource["connectivityStatus"]
    if status != "Connected":
        raise FindingsError(
            f"{resource['name']} is {status}, not Connected",
            code="not-connected",
            hints=f"arcctl show -n {resource['name']} -g {resource['resourceGroup']} --agents",
        )
