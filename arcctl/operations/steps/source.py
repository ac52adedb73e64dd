"""Leaving the source: its resource in ARM, then its agents in the cluster."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import TYPE_CHECKING

from arcctl.clients.finishing import stopped
from arcctl.errors import AccessError, ArcctlError, AzureError, Refusal, StoppedPartWay
from arcctl.flow.step import Step
from arcctl.model.connected_cluster import public_key
from arcctl.model.region import canonical
from arcctl.operations.moving import unseen
from arcctl.operations.moving.late_look import look_once_more, remember_lost
from arcctl.operations.moving.switches import changed_late
from arcctl.operations.moving.worlds import Moving
from arcctl.operations.steps import old_agents, workloads
from arcctl.operations.steps.foreign import of_extensions
from arcctl.operations.steps.kinds import RemoveKinds, left_over
from arcctl.operations.steps.leftovers import RemoveNamespaces, Uninstall
from arcctl.operations.steps.registration import Deregister
from arcctl.operations.steps.silence import hush
from arcctl.operations.steps.waiting import NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.model.connected_cluster import Body

_AGAIN = 0.5
_LONGEST = 600
_HUSH, _HUSH_AGAIN = 180, 5.0
_LOOKS = (1.0, 2.0, 4.0, 8.0)


class DeleteSource(Step[Moving]):
    """The source is gone from ARM; what the target has become meanwhile is left alone."""

    name = "delete-source"
    title = "source"
    intent = "delete {source} in {from_region}"
    estimate = 30

    def __init__(self) -> None:
        self._deregister = Deregister(wait=True, force=False)

    async def observe(self, world: Moving) -> str | None:
        found = await world.origin.sight.resource_surely()
        if found is None:
            await unseen.look_is_missing(world)
            return "gone already"
        if canonical(found["location"]) != world.bundle.region:
            await unseen.look_is_missing(world)
            return "gone already, and made anew"
        _must_be_the_one(world, found)
        return None

    async def do(self, world: Moving, tell: Callable[[str], None]) -> str:
        if world.turned:
            # A way back begins without a second look: what others have put to the target meanwhile.
            await look_once_more(world)
        await _hush(world, tell, late=_was_begun_before(world))
        gone = asyncio.Event()
        looking = asyncio.create_task(_look_while_it_goes(world, gone))
        hushing = asyncio.create_task(_hush_while_it_goes(world, tell))
        try:
            detail = await self._deregister.do(world.origin, tell)
            gone.set()
            if world.origin.deregistering.is_set():
                await looking
        except (AccessError, AzureError) as error:
            # What `delete` advises holds for agents that are on their way out; here they are whole.
            error.hints = ()
            if not world.origin.deregistering.is_set():
                error.why = (*error.why, "the source is still there, and nothing has been lost yet")
            raise
        finally:
            await stopped(looking, hushing)
        await _until_gone(world, tell)
        await unseen.look_is_missing(world)
        world.sight.forget()
        return f"{detail} from {world.bundle.region}"


async def _hush(world: Moving, tell: Callable[[str], None], *, late: bool) -> None:
    """Let no agent hear of the deletion: it would take extensions away, and prune.

    `late` where it may have heard already, which the proof must know.
    """
    woken = await hush(await world.clients.kubernetes(), world.at_most(_HUSH), tell)
    if woken:
        world.warn(f"somebody has scaled up {', '.join(woken)}; they are at zero again")
    if woken and late:
        await workloads.were_awake(world, woken)


def _was_begun_before(world: Moving) -> bool:
    """Tell whether an earlier try, in this direction, may have sent the deletion already."""
    since = world.run.journal.since_the_turn()
    return sum(each.kind == "begun" and each.step == DeleteSource.name for each in since) > 1


async def _hush_while_it_goes(world: Moving, tell: Callable[[str], None]) -> None:
    await world.origin.deregistering.wait()
    while True:
        try:
            await _hush(world, tell, late=True)
        except StoppedPartWay:
            raise
        except ArcctlError:
            pass  # the deletion is under way, and nothing can stop it
        await asyncio.sleep(_HUSH_AGAIN)


async def _look_while_it_goes(world: Moving, gone: asyncio.Event) -> None:
    """Look again and again: what Azure takes of others while it deletes is lost once it is gone.

    Pauses grow, since each look asks some dozen questions.
    """
    await world.origin.deregistering.wait()
    for pause in chain(_LOOKS, repeat(_LOOKS[-1])):
        began = datetime.now(UTC).isoformat(timespec="seconds")
        if not await look_once_more(world):
            return
        await unseen.was_seen(world, began)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await gone.wait()
        if gone.is_set():
            return


async def _until_gone(world: Moving, tell: Callable[[str], None]) -> None:
    """See it gone once more: one 404 may come from a replica that is ahead (`arm.md` 8.5)."""
    arm = await world.clients.arm()
    for _ in range(math.ceil(world.at_most(_LONGEST) / _AGAIN)):
        await asyncio.sleep(_AGAIN)
        if await arm.find_once(world.bundle.source.path) is None:
            return
        tell("Azure still shows it")
    raise AzureError(
        f"Azure still shows {world.bundle.source.name}, which it has said to be deleted",
        code="source-lingers",
        why="it can be made anew only when its id is free",
    )


async def departed(world: Moving) -> str | None:
    """Say that the source is gone; what somebody has made again with its key is not the source.

    Raise Refusal where another resource bears its name, with a key that is not ours.
    """
    try:
        return await DeleteSource().observe(world)
    except Refusal:
        found = await world.origin.sight.resource()
        if public_key(found) != public_key(world.bundle.resource):
            raise
        return "gone, and made again with the same key"


def _must_be_the_one(world: Moving, found: Body) -> None:
    """Only the very resource that was saved is deleted: another one may bear its name by now."""
    if other := world.bundle.is_other(found):
        raise Refusal(
            f"{world.bundle.source.name} in {world.bundle.region} is not the resource that was saved",
            code="source-replaced",
            why=f"{other}, so it was deleted and made anew since",
            hints=(f"arcctl rollback {world.run.id}", "then plan the move again"),
        )


class RemoveAgents(Step[Moving]):
    """The source's agents, their namespaces and their kinds are gone from the cluster.

    No hook runs and no finalizer is waited for: what would act on them has been quieted, and must
    not take extensions away.
    """

    name = "remove-agents"
    title = "agents"
    intent = "remove the agents"
    note = "extensions and workloads stay"
    estimate = 15

    async def observe(self, world: Moving) -> str | None:
        world.sight.forget()
        if await old_agents.are_replaced(world):
            return "gone already"
        spaces = [await world.sight.namespace(name) for name in NAMESPACES]
        remains = await world.sight.release() or any(spaces) or await left_over(world)
        return None if remains else "gone already"

    async def do(self, world: Moving, tell: Callable[[str], None]) -> str:
        # Where the run was stopped, somebody may have woken them since.
        await _hush(world, tell, late=True)
        world.releases |= of_extensions(world.bundle.children)
        if not world.turned:
            await remember_lost(world, await changed_late(world))
        uninstall = Uninstall(hooks=False)
        if await uninstall.observe(world) is None:
            await uninstall.do(world, tell)
        await asyncio.gather(
            RemoveNamespaces(wait=True, force=True).do(world, tell),
            RemoveKinds(wait=True, force=True).do(world, tell),
        )
        world.sight.forget()
        return "removed; workloads and extensions stay"
