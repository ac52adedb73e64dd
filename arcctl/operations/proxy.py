"""Keep a way into a connected cluster open, through Azure and its agents (`connectedk8s.md` B.6)."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from arcctl.errors import Interrupted
from arcctl.flow.runner import run
from arcctl.flow.step import together
from arcctl.operations.session import Session
from arcctl.operations.steps import relay

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.clients import Clients
    from arcctl.flow.events import Observer
    from arcctl.flow.step import Move
    from arcctl.operations.session import ProxyRequest


async def proxy(
    request: ProxyRequest, clients: Clients, observer: Observer, show: Callable[[str], None]
) -> None:
    """Open a session and hold it until somebody says stop, which raises Interrupted.

    `show` gets the kubeconfig where it is to go into no file. Whatever ends the session ends the
    relay program with it.
    """
    async with AsyncExitStack() as stack:
        session = Session(request, clients, stack, show)
        await run(opening(request), session, observer)
        try:
            await run([relay.Hold()], session, observer)
        except asyncio.CancelledError:
            raise _over(request) from None


def opening(request: ProxyRequest) -> list[Move[Session]]:
    """Everything that may be refused comes before anything is fetched, and that before a start."""
    identify = [] if request.token else [relay.Identify()]
    return [
        relay.Free(),
        together(relay.Credential(), relay.Fetch()),
        relay.Start(),
        *identify,
        relay.Register(),
        relay.Answer(),
        relay.Write(),
    ]


def _over(request: ProxyRequest) -> Interrupted:
    where = f" in {request.file}" if request.file else ""
    return Interrupted(
        f"the session with {request.cluster.name} is over; its context{where} leads nowhere now",
        hints=request.line,
    )
