"""Azure's yes to a change is no proof of it: the resource is read once more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arcctl.errors import AzureError
from arcctl.model.connected_cluster import writable
from arcctl.model.region import canonical
from arcctl.operations.steps.whose import is_another

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

    Raise AzureError `azure-not-done` where it still is as `before`, or `is_done` says no, and
    `azure-made-again` where the one that was changed is not the one that was read before.
    """
    arm = await world.clients.arm()
    for pause in _PAUSES:
        await asyncio.sleep(pause)
        now = await arm.get(world.cluster.path)
        if made_again(before, now):
            raise _of_another(world, now, "what was asked for was written to the new one")
        if writable(now) != writable(before) and is_done(now):
            return now
    raise AzureError(
        f"Azure has agreed to change {world.cluster.name}, and shows it without the change",
        code="azure-not-done",
        hints=(f"arcctl show {world.cluster.named}", "the same command again"),
    )


def require_same(world: World, before: Body, now: Body) -> None:
    """Raise AzureError `azure-made-again` where the resource is not the one that was read before."""
    if made_again(before, now):
        raise _of_another(world, now, "nothing was written to the new one")


def made_again(before: Body, now: Body) -> bool:
    """Tell whether this is another resource of the same id: made later, or in another region."""
    known, region = before.get("location"), now.get("location")
    elsewhere = bool(known and region) and canonical(str(known)) != canonical(str(region))
    return elsewhere or is_another(before, now)


def _of_another(world: World, now: Body, done: str) -> AzureError:
    name, region = world.cluster.name, now.get("location") or "an unknown region"
    return AzureError(
        f"{name} was deleted and made again while this command was at work",
        code="azure-made-again",
        why=(f"it is in {region} now; somebody may have moved it", done),
        hints=(
            f"arcctl show {world.cluster.named}",
            "the same command again, if it is still meant",
        ),
    )
