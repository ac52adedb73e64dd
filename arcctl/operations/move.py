"""Move a connected cluster to another region, name, group or subscription, and lose nothing.

Azure offers no move: the resource is deleted and made anew, and all that hung on it is put back
(`arm.md` 12). Everything is saved before anything is changed, in two places, so that a move that
was cut goes on from any machine.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from arcctl.checks.sight import Sight
from arcctl.errors import FindingsError
from arcctl.flow.runner import run as carry
from arcctl.flow.step import together
from arcctl.model.bundle import Bundle
from arcctl.operations import move_steps, runs
from arcctl.operations.move_request import MoveRequest
from arcctl.operations.moving import Moving
from arcctl.operations.steps import looks
from arcctl.operations.world import World

if TYPE_CHECKING:
    from arcctl.model.configuration.secrets import Supplied
    from arcctl.model.plan import Plan
    from arcctl.model.report import Report
    from arcctl.operations.runs import Run

VERB = "move"
_BUNDLE, _PLAN = "bundle", "plan"


async def move(
    request: MoveRequest, world: World, plan: Plan, bundle: Bundle, supplied: Supplied
) -> Report:
    """Carry out a plan that nothing blocks; `world` is seen from the source.

    Raises StoppedPartWay once something was changed and not everything was done.
    """
    documents = {_BUNDLE: bundle.to_document(), _PLAN: plan.to_document()}
    asked = request.to_document()
    async with runs.opened(world, VERB, asked, move_steps.NAMES, documents) as run:
        return await _to_its_end(moving_of(run, request, bundle, world, supplied))


async def look(world: World) -> None:
    """Who is asking, which cluster, which helm: what every part of a move begins with."""
    await carry(
        [together(looks.SignedIn(), looks.Cluster(), looks.MakeHelmReady())],
        world,
        world.observer,
    )


async def resume(run: Run, world: World) -> Report:
    """Take a move up again, here or elsewhere."""
    request = MoveRequest.from_document(run.request)
    bundle = Bundle.from_document(run.documents[_BUNDLE])
    run.same_steps(move_steps.NAMES)
    await look(world)
    moving = moving_of(run, request, bundle, world, await _supplied(run, request, bundle, world))
    if not run.journal.no_return:
        await _unmoved(moving)
    return await _to_its_end(moving)


async def rollback(run: Run, world: World) -> None:
    """Undo what was begun before the point of no return, and end the run."""
    request = MoveRequest.from_document(run.request)
    bundle = Bundle.from_document(run.documents[_BUNDLE])
    await look(world)
    moving = moving_of(run, request, bundle, world, {})
    await move_steps.take_back(moving)
    await run.ended("rolled back", clean=True)


def moving_of(
    run: Run, request: MoveRequest, bundle: Bundle, world: World, supplied: Supplied
) -> Moving:
    """Return the world of a move, seen from the target, beside the one seen from the source."""
    seen = Sight(world.clients, request.target, request.region)
    return Moving(
        world.clients,
        request.target,
        seen,
        world.observer,
        world.confirm,
        world.folder,
        world.environment,
        world.domain,
        run=run,
        supplied=supplied,
        request=request,
        bundle=bundle,
        origin=replace(world, cluster=bundle.source, sight=Sight(world.clients, bundle.source)),
    )


async def _to_its_end(moving: Moving) -> Report:
    report = await move_steps.carry_out(moving)
    outcome = "moved" if report.clean else "moved, with things to look at"
    await moving.run.ended(outcome, report.to_document(), clean=report.clean)
    return report


async def _supplied(run: Run, request: MoveRequest, bundle: Bundle, world: World) -> Supplied:
    return {}


async def _unmoved(moving: Moving) -> None:
    """Before anything was deleted, what was saved must still be what is there."""
    from arcctl.model.plan import Plan, differences
    from arcctl.operations.planning import plan

    saved = Plan.from_document(moving.run.documents[_PLAN])
    now, _ = await plan(moving.request, moving.origin)
    if moved := differences(saved, now):
        raise FindingsError(
            "the cluster is no longer as it was when this move was planned",
            code="plan-outdated",
            why=moved,
            hints=(f"arcctl rollback {moving.run.id}", "then plan the move again"),
        )
