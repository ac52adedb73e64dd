"""`arcctl check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from arcctl.commands.options import CHANGES, CLUSTER, Group, Name
from arcctl.commands.session import Session, command

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from arcctl.model.examination import Examination

Only = Annotated[
    list[str] | None, typer.Option(metavar="CATEGORY", help="Only this category; repeatable.")
]
Before = Annotated[
    str | None,
    typer.Option(
        metavar="COMMAND", help="What connect, delete, move or upgrade would ask before it begins."
    ),
]
From = Annotated[
    bool,
    typer.Option("--inside", help="Try the cluster's way out by a job in it; this writes to it."),
]
Warnings = Annotated[
    bool, typer.Option("--warnings-as-errors", help="Exit 5 where there is only a note.")
]
Patience = Annotated[
    int, typer.Option("--timeout", help="Seconds that one question may take.", min=1)
]
Watch = Annotated[
    bool, typer.Option("--watch", help="Ask again and again, and tell what is new; Ctrl-C ends it.")
]
Interval = Annotated[int, typer.Option(help="Seconds between two rounds of --watch.", min=1)]
Location = Annotated[
    str | None, typer.Option("--location", "-l", help="Region, for --before connect.")
]
Target = Annotated[
    str | None, typer.Option("--target-region", help="Region to move to, for --before move.")
]


@command(CLUSTER, CHANGES)
async def check(
    session: Session,
    name: Name,
    resource_group: Group = None,
    only: Only = None,
    before: Before = None,
    inside: From = False,
    warnings_as_errors: Warnings = False,
    patience: Patience = 20,
    watch: Watch = False,
    interval: Interval = 30,
    location: Location = None,
    target_region: Target = None,
) -> None:
    """Say what is wrong with a cluster, why, and what to type next. Changes nothing.

    Example: arcctl check -n harbor -g edge --only network
    """
    from arcctl.checks.health.sight import HealthSight
    from arcctl.operations.check import CheckRequest, require_well
    from arcctl.operations.check import check as carry_out
    from arcctl.operations.check import watch as carry_on
    from arcctl.views.check import write_examination

    request = CheckRequest(
        only=tuple(only or ()),
        before=before or "",
        inside=inside,
        watching=watch,
        patience=patience,
        target_region=target_region or "",
    )
    cluster = await session.cluster_id(name, resource_group)
    sight = HealthSight(session.clients, cluster, location)
    with session.run(sight, yes=True) as world:
        if watch:
            await _watch(session, carry_on(request, sight, world, interval))
        else:
            found = await carry_out(request, sight, world)
            write_examination(session.console, found)
            told = session.console.output is None
            require_well(found, warnings=warnings_as_errors, told=told)


async def _watch(session: Session, rounds: AsyncIterator[Examination]) -> None:
    import asyncio

    from arcctl.errors import Interrupted
    from arcctl.views.check import write_change

    before = None
    try:
        async for found in rounds:
            write_change(session.console, found, before)
            before = found
    except asyncio.CancelledError as stop:
        # That is how a watch ends; there is nothing to go on with.
        raise Interrupted("no longer watching; nothing was changed") from stop
