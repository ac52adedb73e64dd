"""Azure's yes to a change is no proof of it: the resource is read once more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arcctl.errors import AzureError
from arcctl.model.connected_cluster import writable

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.model.connected_cluster import Body
    from arcctl.operations.world import World

# A replica may be behind for so long.
_PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0)


async def seen_changed(
    world: World, before: Body, is_done: Callable[[Body], bool] = lambda _: True
) -> Body:
    """Return the resource as it is after a change that was asked for.

    Raise AzureError `azure-not-done` where it still is as `before`, or `is_done` says no.
    """
    arm = await world.clients.arm()
    for pause in _PAUSES:
        await asyncio.sleep(pause)
        now = await arm.get(world.cluster.path)
        if writable(now) != writable(before) and is_done(now):
            return now
    raise AzureError(
        f"Azure has agreed to change {world.cluster.name}, and shows it without the change",
        code="azure-not-done",
        hints=(f"arcctl show {world.cluster.named}", "the same command again"),
    )
