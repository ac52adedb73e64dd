"""The steps of a move, in their order (`arm.md` 8.3 and 12.3): the only list of them.

What a plan prints, how long it says that the move will take, what a rollback undoes, and the names
by which a journal knows the steps are all taken from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.flow.no_return import PointOfNoReturn
from arcctl.flow.runner import run, undo
from arcctl.flow.step import Within, together
from arcctl.model.configuration.adjusting import adjusted
from arcctl.model.helm_values import layered
from arcctl.operations.configuration.putting import putting
from arcctl.operations.moving import second_look, tooling
from arcctl.operations.moving.patience import patience
from arcctl.operations.moving.worlds import LEFT, Moving
from arcctl.operations.request import ConnectRequest
from arcctl.operations.steps import (
    agents,
    attached,
    holding,
    keys,
    proving,
    proving_agents,
    quiet,
    registration,
    seeing,
    source,
    target,
    waiting,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arcctl.flow.step import Move
    from arcctl.model.bundle import Bundle
    from arcctl.model.configuration.child import Child
    from arcctl.model.report import Report
    from arcctl.operations.agents.values import Values
    from arcctl.operations.moving.request import MoveRequest
    from arcctl.operations.world import World


def steps(request: MoveRequest, bundle: Bundle) -> list[Move[Moving]]:
    """Return all steps of a move, forward or reversed; one without work observes that it has none.

    The children wait for all of Arc's half of Flux to be there: waking earlier, it might take a
    configuration that it does not find for a deleted one.
    """
    asked = connection(request)
    children = [restored(request, bundle, each) for each in bundle.children if each.carried]
    return [
        tooling.ToolsWork(request, bundle),
        holding.Hold(),
        *([] if request.in_place else [registration.EnsureGroup(), _target(request, bundle)]),
        quiet.Quiet(),
        attached.TakeOffLocks(),
        second_look.LookAgain(),
        PointOfNoReturn(),
        quiet.QuietAgain(),
        # Once more for a run that an earlier arcctl has begun: it took them off here.
        attached.TakeOffLocks(),
        source.DeleteSource(),
        source.RemoveAgents(),
        keys.Place(),
        registration.EnsureGroup(),
        _target(request, bundle),
        agents.FetchChart(asked),
        LinkGateway(request.gateway or bundle.gateway),
        InstallAgents(asked, known=known_values),
        agents.RestartForNewKey(),
        Within(
            request.timeout,
            waiting.overdue,
            [together(agents.UntilReady(), waiting.UntilConnected())],
        ),
        UntilAgentState(),
        *putting(children, request.concurrency, quiet.Wake()),
        proving.LearnIdentities(),
        attached.RestoreAttached(),
        proving.Prove(),
    ]


def parted(
    moves: Sequence[Move[Moving]],
) -> tuple[list[Move[Moving]], list[Move[Moving]]]:
    """Return the steps that can be undone, and those from the point of no return on."""
    at = next(at for at, each in enumerate(moves) if isinstance(each, PointOfNoReturn))
    return list(moves[:at]), list(moves[at:])


async def carry_out(moving: Moving) -> Report:
    """Carry out a move that has been planned and opened; taken up again, it goes on."""
    moves = steps(moving.request, moving.bundle)
    if moving.run.journal.no_return:
        # The secrets are at hand again before anything else, whatever was done already.
        moves = [*moves[:2], *parted(moves)[1]]
    await _run(moves[: _after_deletion(moves)], moving)
    # What was written while Azure deleted is in the bundle by now, so the steps are listed anew.
    moves = steps(moving.request, moving.bundle)
    await _run(moves[_after_deletion(moves) :], moving)
    assert moving.report
    return moving.report


def _after_deletion(moves: Sequence[Move[Moving]]) -> int:
    return 1 + next(at for at, each in enumerate(moves) if isinstance(each, source.DeleteSource))


async def _run(moves: Sequence[Move[Moving]], moving: Moving) -> None:
    await run(moves, moving, moving.observer, moving.run.journal, patience(moving))


async def take_back(moving: Moving) -> None:
    """Undo what was begun before the point of no return.

    The agents come first: whatever Azure refuses to take back must not leave them at zero.
    """
    for each in moving.run.journal.fact_of(LEFT, ()):
        moving.leave(each)
    reversible, _ = parted(steps(moving.request, moving.bundle))
    agents = [each for each in reversible if isinstance(each, quiet.Quiet)]
    others = [each for each in reversible if each not in agents]
    await undo(agents, moving, moving.observer, moving.run.journal)
    await holding.Hold().observe(moving)
    await undo(others, moving, moving.observer, moving.run.journal)


async def stand_back(moving: Moving) -> bool:
    """Undo even behind the point of no return, where the source is still there, as it was saved."""
    gone = await source.departed(moving)
    found = await moving.origin.sight.resource()
    if gone or not found or found["properties"].get("provisioningState") == "Deleting":
        return False
    # The agents first, as in `take_back`; whoever goes on with the move quiets them again.
    await quiet.Quiet().undo(moving, _unheard)
    await holding.Hold().observe(moving)
    if not moving.request.in_place:
        await _target(moving.request, moving.bundle).undo(moving, _unheard)
    await attached.lock_again(moving, moving.bundle.attached.locks)
    return True


class InstallAgents(agents.Install):
    """As its parent; the revision that it leaves is remembered for the proof."""

    async def observe(self, world: World) -> str | None:
        already = await super().observe(world)
        if already is not None and isinstance(world, Moving):
            await proving_agents.remember_revision(world, anew=False)
        return already

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        detail = await super().do(world, tell)
        if isinstance(world, Moving):
            await proving_agents.remember_revision(world, anew=True)
        return detail


class LinkGateway(registration.LinkGateway):
    """As its parent; a link that others have made to another gateway is left as it is."""

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        now = await seeing.linked_gateway(world)
        if now and now != self.gateway.casefold():
            return "linked to another gateway by somebody else"
        return await super().do(world, tell)


class UntilAgentState(waiting.UntilAgentState):
    """As its parent; only where workload identity is on has the service anything to settle."""

    async def observe(self, world: World) -> str | None:
        profile = (world.resource.get("properties") or {}).get("securityProfile") or {}
        return None if (profile.get("workloadIdentity") or {}).get("enabled") else ""


def _target(request: MoveRequest, bundle: Bundle) -> target.CreateTarget:
    return target.CreateTarget(connection(request), {**bundle.resource, "location": request.region})


def _unheard(_text: str) -> None:
    """Nobody listens."""


def restored(request: MoveRequest, bundle: Bundle, child: Child) -> Child:
    """Return a child as the target needs it: settings that name the old region name the new."""
    return adjusted(child, bundle.region, request.region).child


def connection(request: MoveRequest) -> ConnectRequest:
    """Return what `connect` would have been asked for; all else is taken from what was saved."""
    return ConnectRequest(
        name=request.target.name,
        group=request.target.group,
        region=request.region,
        private_link_scope=request.private_link_scope,
        onboarding_timeout=request.timeout,
        diagnostics=request.diagnostics,
    )


def known_values(moving: Moving) -> Values:
    """Return what people chose for the old agents, secrets included."""
    return layered(moving.bundle.agent_values, moving.held)
