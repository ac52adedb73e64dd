"""Show one connected cluster, list many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.errors import ClusterError, FindingsError, NotFound, Refusal, UsageError
from arcctl.model.resource_id import CONNECTED_CLUSTERS
from arcctl.operations.pacing import side_by_side

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from arcctl.checks.sight import Sight
    from arcctl.clients import Clients
    from arcctl.model.agents import AgentState
    from arcctl.model.connected_cluster import Body
    from arcctl.model.resource_id import ClusterId


async def show(clients: Clients, cluster: ClusterId) -> Body:
    """Return the resource, or raise NotFound."""
    resource = await (await clients.arm()).find(cluster.path)
    if resource is None:
        raise missing(cluster)
    return resource


async def show_all(clients: Clients, clusters: Sequence[ClusterId]) -> list[Body]:
    """Return the resources, asked for side by side; raise NotFound where one is missing."""
    found: dict[ClusterId, Body] = {}

    async def look(cluster: ClusterId) -> None:
        found[cluster] = await show(clients, cluster)

    await side_by_side(map(look, clusters))
    return [found[each] for each in clusters]


def missing(cluster: ClusterId) -> NotFound:
    """Make the error for a cluster that is not in Azure."""
    return NotFound(
        f"no connected cluster {cluster.name} in group {cluster.group}",
        code="AZK8S0405",
        hints=f"arcctl list {cluster.group_named}",
    )


def name_runs(clients: Clients, clusters: Sequence[ClusterId]) -> tuple[str, ...]:
    """Say of each run that this machine began with one of these, and that has not ended; name them.

    So too where it is the target of a move.

    Whether another machine has finished it meanwhile only the cluster knows, and it is not asked;
    once a command has seen that the cluster holds it no more, it is not named.
    """
    wanted = {*clusters}
    return _named(clients, lambda cluster: cluster in wanted)


def name_runs_in(clients: Clients, subscription: str, group: str | None) -> tuple[str, ...]:
    """Say the same of the runs about any cluster of a group or a subscription."""

    def is_within(cluster: ClusterId) -> bool:
        same = cluster.subscription.casefold() == subscription.casefold()
        return same and (not group or cluster.group.casefold() == group.casefold())

    return _named(clients, is_within)


def _named(clients: Clients, is_meant: Callable[[ClusterId], bool]) -> tuple[str, ...]:
    from arcctl.operations.keeping import here, lookup

    found = []
    home = lookup.home(clients.settings)
    for run, copy in here.open_runs(home).items():
        about = lookup.clusters_of(copy)
        if any(map(is_meant, about)):
            what = f"the {copy.header.verb} of {about[0].name}"
            begun = f"{what} begun {copy.started[:19]}Z on this machine"
            clients.note(
                f"{begun} is under way: arcctl history {run}"
                if here.lives(home, run)
                else f"{begun} has not ended, as far as this one knows; "
                f"see whether another has finished it (arcctl history), else: arcctl resume {run}"
            )
            found.append(run)
    return tuple(found)


async def show_agents(sight: Sight) -> list[AgentState]:
    """Return the agents of the cluster behind the kubeconfig, if it is the right one."""
    from arcctl.checks.agents import agents as look_at_agents

    onboarding = await sight.onboarding()
    if onboarding is None:
        # A move has removed them for now; to connect would be refused.
        from arcctl.operations.keeping.free import require_free

        await require_free(sight.clients)
        raise ClusterError(
            "no agents of Azure Arc are in this cluster",
            code="AZK8S0201",
            hints=(
                "choose the right cluster with --kube-context NAME",
                f"or install them here: arcctl connect {sight.cluster.named}",
            ),
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


def require_one(clusters: Sequence[ClusterId]) -> None:
    """Raise UsageError for several: their agents cannot all be behind one kubeconfig."""
    if len(clusters) > 1:
        raise UsageError(
            "--agents looks into one cluster",
            why=f"one kubeconfig context does not lead to all {len(clusters)}",
        )


def require_connected(clusters: Sequence[ClusterId], resources: Sequence[Body]) -> None:
    """Raise FindingsError unless all of the (printed) resources say Connected."""
    states = zip(clusters, (each["connectivityStatus"] for each in resources), strict=True)
    silent = {cluster: state for cluster, state in states if state != "Connected"}
    if silent:
        said = [f"{cluster.name} is {state}" for cluster, state in silent.items()]
        raise FindingsError(
            f"{', '.join(said)}, not Connected",
            code="not-connected",
            hints=f"arcctl show {next(iter(silent)).named} --agents",
        )
