"""`arcctl resume`."""

from __future__ import annotations

from typing import Annotated

import typer

from arcctl.commands.options import CHANGES, CLUSTER, Yes
from arcctl.commands.session import Session, command

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


@command(CLUSTER, CHANGES)
async def resume(
    session: Session,
    run: RunName = None,
    take_over: TakeOver = False,
    protected_settings: ProtectedSettings = None,
    yes: Yes = False,
) -> None:
    """Take up a run that was cut or has stopped part-way, on whatever machine.

    Example: arcctl resume --kube-context kind-harbor
    """
    from arcctl.operations.resume import Wanted, require_well
    from arcctl.operations.resume import resume as carry_on
    from arcctl.views.history import taken_up

    found = await carry_on(
        Wanted(run, take_over, protected_settings),
        session.clients,
        session.console.progress,
        lambda cluster: session.run(session.sight(cluster), yes=yes),
    )
    taken_up(session.console, found.record, found.result)
    require_well(found)
