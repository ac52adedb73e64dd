"""Azure's yes to a change is no proof of it: the resource is read once more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arcctl.errors import AzureError
from arcctl.model.connected_cluster import provisioning, writable
from arcctl.model.gateway import gateway_in, link_of, linked_to
from arcctl.model.region import canonical
from arcctl.model.written import shows
from arcctl.operations.steps.whose import is_another

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.model.connected_cluster import Body
    from arcctl.operations.world import World

# A replica may be behind for so long.
_PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0)
# After so many looks, ten seconds, no replica is behind any more.
_BEHIND = 7


async def put(
    world: World,
    body: Body,
    before: Body | None,
    *,
    progress: Callable[[str], None] | None = None,
    accepted: Callable[[Body], None] | None = None,
) -> Body:
    """PUT the resource, and return it as Azure shows it afterwards; `before` was read just now.

    Raise as `_seen`. Of one that was not there the answer is returned: who waits for it sees it.
    """
    arm = await world.clients.arm()
    made = await arm.put(world.cluster.path, body, progress=progress, accepted=accepted)
    if before is None or body == writable(before):
        return made
    return await _seen(world, before, body)


async def patch(world: World, body: Body, before: Body) -> Body:
    """PATCH the resource, and return it as Azure shows it afterwards; raise as `_seen`."""
    arm = await world.clients.arm()
    await arm.patch(world.cluster.path, body)
    was = writable(before)
    properties = {**was["properties"], **body.get("properties", {})}
    return await _seen(world, before, {**was, **body, "properties": properties})


async def delete(world: World, before: Body, tell: Callable[[str], None]) -> None:
    """DELETE the resource that was read just now, and see that it is gone; raise as `forgotten`."""
    arm = await world.clients.arm()
    await arm.delete(world.cluster.path, progress=tell)
    await forgotten(world, before, error=not_deleted(world, "the same command again"))


async def forgotten(
    world: World, before: Body | None, *, awaited: bool = True, error: AzureError | None
) -> None:
    """Wait out the seconds for which ARM may still show what it has deleted (`arm.md` 14.5).

    Where the deletion is not awaited, it is enough to see that it is under way. Raise `error`,
    where there is one, for a resource that is there and is not being deleted.
    """
    arm = await world.clients.arm()
    for number, pause in enumerate((0.1, 0.4, 0.5, 1.0, *[2.0] * 14)):
        found = await arm.find_once(world.cluster.path)
        if found is None or is_another(before, found):
            return
        deleting = provisioning(found) == "Deleting"
        if deleting and not awaited:
            return
        if error and number > _BEHIND and not deleting:
            raise error
        await asyncio.sleep(pause)
    world.warn("Azure still shows the resource that it has deleted; it will go within minutes")


def not_deleted(world: World, hint: str) -> AzureError:
    """Return the error for a deletion that Azure has agreed to, and that did nothing."""
    return AzureError(
        f"Azure has said that {world.cluster.name} is deleted, and it is still there",
        code="azure-not-done",
        hints=hint,
    )


async def made(world: World) -> Body:
    """Return the resource that was made a while ago, as Azure shows it.

    Raise AzureError `azure-not-done` where it shows none.
    """
    arm = await world.clients.arm()
    for pause in _PAUSES:
        await asyncio.sleep(pause)
        if found := await arm.find_once(world.cluster.path):
            return found
    raise AzureError(
        f"Azure has agreed to make {world.cluster.name}, and does not show it",
        code="azure-not-done",
        hints=(f"arcctl show {world.cluster.named}", "the same command again"),
    )


async def link(world: World, gateway: str) -> None:
    """Link the resource to an Arc gateway, "" for none, and see that it is.

    Raise AzureError `azure-not-done` where two requests have not brought it about.
    """
    arm = await world.clients.arm()
    for _ in range(2):
        await arm.put(link_of(world.cluster), linked_to(gateway))
        for pause in _PAUSES[:3]:
            await asyncio.sleep(pause)
            if await linked_gateway(world) == gateway.casefold():
                return
    raise _not_done(world)


async def linked_gateway(world: World) -> str:
    """Return the id of the Arc gateway that the resource is linked to, in lower case; "" for none."""
    arm = await world.clients.arm()
    return gateway_in(await arm.find(link_of(world.cluster))).casefold()


async def _seen(world: World, before: Body, sent: Body) -> Body:
    """Return the resource as it is after a change that was asked for.

    Raise AzureError `azure-not-done` where it does not show what was sent, and
    `azure-made-again` where the one that was changed is not the one that was read before.
    """
    arm = await world.clients.arm()
    for pause in _PAUSES:
        await asyncio.sleep(pause)
        now = await arm.get(world.cluster.path)
        if made_again(before, now):
            raise _of_another(world, now, "what was asked for was written to the new one")
        if shows(sent, writable(before), writable(now)):
            return now
    raise _not_done(world)


def _not_done(world: World) -> AzureError:
    return AzureError(
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
