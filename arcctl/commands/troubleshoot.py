"""`arcctl troubleshoot`."""

from __future__ import annotations

from typing import Annotated

import typer

from arcctl.commands.options import CHANGES, CLUSTER, Group, Ids, NameOrIds
from arcctl.commands.session import Session, command

Folder = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="Where to put it; else arc_diagnostic_logs in az's folder."),
]
NoRedact = Annotated[
    bool, typer.Option("--no-redact", help="Leave secrets in what others have written. Dangerous.")
]
NoDiagnoser = Annotated[
    bool, typer.Option("--no-diagnoser", help="Make no job in the cluster: change nothing at all.")
]
Patience = Annotated[
    int, typer.Option("--timeout", help="Seconds that one piece or question may take.", min=1)
]
Tags = Annotated[
    list[str] | None, typer.Option(metavar="K=V ...", help="Accepted as in az, and not used.")
]


@command(CLUSTER, CHANGES)
async def troubleshoot(
    session: Session,
    name: NameOrIds = None,
    resource_group: Group = None,
    ids: Ids = None,
    folder: Folder = None,
    no_redact: NoRedact = False,
    no_diagnoser: NoDiagnoser = False,
    patience: Patience = 20,
    tags: Tags = None,
) -> None:
    """Find out what is wrong with a cluster, and collect it all in one archive, without secrets.

    Example: arcctl troubleshoot -n harbor -g edge
    """
    from arcctl.checks.health.sight import HealthSight
    from arcctl.operations.troubleshoot import TroubleshootRequest, require_health, warned
    from arcctl.operations.troubleshoot import troubleshoot as carry_out
    from arcctl.views.troubleshoot import write_evidence

    request = TroubleshootRequest(
        folder=folder or "",
        redact=not no_redact,
        diagnoser=not no_diagnoser,
        patience=patience,
        tags=tuple(tags or ()),
    )
    warned(request, session.console.progress)
    found = []
    for cluster in await session.clusters(name, resource_group, ids, without_azure=True):
        sight = HealthSight(session.clients, cluster)
        with session.run(sight, yes=True) as world:
            found.append(await carry_out(request, sight, world))
    write_evidence(session.console, found)
    require_health(found, told=session.console.output is None)
