"""`arcctl wait`."""

from __future__ import annotations

from typing import Annotated

import typer

from arcctl.commands.options import Group, Ids, NameOrIds
from arcctl.commands.session import Session, command

Created = Annotated[bool, typer.Option("--created", help="Until it is there, and provisioned.")]
Connected = Annotated[bool, typer.Option("--connected", help="Until its status is Connected.")]
Deleted = Annotated[bool, typer.Option("--deleted", help="Until it is gone.")]
Updated = Annotated[bool, typer.Option("--updated", help="Until its last change is through.")]
Custom = Annotated[
    str | None, typer.Option(metavar="JMESPATH", help="Until a query of what show prints is true.")
]
Interval = Annotated[str, typer.Option(help="Seconds, or 1m, between two looks.")]
Timeout = Annotated[str, typer.Option(help="Seconds, or 20m, to wait at most.")]


@command()
async def wait(
    session: Session,
    name: NameOrIds = None,
    resource_group: Group = None,
    ids: Ids = None,
    created: Created = False,
    connected: Connected = False,
    deleted: Deleted = False,
    updated: Updated = False,
    custom: Custom = None,
    interval: Interval = "30",
    timeout: Timeout = "3600",  # noqa: ASYNC109 - it is az's flag
) -> None:
    """Wait until a cluster is created, connected, updated or deleted, or as a query says.

    Example: arcctl wait -n harbor -g edge --connected --timeout 20m
    """
    from arcctl.model.condition import chosen
    from arcctl.model.duration import pause, seconds
    from arcctl.operations.wait import WaitRequest
    from arcctl.operations.wait import wait as carry_out

    said = {"created": created, "connected": connected, "deleted": deleted, "updated": updated}
    condition = chosen([word for word, wanted in said.items() if wanted], custom)
    request = WaitRequest(condition, pause(interval), seconds(timeout))
    clusters = await session.clusters(name, resource_group, ids)
    await carry_out(request, clusters, session.clients, session.console.progress)
