"""Move a connected cluster to another region, name, group or subscription, and lose nothing.

Azure offers no move: the resource is deleted and made anew, and all that hung on it is put back
(`arm.md` 12). Everything is saved before anything is changed, in two places, so that a move that
was cut goes on from any machine.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from arcctl.errors import FindingsError, UsageError
from arcctl.flow.runner import run as carry
from arcctl.flow.step import together
from arcctl.operations import ownership, runs
from arcctl.operations.moving import planned_steps, sequence, tooling
from arcctl.operations.moving.preparation import as_finding
from arcctl.operations.moving.same_cluster import require_same
from arcctl.operations.moving.stored_plans import OUTDATED
from arcctl.operations.moving.worlds import BACK, BUNDLE, PLAN, exchanged, moving_of
from arcctl.operations.secrets.again import REFERENCES, must_be_given, supplied_again
from arcctl.operations.steps import looks

if TYPE_CHECKING:
    from arcctl.model.report import Report
    from arcctl.operations.moving.preparation import Prepared
    from arcctl.operations.moving.request import MoveRequest
    from arcctl.operations.moving.worlds import Moving
    from arcctl.operations.runs import Run
    from arcctl.operations.world import World

VERB = "move"
_KEPT = (
    "the cluster keeps what the run has saved, a private key of the agents among it, until the run "
    "is closed"
)
Again = Callable[[FindingsError], Awaitable["Prepared | None"]]
# A cluster that is changed all the time is not for a machine to run after.
_PLANS = 3


async def move(
    request: MoveRequest,
    world: World,
    prepared: Prepared,
    report_file: str = "",
    again: Again | None = None,
) -> Report:
    """Carry out a plan that nothing blocks; `world` is seen from the source.

    `report_file` is remembered for whoever takes the run up. Where the second look has found
    another world, nothing is changed, and `again` may return a newer plan. Raises FindingsError
    `plan-outdated` where it does not, and StoppedPartWay once something was changed and not
    everything was done.
    """
    for _ in range(_PLANS):
        try:
            with as_finding():
                return await _moved(request, world, prepared, report_file)
        except FindingsError as error:
            newer = await again(error) if again and error.code == OUTDATED else None
            if newer is None:
                raise
            prepared = newer
    with as_finding():
        return await _moved(request, world, prepared, report_file)


async def _moved(
    request: MoveRequest, world: World, prepared: Prepared, report_file: str
) -> Report:
    bundle, secrets = prepared.bundle, prepared.secrets
    documents = {BUNDLE: bundle.to_document(), PLAN: prepared.plan.to_document()}
    if secrets.references:
        documents[REFERENCES] = secrets.references
    moves = sequence.steps(request, bundle)
    async with runs.opened(world, VERB, request.to_document(), moves, documents) as run:
        moving = moving_of(run, world, secrets.values)
        moving.brought = prepared.key
        _remember_what_it_wants(moving)
        if report_file:
            await run.remember_report(report_file)
        return await _to_its_end(moving)


async def look(world: World) -> None:
    """Who is asking, which cluster, which helm: what every part of a move begins with."""
    await carry(
        [looks.Room(), together(looks.SignedIn(), looks.Cluster(), looks.MakeHelmReady())],
        world,
        world.observer,
    )


async def must_be_the_same(run: Run, world: World, verb: str) -> None:
    """Raise Refusal as `require_same` where the run must not be taken up in this cluster.

    Nothing is written before: the journal of a copy tells no story of its own.
    """
    if run.manifest:
        raise UsageError(
            "a move has no manifest that could be corrected",
            why="--file is for a config apply",
            hints=f"arcctl resume {run.id}",
        )
    moving = moving_of(run, world, {})
    _remember_what_it_wants(moving)
    await look(world)
    await require_same(moving, f"arcctl {verb} {run.id} {ownership.SURE}")


async def resume(run: Run, world: World) -> Report:
    """Take a move up again, here or elsewhere, in the direction it had."""
    return await _to_its_end(await _taken(run, world))


async def rollback(run: Run, world: World) -> None:
    """Undo what was begun before the point of no return, and end the run."""
    moving = moving_of(run, world, {})
    await sequence.take_back(moving)
    await run.ended("rolled back", clean=True)
    _require_nothing_left(moving)


async def way_back(run: Run, world: World) -> Report | None:
    """Behind the point of no return: stand back where the source is still whole, else move back.

    Moving back is the same move with source and target exchanged, from the same bundle; what has
    been made of the target is deleted. None where nothing had been lost yet.
    """
    moving = moving_of(run, world, {})
    if BACK not in run.documents:
        if await sequence.stand_back(moving):
            await run.ended("rolled back", clean=True)
            _require_nothing_left(moving)
            return None
        bundle, request = moving.bundle, moving.request
        back = await exchanged(moving)
        turned = moving_of(run, world, {}, back)
        await _prove_the_way_back(turned)
        world.confirm(
            f"{bundle.source.name} is gone from {bundle.region}. Make it there again, as it was saved, "
            f"and take away what has been made in {request.region}?"
        )
        await run.turn(BACK, back)
        await run.let_go([child for child in bundle.children if child.carried])
        return await _to_its_end(moving_of(run, world, turned.supplied))
    return await _to_its_end(await _taken(run, world))


def _remember_what_it_wants(moving: Moving) -> None:
    """Let the next command name the file of secrets, where it must be given again."""
    run, carried = moving.run, [child for child in moving.bundle.children if child.carried]
    kept = [child for child in carried if child.key not in run.waived]
    run.wants_secrets = must_be_given(run, kept, moving.request.waive)


async def _prove_the_way_back(turned: Moving) -> None:
    """Raise what would stop it: once the run has turned there is no other way.

    The secrets that it needs are in `turned` then.
    """
    run, bundle = turned.run, turned.bundle
    run.require_known(sequence.steps(turned.request, bundle))
    carried = [child for child in bundle.children if child.carried]
    waived = run.meant_by_waive(carried)
    children = [
        sequence.restored(turned.request, bundle, each)
        for each in carried
        if each.key not in waived
    ]
    turned.supplied = await supplied_again(run, turned, children, turned.request.waive, "rollback")
    await tooling.prove(turned)


async def _taken(run: Run, world: World) -> Moving:
    """Return the world of a run that is taken up, with the secrets that it still needs."""
    moving = moving_of(run, world, {})
    request, bundle = moving.request, moving.bundle
    run.require_known(sequence.steps(request, bundle))
    await run.let_go([child for child in bundle.children if child.carried])
    kept = [child for child in bundle.children if child.key not in run.waived]
    children = [sequence.restored(request, bundle, each) for each in kept]
    if run.journal.has_done("children-well"):
        return moving
    moving.supplied = await supplied_again(run, world, children, request.waive)
    return moving


async def _to_its_end(moving: Moving) -> Report:
    """Raise FindingsError `plan-outdated` where the second look has found another world.

    The agents are awake again then, and no run is left; where they cannot be woken, one is.
    """
    await moving.clients.within(moving.request.timeout)
    try:
        report = await sequence.carry_out(moving)
    except FindingsError as error:
        if error.code != OUTDATED or moving.run.journal.no_return:
            raise
        await sequence.take_back(moving)
        await moving.run.ended("not begun: the plan is outdated", clean=True)
        error.why = (*error.why, *moving.left)
        raise
    report = replace(report, steps=_in_words(report, moving))
    outcome = "moved back" if moving.turned else "moved"
    if not report.clean:
        outcome += ", with things to look at"
    await moving.run.ended(outcome, report.to_document(), clean=report.clean)
    return report


def _in_words(report: Report, moving: Moving) -> tuple[tuple[str, float], ...]:
    """Return the times of the steps that the plan names, in its words and with what belongs to each."""
    words = planned_steps.belonging(moving.request, moving.bundle)
    found: dict[str, float] = {}
    for name, seconds in report.steps:
        word = words.get(name, name)
        found[word] = round(found.get(word, 0.0) + seconds, 3)
    return tuple(found.items())


def _require_nothing_left(moving: Moving) -> None:
    """Raise FindingsError where going back has left something to a person."""
    if moving.left:
        raise FindingsError(
            f"{moving.run.id} is taken back, and something is left to do",
            code="rolled-back-in-part",
            why=tuple(moving.left),
            hints=f"arcctl history {moving.run.id}",
        )


def require_clean(report: Report) -> None:
    """Raise FindingsError where a move has ended with something to look at."""
    if report.clean:
        return
    moved, run = "moved back" if report.back else "moved", report.run
    raise FindingsError(
        f"{report.target.name} was {moved}, and not everything is as it was",
        code="moved-with-differences",
        why=(
            *(f"{each}: let go" for each in report.let_go),
            *report.differences,
            *report.left,
            *([_KEPT] if report.kept else ()),
        ),
        hints=(
            f"arcctl history {run}",
            *(
                [f"to remove it from the cluster: arcctl history {run} --close"]
                if report.kept
                else ()
            ),
        ),
    )
