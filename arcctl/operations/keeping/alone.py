"""The cluster's Lease for a change that is no run: nothing of it is written down."""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from arcctl.clients.kubernetes.lease import Lease
from arcctl.errors import StoppedPartWay
from arcctl.operations.keeping import here, lookup, space
from arcctl.operations.keeping.entering import taken
from arcctl.operations.keeping.free import require_free, require_none_left

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from arcctl.clients import Clients


@asynccontextmanager
async def alone(clients: Clients, about: str) -> AsyncIterator[None]:
    """Hold the Lease while the block runs; `about` tells others what is under way.

    The holder has no name before its `/`: there is no journal by which it could be taken up. One
    that is killed is known to be dead on the same machine, and elsewhere once the Lease is stale.
    Raise Refusal as `require_free`.
    """
    kubernetes, home = await clients.kubernetes(), lookup.home(clients.settings)
    # Before the Lease is touched: that of a run which is only asleep is not for us to push aside.
    await require_free(clients)
    lease = Lease(kubernetes, space.LEASE, f"/{secrets.token_hex(4)}", about=about)
    try:
        with here.at_work(home, lease.holder, lambda: lease.left):
            await taken(kubernetes, lease, lambda other: not other or here.has_died(home, other))
            async with lease.held():
                await require_none_left(kubernetes)
                yield
    except StoppedPartWay as error:
        if error.code == "lease-lost":
            error.hints = (
                "see what is there now: arcctl check -n NAME -g GROUP",
                "then the same command again",
            )
        raise
