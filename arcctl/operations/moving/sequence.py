"""The steps of a move, in their order (`arm.md` 8.3 and 12.3)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arcctl.flow.no_return import PointOfNoReturn
from arcctl.flow.runner import names_of, run, undo
from arcctl.flow.step import together
from arcctl.model.configuration.adjusting import adjusted
from arcctl.model.helm_values import layered
from arcctl.operations.configuration.putting import putting
from arcctl.operations.moving.patience import patience
from arcctl.operations.request import ConnectRequest
from arcctl.operations.steps import (
    agents,
    attached,
    holding,
    keys,
    proving,
    quiet,
    registration,
    source,
    target,
    waiting,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcctl.flow.step import Move
    from arcctl.model.configuration.child import Child
    from arcctl.model.report import Report
    from arcctl.operations.agents.values import Values
    from arcctl.operations.moving.worlds import Moving


async def carry_out(moving: Moving) -> Report:
    """Carry out a move that has been planned and opened; taken up again, it goes on."""
    journal = moving.run.journal
    # The secrets are at hand again before anything else, whatever was done already.
    await _run([holding.Hold()], moving)
    if not journal.no_return:
        await _run(before(moving), moving)
    elif moving.turned:
        await _run([quiet.QuietAgain()], moving)
    await _run(replacing(moving), moving)
    await _settling(moving)
    await _run(recreating(moving), moving)
    prove = proving.Prove()
    await _run([attached.RestoreAttached(), prove], moving)
    assert prove.report
    return prove.report


async def take_back(moving: Moving) -> None:
    """Undo what was begun before the point of no return."""
    hold = holding.Hold()
    await hold.observe(moving)
    await undo([hold, *before(moving)], moving, moving.observer, moving.run.journal)


async def stand_back(moving: Moving) -> bool:
    """Undo even behind the point of no return, where the source is still there, as it was saved."""
    gone = await source.DeleteSource().observe(moving)
    found = await moving.origin.sight.resource()
    if gone or not found or found["properties"].get("provisioningState") == "Deleting":
        return False
    hold = holding.Hold()
    await hold.observe(moving)
    for step in [] if moving.request.in_place else [_target(moving)]:
        await step.undo(moving, _unheard)
    await attached.lock_again(moving)
    await quiet.wake(moving)
    return True


def before(moving: Moving) -> list[Move[Moving]]:
    """Everything that can be taken back."""
    made = [] if moving.request.in_place else [registration.EnsureGroup(), _target(moving)]
    return [*made, quiet.Quiet(), PointOfNoReturn()]


def replacing(moving: Moving) -> list[Move[Moving]]:
    """Out with the source and its agents, in with the target and its own."""
    asked = connection(moving)
    gateway = moving.request.gateway or moving.bundle.gateway
    return [
        *([] if moving.turned else [attached.TakeOffLocks()]),
        source.DeleteSource(),
        source.RemoveAgents(),
        keys.Place(),
        registration.EnsureGroup(),
        _target(moving),
        agents.FetchChart(asked),
        *([registration.LinkGateway(gateway)] if gateway else []),
        agents.Install(asked, known=lambda: known_values(moving)),
        agents.RestartForNewKey(),
    ]


def settling() -> list[Move[Moving]]:
    """Both ends say that the agents are well."""
    return [together(agents.UntilReady(), waiting.UntilConnected())]


def recreating(moving: Moving) -> list[Move[Moving]]:
    """Put the children back. Arc's half of Flux wakes when they are all there again.

    Waking earlier, it might take a configuration that it does not find for a deleted one.
    """
    saved = [restored(moving, child) for child in moving.bundle.children if child.carried]
    return [*putting(saved, moving.request.concurrency, quiet.Wake()), proving.LearnIdentities()]


def _target(moving: Moving) -> target.CreateTarget:
    return target.CreateTarget(connection(moving), moving)


def _unheard(_text: str) -> None:
    """Nobody listens."""


def restored(moving: Moving, child: Child) -> Child:
    """Return a child as the target needs it: settings that name the old region name the new."""
    return adjusted(child, moving.bundle.region, moving.request.region).child


def connection(moving: Moving) -> ConnectRequest:
    """Return what `connect` would have been asked for; all else is taken from what was saved."""
    asked = moving.request
    return ConnectRequest(
        name=asked.target.name,
        group=asked.target.group,
        region=asked.region,
        private_link_scope=asked.private_link_scope,
        onboarding_timeout=asked.timeout,
        diagnostics=asked.diagnostics,
    )


def known_values(moving: Moving) -> Values:
    """Return what people chose for the old agents, secrets included."""
    return layered(moving.bundle.agent_values, moving.held)


async def _run(moves: Sequence[Move[Moving]], moving: Moving) -> None:
    await run(moves, moving, moving.observer, moving.run.journal, patience(moving))


async def _settling(moving: Moving) -> None:
    patience = moving.request.timeout
    try:
        async with asyncio.timeout(patience):
            await _run(settling(), moving)
    except TimeoutError:
        raise await waiting.overdue(moving, patience) from None
    profile = (moving.resource.get("properties") or {}).get("securityProfile") or {}
    if (profile.get("workloadIdentity") or {}).get("enabled"):
        await _run([waiting.UntilAgentState()], moving)


# What a journal knows the steps by; one that was renamed stops a resume.
NAMES = [
    *names_of([holding.Hold(), quiet.Quiet()]),
    PointOfNoReturn.name,
    *names_of([attached.TakeOffLocks(), source.DeleteSource(), source.RemoveAgents()]),
    *names_of([keys.Place(), registration.EnsureGroup()]),
    *names_of(settling()),
    *names_of(putting((), 1, quiet.Wake())),
    *names_of([proving.LearnIdentities(), attached.RestoreAttached(), proving.Prove()]),
    target.CreateTarget.name,
    agents.FetchChart.name,
    agents.Install.name,
]
