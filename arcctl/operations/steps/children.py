"""Putting the children back: extensions, source control and Flux configurations (`arm.md` 8.3).

All of one kind are sent, as fast as ARM takes them; then their lists are read until every one has
settled. That costs a handful of requests where polling each operation would cost hundreds.
"""

from __future__ import annotations

import asyncio
import math
import time
from itertools import chain, repeat
from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError, AzureError
from arcctl.flow.step import Step
from arcctl.model.configuration.comparing import same
from arcctl.model.configuration.kinds import Kind
from arcctl.model.configuration.secrets import filled
from arcctl.model.duration import spoken
from arcctl.operations.configuration.children import children_of
from arcctl.operations.moving.worlds import Restoring
from arcctl.operations.pacing import WRITES_PER_SECOND, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from arcctl.model.configuration.child import Child
    from arcctl.operations.pacing import WriteRate

FLUX_TYPE = "microsoft.flux"
_PENDING = ("Creating", "Updating", "Accepted", "Running", "Deleting")
_LONGEST = 3600
# From the middle of what was recorded.
_FLUX_EXTENSION, _EXTENSION, _CONFIGURATION = 90, 180, 60


def is_flux(child: Child) -> bool:
    """Tell whether it is the extension without which no Flux configuration works."""
    kind = child.body.get("properties", {}).get("extensionType", "")
    return child.kind is Kind.EXTENSION and str(kind).lower() == FLUX_TYPE


def _usual(child: Child) -> int:
    """Return the seconds that a child usually takes until it is well."""
    if child.kind is not Kind.EXTENSION:
        return _CONFIGURATION
    return _FLUX_EXTENSION if is_flux(child) else _EXTENSION


def _counted(children: Sequence[Child]) -> str:
    """Say how many children of one kind there are; microsoft.flux is sent alone, by its name."""
    if is_flux(children[0]):
        return FLUX_TYPE
    return f"{len(children)} {children[0].kind.word}{'s' if len(children) > 1 else ''}"


class PutChildren(Step[Restoring]):
    """These children have been sent to the target, or were there already.

    One that this run has not sent, and that differs, was put there by somebody else, such as a
    policy: it is reported and never overwritten.
    """

    name = "put-children"
    title = "children"

    def __init__(self, name: str, title: str, children: Sequence[Child], rate: WriteRate) -> None:
        self.name = name  # type: ignore[misc] # one step for each kind, told apart by its name
        self.title = title  # type: ignore[misc] # as above
        if children:
            self.intent = f"put {_counted(children)} back"
            # All are sent as fast as Azure takes writes, and settle side by side.
            sending = math.ceil(len(children) / WRITES_PER_SECOND)
            self.estimate = sending + max(map(_usual, children))
        self._children = children
        self._rate = rate

    async def observe(self, world: Restoring) -> str | None:
        return None if self._children else ""

    async def do(self, world: Restoring, tell: Callable[[str], None]) -> str:
        there = {each.key: each for each in await _there(world, self._children)}
        wanted = [child for child in self._children if self._is_wanted(world, child, there)]
        sent = 0

        async def put(child: Child) -> None:
            nonlocal sent
            await self._put(world, child)
            sent += 1
            tell(f"{sent} of {len(wanted)} sent")

        await side_by_side(put(child) for child in wanted)
        already = len(self._children) - len(wanted)
        return f"{len(wanted)} sent" + (f", {already} there already" if already else "")

    def _is_wanted(self, world: Restoring, child: Child, there: Mapping[str, Child]) -> bool:
        found = there.get(child.key)
        if found is None:
            return True
        if same(found, child):
            return found.state.get("provisioningState") == "Failed"
        if world.run.journal.has_begun(f"put {child.key}"):
            return True
        if child.key in world.replace:
            return True
        world.leave(f"{child.key} was put there by somebody else and differs: it is left as it is")
        return False

    async def _put(self, world: Restoring, child: Child) -> None:
        journal, arm = world.run.journal, await world.clients.arm()
        body = filled(child, world.supplied.get(child.key, {}))
        async with self._rate:
            await journal.begin(f"put {child.key}")
            try:
                await arm.put(
                    world.cluster.child(child.kind, child.name),
                    body,
                    version=child.version or None,
                    wait=False,
                )
            except ArcctlError as error:
                world.failed[child.key] = error.message


class UntilSettled(Step[Restoring]):
    """None of these children is under way any more; those that failed are remembered."""

    name = "settle-children"
    title = "children"

    def __init__(self, name: str, title: str, children: Sequence[Child]) -> None:
        self.name = name  # type: ignore[misc] # used once for Flux and once for all
        self.title = title  # type: ignore[misc] # as above
        self._children = children

    async def observe(self, world: Restoring) -> str | None:
        return None if self._children else ""

    async def do(self, world: Restoring, tell: Callable[[str], None]) -> str:
        awaited = {child.key for child in self._children} - world.failed.keys()
        found: list[Child] = []
        deadline = time.monotonic() + _LONGEST
        for pause in chain((0.2, 0.3, 0.5, 1, 1, 1, 2, 2, 3), repeat(5.0)):
            found = [each for each in await _there(world, self._children) if each.key in awaited]
            pending = [each for each in found if each.state.get("provisioningState") in _PENDING]
            if not pending or time.monotonic() > deadline:
                break
            tell(f"{len(awaited) - len(pending)} of {len(awaited)} ready · {_named(pending)}")
            await asyncio.sleep(pause)
        for each in found:
            state = each.state.get("provisioningState")
            if state in ("Failed", "Canceled"):
                world.failed[each.key] = str(each.state.get("error") or "it failed")
            elif state in _PENDING:
                world.failed[each.key] = f"still {state} after {spoken(_LONGEST)}"
        failed = sum(each.key in world.failed for each in self._children)
        return f"{len(self._children) - failed} ready" + (f", {failed} failed" if failed else "")


async def _there(world: Restoring, children: Sequence[Child]) -> tuple[Child, ...]:
    """List the kinds that these children are of."""
    kinds = {child.kind for child in children}
    return await children_of(await world.clients.arm(), world.cluster, kinds, newer=False)


def _named(children: Iterable[Child]) -> str:
    names = sorted(child.name for child in children)
    return "waiting for " + ", ".join(names[:2]) + (" …" if len(names) > 2 else "")


class AllWell(Step[Restoring]):
    """No child has failed; those that have are named, once everything else has been tried."""

    name = "children-well"

    async def do(self, world: Restoring, tell: Callable[[str], None]) -> str:
        if not world.failed:
            return "all well"
        raise AzureError(
            f"{len(world.failed)} of the children failed: {', '.join(sorted(world.failed))}",
            code="children-failed",
            why=tuple(f"{key}: {why}" for key, why in sorted(world.failed.items())),
            hints=f"mend the cause, then arcctl resume {world.run.id}",
        )
