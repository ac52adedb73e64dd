"""End a run on a person's word: nothing is done any more, and what is unfinished is told.

What it had saved is written out first, and what it has kept in the cluster is removed last, so that
other commands may work on the cluster again.
"""

from __future__ import annotations

from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError, Refusal
from arcctl.flow.events import Noted
from arcctl.model.run import HERE_ONLY, Header, Record
from arcctl.operations import closing_here, config_apply, move, ownership, saved
from arcctl.operations.closed import CLOSED, Asked, Closed, cluster_of, has_ended
from arcctl.operations.configuration.children import children_of
from arcctl.operations.keeping import gone, lookup
from arcctl.operations.keeping.entering import entered
from arcctl.operations.keeping.here import Folder
from arcctl.operations.moving import kept_key
from arcctl.operations.moving.home import home_of
from arcctl.operations.moving.same_cluster import require_same
from arcctl.operations.moving.undone import at_zero, undone
from arcctl.operations.moving.worlds import BUNDLE, moving_of
from arcctl.operations.runs import run_of
from arcctl.operations.saved import Sleepers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from arcctl.clients import Clients
    from arcctl.flow.events import Observer
    from arcctl.model.resource_id import ClusterId
    from arcctl.operations.moving.home import Home
    from arcctl.operations.resume import OpenWorld
    from arcctl.operations.runs import Run
    from arcctl.operations.world import World

_ANOTHER = ("AZK8S0406", "cluster-unproved")


@dataclass(frozen=True, slots=True)
class _Held:
    """A run that is held in order to close it.

    `legible` says whether its journal can be read at all, `diverged` whether this machine's copy and
    the cluster's disagree, `in_cluster` whether the cluster has a copy.
    """

    run: Run
    legible: bool
    diverged: bool
    in_cluster: bool


async def close(
    asked: Asked, clients: Clients, observer: Observer, open_world: OpenWorld
) -> Closed:
    """End the run; raise Refusal `run-in-progress` while it lives, `run-ended` where it has ended.

    Where its cluster is gone, as `closing_here.close`.
    """
    if away := await gone.why_away(clients, asked.run):
        return await closing_here.close(asked, clients, observer, open_world, away)
    async with _held(clients, asked.run, observer) as held:
        return await _closed(held, asked, observer, open_world)


async def _closed(held: _Held, asked: Asked, observer: Observer, open_world: OpenWorld) -> Closed:
    run = held.run
    if run.ending is not None and not held.diverged:
        return await _ended(run, asked, open_world)
    cluster = cluster_of(run) if held.legible else None
    if cluster is None:
        return await _illegible(run, asked)
    with open_world(cluster) as world:
        doubt = await _whose(run, world)
        home = await _home(run, world)
        unfinished, lost = await _unfinished(held, world, home)
        asleep = None if held.diverged else await _asleep(run, world, home)
        kept = await kept_key.needed(run, world, _resources(run, world))
        lost = (*lost, *(each.told for each in kept))
        for each in (*_doubts(held), *doubt, *unfinished, *lost):
            observer(Noted(each, warning=True))
        asked.confirm(_question(held), run.id)
        written = await saved.exported(run, world, asked.folder, home, asleep)
        await kept_key.keep(run.cabinet.kubernetes, kept)
    # Where a person and no evidence says that this is its cluster, another may hold the run as well.
    skipped = {HERE_ONLY: True} if world.clients.settings.flags.skip_cluster_check else {}
    await run.journal.ended(
        CLOSED, clean=True, unfinished=list(unfinished), lost=list(lost), **skipped
    )
    await run.clear()
    return Closed(run.id, unfinished, lost, written, asleep)


@asynccontextmanager
async def _held(clients: Clients, run_id: str, observer: Observer) -> AsyncIterator[_Held]:
    """Hold a run in order to close it, also one of which not all can be read any more.

    Nothing is written before a person has agreed: this machine's copy may be an old one of a run
    that has ended well elsewhere.

    Raise NotFound `run-unknown`; Refusal `run-in-progress` while its process lives,
    `wrong-cluster`, or `journal-newer`.
    """
    settings = clients.settings
    kubernetes = await clients.kubernetes()
    before, _, _ = _readable(await lookup.one(settings, kubernetes, run_id), run_id)
    await lookup.must_be_there(before, kubernetes, take_over=True)
    folder = Folder(lookup.home(settings), run_id)
    async with entered(kubernetes, folder, before.header, observer, without_disk=True):
        now = await lookup.one(settings, kubernetes, run_id)
        record, legible, diverged = _readable(now, run_id)
        there = now.there.get(run_id)
        run = run_of(record, kubernetes, settings, observer, there=there)
        try:
            await run.read_documents()
        except Refusal as error:
            observer(Noted(error.message, warning=True))
        yield _Held(run, legible, diverged, run_id in now.there)


def _readable(found: lookup.Known, run_id: str) -> tuple[Record, bool, bool]:
    """Return what can be read of a run, whether anything can be, and whether its copies disagree.

    The cluster's copy goes before that of this machine: nothing was changed before it lay there.
    """
    diverged = False
    try:
        return found.record(run_id), True, False
    except Refusal as error:
        if error.code not in ("journal-damaged", "journal-diverged", "journal-gone"):
            raise
        diverged = error.code == "journal-diverged"
    copies = (found.there.get(run_id), found.here.get(run_id))
    for each in copies:
        if isinstance(each, Record):
            return each, True, diverged
    return Record(Header(run_id, "a run", "", f"/{run_id}")), False, diverged


async def _whose(run: Run, world: World) -> tuple[str, ...]:
    """Raise Refusal where another cluster may be the run's, as `resume` would; say what is not known.

    `--skip-cluster-check` answers for any cluster: every run can end.
    """
    sure = f"arcctl history {run.id} --close {ownership.SURE}"
    try:
        if run.verb == move.VERB and BUNDLE in run.documents:
            await require_same(moving_of(run, world, {}), sure)
        elif run.verb == config_apply.VERB:
            await ownership.require(world.sight, sure=sure)
    except Refusal as error:
        if error.code not in _ANOTHER:
            return (f"whose cluster this is could not be looked at: {error.message}",)
        if world.clients.settings.flags.skip_cluster_check:
            return (error.message,)
        if not any(sure in each for each in error.hints):
            error.hints = (*error.hints, f"if you are certain: {sure}")
        raise
    except ArcctlError as error:
        return (f"whose cluster this is could not be looked at: {error.message}",)
    return ()


def _resources(run: Run, world: World) -> list[ClusterId]:
    """Return the resources that may bear a key of the run."""
    if run.verb != move.VERB or BUNDLE not in run.documents:
        return [world.cluster]
    try:
        moving = moving_of(run, world, {})
    except Refusal:
        return [world.cluster]
    return list({each.path: each for each in (moving.bundle.source, moving.cluster)}.values())


def _doubts(held: _Held) -> tuple[str, ...]:
    """Say why what is told of the run may not be all."""
    if held.in_cluster:
        return ()
    gone = "somebody has finished it elsewhere, or has deleted namespace arcctl"
    only = "only this machine's copy is closed, and nothing is changed in the cluster"
    return (f"the cluster holds no copy of {held.run.id}: {gone}; {only}",)


def _question(held: _Held) -> str:
    """Say what closing means, and before the point of no return what would be better."""
    run = held.run
    if run.journal.no_return or not run.journal.changed or not held.in_cluster:
        return f"Close {run.id}? It is not gone on with any more."
    return f"Close {run.id}? arcctl rollback {run.id} would undo it, and scale its agents back."


async def _ended(run: Run, asked: Asked, open_world: OpenWorld) -> Closed:
    """One that ended with something to look at keeps its record in the cluster until it is closed.

    So does one whose closing was cut: it is worth what it was worth then.
    """
    assert run.ending
    ending = run.ending.detail
    outcome = str(ending.get("outcome"))
    if not await run.cabinet.journal():
        raise has_ended(run.id, outcome)
    cluster = cluster_of(run)
    with open_world(cluster) if cluster else nullcontext() as world:
        if world and run.ended_here_only:
            for each in await _whose(run, world):
                run.observer(Noted(each, warning=True))
        asked.confirm(
            f"Remove what the cluster keeps of {run.id}? It has ended: {outcome}.", run.id
        )
        kept = await kept_key.needed(run, world, _resources(run, world) if world else ())
        home = await _home(run, world) if world else None
        asleep = await _asleep(run, world, home) if world and outcome == CLOSED else None
        wanted = asked.named is not None or outcome == CLOSED
        written = (
            await saved.exported(run, world, asked.folder, home, asleep)
            if world and wanted
            else None
        )
    await kept_key.keep(run.cabinet.kubernetes, kept)
    await run.clear()
    unfinished, lost = (tuple(ending.get(each) or ()) for each in ("unfinished", "lost"))
    told = (each.told for each in kept if each.told not in lost)
    return Closed(run.id, unfinished, (*lost, *told), written, asleep)


async def _illegible(run: Run, asked: Asked) -> Closed:
    unknown = "its journal cannot be read, so nobody knows what it has left undone"
    kept = await kept_key.needed(run, None, ())
    asked.confirm(f"Close {run.id}? {unknown.capitalize()}.", run.id)
    await kept_key.keep(run.cabinet.kubernetes, kept)
    await run.clear()
    return Closed(run.id, (), (unknown, *(each.told for each in kept)), None)


async def _unfinished(
    held: _Held, world: World, home: Home | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is not done, and what of the cluster is not as it was; both as sentences."""
    run = held.run
    if held.diverged:
        why = "this machine's copy and the cluster's tell different stories"
        return (), (f"{why}, so nobody knows what it has left undone",)
    if not run.journal.changed:
        return (), ()
    try:
        if run.verb == config_apply.VERB:
            return await _of_apply(run, world), ()
        if home:
            return (), await undone(moving_of(run, world, {}), home)
    except ArcctlError as error:
        return (), (f"what is undone could not be looked at: {error.message}",)
    return (), ("what is undone is not known to this version of arcctl",)


async def _home(run: Run, world: World) -> Home | None:
    """Return where what a move has saved belongs; None for another run, or one that is damaged."""
    if run.verb != move.VERB or BUNDLE not in run.documents:
        return None
    try:
        return await home_of(moving_of(run, world, {}))
    except Refusal:
        return None


async def _asleep(run: Run, world: World, home: Home | None) -> Sleepers | None:
    """Return the agents that keep other commands from the cluster, with what wakes them.

    Where the resource is gone they must not run: they would uninstall what it had.
    """
    if home is None or not run.journal.changed:
        return None
    moving = moving_of(run, world, {})
    try:
        groups = await at_zero(moving)
        arm = await world.clients.arm()
        if not groups or await arm.find(moving.bundle.source.path) is None:
            return None
    except ArcctlError:
        return None
    healing = f"arcctl connect {home.cluster.named} -l {home.region} {ownership.SURE}"
    along = world.clients.settings.way.along
    return Sleepers(tuple(along(each.waking) for each in groups), along(healing))


async def _of_apply(run: Run, world: World) -> tuple[str, ...]:
    wanted = config_apply.wanted_of(run)
    now = await children_of(await world.clients.arm(), world.cluster, newer=False)
    left = config_apply.changes(wanted, now)
    return (
        *(f"{key} is not as the manifest says" for key in (*left.create, *left.replace)),
        *(f"the secrets of {key} may not have been sent" for key in config_apply.to_be_sent(run)),
    )
