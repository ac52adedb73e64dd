"""`arcctl history`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from arcctl.commands.options import CHANGES, CLUSTER, OWNER, Yes
from arcctl.commands.session import Session, command

RunName = Annotated[str | None, typer.Argument(help="The run; without it, all of them.")]


Export = Annotated[
    str | None,
    typer.Option(help="Write what the run has saved to a folder.", metavar="FOLDER"),
]
Close = Annotated[
    bool, typer.Option("--close", help="End the run for good, whatever it has left undone.")
]


@command(CLUSTER, CHANGES, OWNER)
async def history(
    session: Session,
    run: RunName = None,
    export: Export = None,
    close: Close = False,
    yes: Yes = False,
) -> None:
    """Show the runs that this machine and the cluster know of, or all that happened in one.

    Example: arcctl history -o table
    """
    from arcctl.operations import history as operation
    from arcctl.views.history import write_run, write_runs

    if export is not None or close:
        await _end(session, run, export, close=close, yes=yes)
    elif run:
        found = await operation.history_of(session.clients, run)
        write_run(session.console, found)
    else:
        write_runs(session.console, await operation.history(session.clients))


async def _end(
    session: Session, run: str | None, folder: str | None, *, close: bool, yes: bool
) -> None:
    from arcctl.errors import UsageError
    from arcctl.model.resource_id import ClusterId
    from arcctl.operations import closed, closing, runs, saved
    from arcctl.views import history as views

    if run is None:
        option = "--close" if close else "--export"
        raise UsageError(f"{option} needs the name of a run", hints="arcctl history -o table")

    def open_world(cluster: ClusterId) -> Any:
        return session.run(session.sight(cluster), yes=yes)

    if not close:
        found = await runs.looked_at(session.clients, run, session.console.progress)
        with open_world(ClusterId.parse(found.header.cluster)) as world:
            written = await saved.export(found, world, folder or "")
            views.exported(session.console, written.to_document())
        return

    def confirm(question: str, name: str) -> None:
        session.confirm_by_name(question, name, yes=yes)

    asked = closed.Asked(run, folder, confirm)
    ended = await closing.close(asked, session.clients, session.console.progress, open_world)
    views.closed(session.console, ended.to_document())
    closed.require_whole(ended)
