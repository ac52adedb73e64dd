"""`arcctl rollback`."""

from __future__ import annotations

from arcctl.commands.options import CHANGES, CLUSTER, Yes
from arcctl.commands.resume import ProtectedSettings, RunName, TakeOver
from arcctl.commands.session import Session, command


@command(CLUSTER, CHANGES)
async def rollback(
    session: Session,
    run: RunName = None,
    take_over: TakeOver = False,
    protected_settings: ProtectedSettings = None,
    yes: Yes = False,
) -> None:
    """Take a run back: undo it before the point of no return, find the way back after it.

    Example: arcctl rollback --kube-context kind-harbor
    """
    from arcctl.operations.resume import Wanted, require_well
    from arcctl.operations.rollback import rollback as take_back
    from arcctl.views.history import taken_up

    found = await take_back(
        Wanted(run, take_over, protected_settings),
        session.clients,
        session.console.progress,
        lambda cluster: session.run(session.sight(cluster), yes=yes),
    )
    taken_up(session.console, found.record, found.result)
    require_well(found)
