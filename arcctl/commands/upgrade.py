"""`arcctl upgrade`."""

from __future__ import annotations

from typing import Annotated

import typer

from arcctl.commands.options import CHANGES, CLUSTER, OWNER, Group, Ids, NameOrIds
from arcctl.commands.session import Session, command

Version = Annotated[
    str | None, typer.Option(help="Version of the agents; else the newest of the train.")
]
Patience = Annotated[
    str, typer.Option(help="Seconds, or 20m, until every agent must be ready; else rolled back.")
]


@command(CLUSTER, CHANGES, OWNER)
async def upgrade(
    session: Session,
    name: NameOrIds = None,
    resource_group: Group = None,
    ids: Ids = None,
    agent_version: Version = None,
    upgrade_timeout: Patience = "600",
) -> None:
    """Upgrade the agents of a cluster that does not upgrade itself.

    Example: arcctl upgrade -n harbor -g edge --agent-version 1.36.1
    """
    given = {key: value for key, value in locals().items() if key != "session"}
    from arcctl.operations.reading_changes import upgrade_request
    from arcctl.operations.upgrade import upgrade as carry_out
    from arcctl.views.runs import results, upgraded

    ended = []
    for cluster in await session.clusters(name, resource_group, ids):
        request = upgrade_request(cluster, given, session.settings.environ)
        with session.run(session.sight(cluster), yes=True) as world:
            done = await carry_out(request, world)
        said = f"{cluster.name} ({cluster.group})"
        ended.append(upgraded(session.console, said, old=done.old, new=done.new))
    results(session.console, ended)
