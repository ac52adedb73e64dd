"""`arcctl show` and `arcctl list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from arcctl.commands.options import CLUSTER, Group, Name
from arcctl.commands.session import Session, command

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Agents = Annotated[bool, typer.Option("--agents", help="Look into the cluster at each agent.")]
ExitStatus = Annotated[bool, typer.Option("--exit-status", help="Exit 5 unless Connected.")]


@command(CLUSTER)
async def show(
    session: Session,
    name: Name,
    resource_group: Group = None,
    agents: Agents = False,
    exit_status: ExitStatus = False,
) -> None:
    """Show a connected cluster and whether it is alive.

    Example: arcctl show -n harbor -g edge --agents
    """
    from arcctl.model.connected_cluster import printed
    from arcctl.operations import inventory
    from arcctl.views.inventory import write_cluster

    cluster = await session.cluster_id(name, resource_group)
    resource = printed(await inventory.show(session.clients, cluster))
    sight = session.sight(cluster)
    states = await inventory.show_agents(sight) if agents else None
    features = await inventory.show_features(sight) if agents else ()
    write_cluster(session.console, resource, states, features)
    if exit_status:
        inventory.require_connected(resource)


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
    found = inventory.list_clusters(session.clients, subscription.id, group)

    async def flat() -> AsyncIterator[dict[str, Any]]:
        async for resource in found:
            yield printed(resource)

    await write_list(session.console, flat())
