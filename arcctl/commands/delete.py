"""`arcctl delete`."""

from __future__ import annotations

from typing import Annotated

import typer

from arcctl.commands.options import CHANGES, CLUSTER, Group, Ids, NameOrIds, NoWait, Yes
from arcctl.commands.session import Session, command

Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Remove finalizers, and namespaces with what others keep there; proceed if it is not certain which cluster it is.",
    ),
]
AzureOnly = Annotated[
    bool, typer.Option("--azure-only", help="Delete the resource; touch no cluster.")
]
ClusterOnly = Annotated[
    bool, typer.Option("--cluster-only", help="Remove the agents; leave the resource.")
]
SkipCheck = Annotated[
    bool,
    typer.Option(
        "--skip-cluster-check",
        help="Proceed even if it is not certain that this is the right cluster, or it names another owner.",
    ),
]


@command(CLUSTER, CHANGES)
async def delete(
    session: Session,
    name: NameOrIds = None,
    resource_group: Group = None,
    ids: Ids = None,
    force: Force = False,
    no_wait: NoWait = False,
    yes: Yes = False,
    azure_only: AzureOnly = False,
    cluster_only: ClusterOnly = False,
    skip_cluster_check: SkipCheck = False,
) -> None:
    """Remove a cluster from Azure Arc: its resource, what hangs on it, and the agents.

    Example: arcctl delete -n harbor -g edge --yes
    """
    from arcctl.operations.delete import delete as carry_out
    from arcctl.operations.request import DeleteRequest
    from arcctl.views.runs import deleted

    for cluster in await session.clusters(name, resource_group, ids):
        request = DeleteRequest(
            name=cluster.name,
            group=cluster.group,
            force=force,
            wait=not no_wait,
            azure_only=azure_only,
            cluster_only=cluster_only,
            skip_cluster_check=skip_cluster_check,
        )
        with session.run(session.sight(cluster), yes=yes) as world:
            removed = await carry_out(request, world)
        deleted(
            session.console,
            f"{cluster.name} ({cluster.group})",
            resource=removed.resource,
            agents=removed.agents,
        )
