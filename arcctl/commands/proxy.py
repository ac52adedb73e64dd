"""`arcctl proxy`."""

from __future__ import annotations

from typing import Annotated

import typer

from arcctl.commands.options import Group, Ids, NameOrIds
from arcctl.commands.session import Session, command

Token = Annotated[
    str | None, typer.Option(help="Token of a service account in the cluster; else Entra's.")
]
Context = Annotated[
    str | None, typer.Option(help="Name of the context that is written; else the cluster's.")
]
File = Annotated[
    str, typer.Option("--file", "-f", help="Kubeconfig that gets the context; - is stdout.")
]
Port = Annotated[int, typer.Option(help="Port on this machine for kubectl.")]


@command()
async def proxy(
    session: Session,
    name: NameOrIds = None,
    resource_group: Group = None,
    ids: Ids = None,
    token: Token = None,
    kube_context: Context = None,
    file: File = "~/.kube/config",
    port: Port = 47011,
) -> None:
    """Open a way into a connected cluster through Azure, for kubectl, until Ctrl-C.

    Example: arcctl proxy -n harbor -g edge
    """
    given = {key: value for key, value in locals().items() if key != "session"}
    from arcctl.operations.proxy import proxy as carry_out
    from arcctl.operations.session import proxy_request
    from arcctl.views.proxy import kubeconfig

    clusters = await session.clusters(name, resource_group, ids)
    request = proxy_request(clusters, given, session.settings.environ)
    show = kubeconfig(session.console)
    await carry_out(request, session.clients, session.console.progress, show)
