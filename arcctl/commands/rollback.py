"""`arcctl rollback`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.commands.options import CHANGES, CLUSTER, OWNER, Yes
from arcctl.commands.resume import (
    DryRun,
    ProtectedSettings,
    ReportFile,
    RunName,
    TakeOver,
    WaiveChild,
)
from arcctl.commands.session import Session, command

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from arcctl.model.resource_id import ClusterId
    from arcctl.operations.world import World


@command(CLUSTER, CHANGES, OWNER)
async def rollback(
    session: Session,
    run: RunName = None,
    take_over: TakeOver = False,
    protected_settings: ProtectedSettings = None,
    waive_child: WaiveChild = None,
    report: ReportFile = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Take a run back: undo it before the point of no return, find the way back after it.

    Example: arcctl rollback --kube-context kind-harbor
    """
    from arcctl.operations.outlook import of_rollback
    from arcctl.operations.resume import Wanted, require_well
    from arcctl.operations.rollback import rollback as take_back
    from arcctl.views.history import ahead, taken_up
    from arcctl.views.reports import place

    report = place(report) if report else None
    wanted = Wanted(run, take_over, protected_settings, tuple(waive_child or ()))
    clients, tell = session.clients, session.console.progress

    def open_world(cluster: ClusterId) -> AbstractContextManager[World]:
        return session.run(session.sight(cluster), yes=yes)

    if dry_run:
        looked = await of_rollback(wanted, clients, tell, open_world)
        return ahead(session.console, looked.to_document())
    found = await take_back(wanted, clients, tell, open_world)
    file, named = report or found.report_file, "" if report else found.named_elsewhere
    result = found.record if found.result is None else found.result
    taken_up(session.console, found.record, result, file, named)
    return require_well(found)
