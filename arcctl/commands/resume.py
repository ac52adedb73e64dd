"""`arcctl resume`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from arcctl.commands.options import CHANGES, CLUSTER, OWNER, Yes
from arcctl.commands.session import Session, command

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from arcctl.model.resource_id import ClusterId
    from arcctl.operations.world import World

RunName = Annotated[
    str | None, typer.Argument(help="The run; without it, the only one that is unfinished.")
]
TakeOver = Annotated[
    bool, typer.Option("--take-over", help="The process that began it is dead; do not wait.")
]
ProtectedSettings = Annotated[
    str | None,
    typer.Option(help="YAML or JSON file with the secrets that no journal holds; - for stdin."),
]

WaiveChild = Annotated[
    list[str] | None,
    typer.Option(
        help="Child to go on without (KIND/NAME); it is lost. May be repeated.", metavar="KIND/NAME"
    ),
]
Corrected = Annotated[
    str | None,
    typer.Option("--file", help="Corrected manifest for a config apply.", metavar="FILE"),
]
ReportFile = Annotated[
    str | None,
    typer.Option(
        "--report",
        help="Write the report as Markdown (default: as the move was told on this machine).",
        metavar="FILE",
    ),
]

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only say what comes next and what will be asked.")
]


@command(CLUSTER, CHANGES, OWNER)
async def resume(
    session: Session,
    run: RunName = None,
    take_over: TakeOver = False,
    protected_settings: ProtectedSettings = None,
    waive_child: WaiveChild = None,
    manifest: Corrected = None,
    report: ReportFile = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Take up a run that was cut or has stopped part-way, on whatever machine.

    Example: arcctl resume --kube-context kind-harbor
    """
    from arcctl.operations.outlook import of_resume
    from arcctl.operations.resume import Wanted, require_reached
    from arcctl.operations.resume import resume as carry_on
    from arcctl.views.history import ahead, taken_up
    from arcctl.views.reports import place

    report = place(report) if report else None
    wanted = Wanted(run, take_over, protected_settings, tuple(waive_child or ()), manifest)
    clients, tell = session.clients, session.console.progress

    def open_world(cluster: ClusterId) -> AbstractContextManager[World]:
        return session.run(session.sight(cluster), yes=yes)

    if dry_run:
        looked = await of_resume(wanted, clients, tell, open_world)
        return ahead(session.console, looked.to_document())
    found = await carry_on(wanted, clients, tell, open_world)
    file, named = report or found.report_file, "" if report else found.named_elsewhere
    taken_up(session.console, found.record, found.result, file, named)
    return require_reached(found)
