"""Putting the children back: extensions, source control and Flux configurations (`arm.md` 8.3).

All of one kind are sent, as fast as ARM takes them; then their lists are read until every one has
settled. That costs a handful of requests where polling each operation would cost hundreds.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import TYPE_CHECKING

from arcctl.errors import AccessError, ArcctlError, AzureError
from arcctl.flow.step import Step
from arcctl.model.configuration.comparing import same
from arcctl.model.configuration.kinds import Kind
from arcctl.model.configuration.secrets import filled
from arcctl.model.duration import spoken
from arcctl.model.run import PUT_CHILD
from arcctl.operations.configuration.as_shown import require_as_shown
from arcctl.operations.configuration.children import child_of, children_of
from arcctl.operations.moving.worlds import Restoring
from arcctl.operations.pacing import WRITES_PER_SECOND, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from arcctl.model.configuration.child import Child
    from arcctl.operations.pacing import WriteRate

FLUX_TYPE = "microsoft.flux"
PENDING = ("Creating", "Updating", "Accepted", "Running", "Deleting")
_BROKEN = ("Failed", "Canceled")
_LONGEST = 3600
_MAY_HAVE_ACTED = (408, 409, 429)
# After so many looks a child that is not listed is sent again, and what waits for a failed
# dependency is given up.
_SENT_AGAIN = (4, 8)
_SURE = 6
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
        found = await _there(world, self._children)
        require_as_shown(world, self._children, found)
        there = {each.key.casefold(): each for each in found}
        wanted = [child for child in self._children if _is_wanted(world, child, there)]
        sent = 0

        async def put(child: Child) -> None:
            nonlocal sent
            await _send(world, child, self._rate)
            sent += 1
            tell(f"{sent} of {len(wanted)} sent")

        await side_by_side(put(child) for child in wanted)
        already = len(self._children) - len(wanted)
        return f"{len(wanted)} sent" + (f", {already} there already" if already else "")


def _is_wanted(world: Restoring, child: Child, there: Mapping[str, Child]) -> bool:
    """Tell whether to send a child; what stays as somebody else has made it is said."""
    found, put = there.get(child.key.casefold()), f"{PUT_CHILD} {child.key}"
    if child.key in world.waived:
        return False
    if found is None or child.key in world.replace:
        return True
    if same(found, child):
        if world.supplied.get(child.key) and not world.run.journal.has_begun(put):
            world.leave(
                f"{child.key} was put there by somebody else, with secrets that nobody can compare: "
                "it is left as it is; arcctl config apply with --protected-settings and --send-secrets "
                "sends yours"
            )
            return False
        return found.state.get("provisioningState") == "Failed"
    if not world.run.journal.has_begun(put):
        world.leave(f"{child.key} was put there by somebody else and differs: it is left as it is")
        return False
    if world.run.journal.has_failed(put) and found.state.get("provisioningState") == "Succeeded":
        world.note(f"{child.key} is there and works, made by somebody else: it is taken as it is")
        return False
    return True


async def _send(world: Restoring, child: Child, rate: WriteRate) -> None:
    """Put a child; whether Azure has refused it is written down, for whoever takes the run up."""
    journal, arm = world.run.journal, await world.clients.arm()
    body, put = filled(child, world.supplied.get(child.key, {})), f"{PUT_CHILD} {child.key}"
    async with rate:
        await journal.begin(put)
        try:
            await arm.put(
                world.cluster.child(child.kind, child.name),
                body,
                version=child.version or None,
                wait=False,
            )
        except ArcctlError as error:
            world.failed[child.key] = error.message
            if _is_refusal(error):
                await journal.fact(put, "refused")
                await journal.failed(put, error.message)


def _is_refusal(error: ArcctlError) -> bool:
    """Tell whether Azure said no to the request itself, so that nothing can have come of it.

    A 409 or 429 may come of a request that has acted (`arm.md` 10, 11).
    """
    if isinstance(error, AzureError):
        return 400 <= error.status < 500 and error.status not in _MAY_HAVE_ACTED
    return isinstance(error, AccessError)


class UntilSettled(Step[Restoring]):
    """None of these children is under way any more; those that failed are remembered.

    One that Azure has accepted and does not show is sent again.
    """

    name = "settle-children"
    title = "children"

    def __init__(self, name: str, title: str, children: Sequence[Child], rate: WriteRate) -> None:
        self.name = name  # type: ignore[misc] # used once for Flux and once for all
        self.title = title  # type: ignore[misc] # as above
        self._children = children
        self._rate = rate

    async def observe(self, world: Restoring) -> str | None:
        return None if self._children else ""

    async def do(self, world: Restoring, tell: Callable[[str], None]) -> str:
        given_up = {*world.failed, *world.waived}
        awaited = [child for child in self._children if child.key not in given_up]
        limit = world.at_most(_LONGEST)
        deadline = time.monotonic() + limit
        look = _Look(awaited)
        for number, pause in enumerate(chain((0.2, 0.3, 0.5, 1, 1, 1, 2, 2, 3), repeat(5.0))):
            look = await look.again(world)
            await self._send_again(world, look)
            blocked = look.blocked() if number >= _SURE else {}
            world.failed.update(blocked)
            waiting = [each for each in look.waiting if each.key not in blocked]
            if not waiting or time.monotonic() > deadline:
                break
            tell(f"{len(awaited) - len(waiting)} of {len(awaited)} ready · {_named(waiting)}")
            await asyncio.sleep(min(pause, max(0.0, deadline - time.monotonic()) + 0.1))
        await _judge(world, look, f"after {spoken(limit)}")
        failed = sum(each.key in world.failed for each in self._children)
        let_go = sum(each.key in world.waived for each in self._children)
        ready = f"{len(self._children) - failed - let_go} ready"
        words = [f"{failed} not ready, which the end of the run tells of"] if failed else []
        return ", ".join([ready, *([f"{let_go} let go"] if let_go else []), *words])

    async def _send_again(self, world: Restoring, look: _Look) -> None:
        for child in look.lost():
            tried = await child_of(await world.clients.arm(), world.cluster, child.kind, child.name)
            if tried is None:
                world.warn(f"{child.key} was accepted and is not there: it is sent again")
                await _send(world, child, self._rate)


@dataclass
class _Look:
    """One look at the children that are awaited, and how often each was not to be seen."""

    awaited: Sequence[Child]
    found: Mapping[str, Child] = field(default_factory=dict)
    unseen: Counter[str] = field(default_factory=Counter)
    flux: Child | None = None

    async def again(self, world: Restoring) -> _Look:
        """Look once more."""
        awaited = [child for child in self.awaited if child.key not in world.failed]
        listed = await _there(world, awaited)
        found = {each.key.casefold(): each for each in listed}
        gone = [child.key for child in awaited if child.key.casefold() not in found]
        unseen = Counter({key: self.unseen[key] + 1 for key in gone})
        return _Look(awaited, found, unseen, next(filter(is_flux, listed), None))

    @property
    def waiting(self) -> list[Child]:
        """Those that are under way, or not to be seen."""
        return [child for child in self.awaited if self.state(child) in (*PENDING, "")]

    def state(self, child: Child) -> str:
        """How it stands; "" where it is not there."""
        found = self.found.get(child.key.casefold())
        return str(found.state.get("provisioningState") or "Succeeded") if found else ""

    def lost(self) -> list[Child]:
        """Those that were not there so often that they are sent again: a list may lag behind."""
        return [child for child in self.awaited if self.unseen[child.key] in _SENT_AGAIN]

    def blocked(self) -> dict[str, str]:
        """Why the Flux configurations that still wait never will be well, by key; mostly none."""
        flux = self.flux
        if flux is None or flux.state.get("provisioningState") not in _BROKEN:
            return {}
        why = (
            f"it waits for {flux.key}, which failed: {flux.state.get('error') or 'no reason given'}"
        )
        return {each.key: why for each in self.waiting if each.kind is Kind.FLUX}


async def _judge(world: Restoring, look: _Look, late: str) -> None:
    """Remember what has failed, and what was not ready in time."""
    for child in look.awaited:
        state = look.state(child)
        if child.key in world.failed or state not in (*_BROKEN, *PENDING, ""):
            continue
        if state in _BROKEN:
            said = look.found[child.key.casefold()].state.get("error")
            world.failed[child.key] = str(said or "it failed")
            await world.run.journal.failed(f"{PUT_CHILD} {child.key}", world.failed[child.key])
        else:
            world.failed[child.key] = f"still {state} {late}" if state else f"not there {late}"


async def _there(world: Restoring, children: Sequence[Child]) -> tuple[Child, ...]:
    """List the kinds that these children are of, and the extensions that Flux depends on."""
    kinds = {child.kind for child in children}
    if Kind.FLUX in kinds:
        kinds.add(Kind.EXTENSION)
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
        failed, again = sorted(world.failed.items()), f"arcctl resume {world.run.id}"
        raise AzureError(
            f"{len(failed)} of the children failed: {', '.join(key for key, _ in failed)}",
            code="children-failed",
            why=(
                *(f"{key}: {why}" for key, why in failed),
                "mend the cause, or make the child by hand; then resume",
            ),
            hints=(again, f"to go on without it: {again} --waive-child {failed[0][0]}"),
        )
