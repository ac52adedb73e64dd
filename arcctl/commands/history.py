"""`arcctl history`."""

from __future__ import annotations

from typing import Annotated

import typer

from arcctl.commands.options import CLUSTER
from arcctl.commands.session import Session, command

RunName = Annotated[str | None, typer.Argument(help="The run; without it, all of them.")]


@command(CLUSTER)
async def history(session: Session, run: RunName = None) -> None:
    """Show the runs that this machine and the cluster know of, or all that happened in one.

    Example: arcctl history -o table
    """
    from arcctl.operations import history as operation
    from arcctl.views.history import write_run, write_runs

    if run:
        found = await operation.history_of(session.clients, run)
        write_run(session.console, found)
    else:
        write_runs(session.console, await operation.history(session.clients))
