"""`arcctl show` and `arcctl list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from arcctl.commands.options import CLUSTER, Group, Ids, NameOrIds
from arcctl.commands.session import Session, command

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Agents = Annotated[bool, typer.Option("--agents", help="Look into the cluster at each agent.")]
ExitStatus = Annotated[bool, typer.Option("--exit-status", help="Exit 5 unless Connected.")]


@command(CLUSTER)
async def show(
    session: Session,
    name: NameOrIds = None,
    resource_group: Group = None,
    ids: Ids = None,
    agents: Agents = False,
    exit_status: ExitStatus = False,
) -> None:
    """Show a connected cluster and whether it is alive.

    Example: arcctl show -n harbor -g edge --agents
    """
    from arcctl.model.connected_cluster import printed
    from arcctl.operations import inventory
    from arcctl.views.inventory import write_clusters

    clusters = await session.clusters(name, resource_group, ids)
    if agents:
        inventory.require_one(clusters)
    sight = session.sight(clusters[0])
    inventory.name_runs(session.clients, clusters)
    resources = [printed(each) for each in await inventory.show_all(session.clients, clusters)]
    states = await inventory.show_agents(sight) if agents else None
    features = await inventory.show_features(sight) if agents else ()
    write_clusters(session.console, resources, states, features)
    if exit_status:
        inventory.require_connected(clusters, resources)


@command()
async def list_clusters(session: Session, resource_group: Group = None) -> None:
    """List the connected clusters of a group or a subscription.

    Example: arcctl list -o table
    """
    from arcctl.clients.subscriptions import resolve
    from arcctl.model.connected_cluster import printed
    from arcctl.operations import inventory
    from arcctl.views.inventory import write_list

    subscription = await resolve(await session.clients.arm(), session.settings)
    group = resource_group or session.settings.group
    inventory.name_runs_in(session.clients, subscription.id, group)
    found = inventory.list_clusters(session.clients, subscription.id, group)

    async def flat() -> AsyncIterator[dict[str, Any]]:
        async for resource in found:
            yield printed(resource)

    await write_list(session.console, flat())
