"""End a run on a person's word: nothing is done any more, and what is unfinished is told.

What it had saved is written out first, and what it has kept in the cluster is removed last, so that
other commands may work on the cluster again.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.errors import ArcctlError, FindingsError, Refusal, UsageError
from arcctl.flow.events import Noted
from arcctl.model.agents import replicas
from arcctl.model.configuration.comparing import compare
from arcctl.model.resource_id import ClusterId
from arcctl.operations import config_apply, move, saved
from arcctl.operations.configuration.children import children_of
from arcctl.operations.moving.sequence import restored
from arcctl.operations.moving.worlds import BUNDLE, moving_of
from arcctl.operations.runs import held
from arcctl.operations.steps import attached

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.clients import Clients
    from arcctl.flow.events import Observer
    from arcctl.operations.moving.worlds import Moving
    from arcctl.operations.resume import OpenWorld
    from arcctl.operations.runs import Run
    from arcctl.operations.world import World

CLOSED = "closed by a person"


@dataclass(frozen=True, slots=True)
class Closed:
    """A run that was ended by hand: what it leaves undone, what of that is lost, and the export."""

    run: str
    unfinished: tuple[str, ...]
    lost: tuple[str, ...]
    saved: saved.Saved | None

    def to_document(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "run": self.run,
            "outcome": CLOSED,
            "unfinished": list(self.unfinished),
            "lost": list(self.lost),
            "saved": self.saved.to_document() if self.saved else None,
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """Which run is to be closed, and where what it has saved goes; `confirm` asks for its name."""

    run: str
    folder: str
    confirm: Callable[[str, str], None]


async def close(
    asked: Asked, clients: Clients, observer: Observer, open_world: OpenWorld
) -> Closed:
    """End the run; raise Refusal `run-in-progress` while it lives, `run-ended` where it has ended."""
    async with held(clients, asked.run, observer) as run:
        if run.ending is not None:
            return await _ended(run)
        if not run.legible:
            return await _illegible(run, asked)
        cluster = _cluster(run)
        if cluster is None:
            return await _illegible(run, asked)
        with open_world(cluster) as world:
            unfinished, lost = await _unfinished(run, world)
            for each in (*unfinished, *lost):
                observer(Noted(each, warning=True))
            asked.confirm(_question(run), run.id)
            written = _exported(run, world, asked, observer)
        await run.journal.ended(CLOSED, clean=True, unfinished=list(unfinished), lost=list(lost))
        await run.clear()
        return Closed(run.id, unfinished, lost, written)


def _question(run: Run) -> str:
    """Say what closing means, and before the point of no return what would be better."""
    if run.journal.no_return or not run.journal.changed:
        return f"Close {run.id}? It is not gone on with any more."
    return f"Close {run.id}? arcctl rollback {run.id} would undo it, and scale its agents back."


def _cluster(run: Run) -> ClusterId | None:
    try:
        return ClusterId.parse(run.header.cluster)
    except UsageError:
        return None


def _exported(run: Run, world: World, asked: Asked, observer: Observer) -> saved.Saved | None:
    if run.verb not in (move.VERB, config_apply.VERB) or not run.documents:
        return None
    try:
        return saved.export(run, world, asked.folder)
    except Refusal as error:
        if error.code != "document-damaged":
            raise
        observer(Noted(f"{error.message}, so nothing of it is written out", warning=True))
        return None


async def _ended(run: Run) -> Closed:
    """One that ended with something to look at keeps its record in the cluster until it is closed."""
    assert run.ending
    outcome = str(run.ending.detail.get("outcome"))
    if not await run.cabinet.journal():
        raise Refusal(
            f"{run.id} has ended: {outcome}",
            code="run-ended",
            why="only what has not ended can be closed",
            hints=f"arcctl history {run.id}",
        )
    await run.clear()
    return Closed(run.id, (), (), None)


async def _illegible(run: Run, asked: Asked) -> Closed:
    lost = ("its journal cannot be read, so nobody knows what it has left undone",)
    asked.confirm(f"Close {run.id}? {lost[0].capitalize()}.", run.id)
    await run.clear()
    return Closed(run.id, (), lost, None)


async def _unfinished(run: Run, world: World) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is not done, and what of the cluster is not as it was; both as sentences."""
    if not run.journal.changed:
        return (), ()
    try:
        if run.verb == config_apply.VERB:
            return await _of_apply(run, world), ()
        if run.verb == move.VERB and BUNDLE in run.documents:
            return (), await _of_move(moving_of(run, world, {}))
    except ArcctlError as error:
        return (), (f"what is undone could not be looked at: {error.message}",)
    return (), ("what is undone is not known to this version of arcctl",)


async def _of_apply(run: Run, world: World) -> tuple[str, ...]:
    wanted = config_apply.wanted_of(run)
    now = await children_of(await world.clients.arm(), world.cluster, newer=False)
    left = config_apply.changes(wanted, now)
    return tuple(f"{key} is not as the manifest says" for key in (*left.create, *left.replace))


async def _of_move(moving: Moving) -> tuple[str, ...]:
    lost = list(await _asleep(moving))
    if not moving.run.journal.no_return:
        return tuple(lost)
    arm = await moving.clients.arm()
    cluster = moving.cluster
    pieces = [] if moving.run.journal.has_done("restore-attached") else attached.pieces(moving)
    kept = [child for child in moving.bundle.children if child.carried]
    if await arm.find(cluster.path) is None:
        lost += [f"{cluster.name} (group {cluster.group}) is not in Azure"]
        lost += [f"{child.key} is not there" for child in kept]
    else:
        now = await children_of(arm, cluster, newer=False)
        fitted = [restored(moving.request, moving.bundle, child) for child in kept]
        found = compare(fitted, [child for child in now if child.carried])
        lost += [f"{key} is not there" for key in found.missing]
        lost += [f"{key} is not as it was" for key in dict.fromkeys(e.child for e in found.changed)]
    return (*lost, *(f"{words} is not put back" for _, _, words in pieces))


async def _asleep(moving: Moving) -> tuple[str, ...]:
    """Name the agents that the run has scaled to zero and not back, with the commands that wake them."""
    before: dict[str, int] = moving.run.journal.fact_of("replicas") or {}
    kubernetes = await moving.clients.kubernetes()
    asleep: dict[tuple[str, int], list[str]] = defaultdict(list)
    for path, count in before.items():
        found = await kubernetes.find(path) if count else None
        if found and replicas(found) == 0:
            metadata = found["metadata"]
            asleep[metadata["namespace"], count].append(metadata["name"])
    return tuple(
        f"{_counted(len(names), 'agent')} of {space} scaled to zero: "
        f"kubectl scale -n {space} --replicas={count} deployment {' '.join(sorted(names))}"
        for (space, count), names in sorted(asleep.items())
    )


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def require_whole(closed: Closed) -> None:
    """Raise FindingsError where the run has left something of the cluster undone."""
    if not closed.lost:
        return
    folder = closed.saved.folder if closed.saved else ""
    raise FindingsError(
        f"{closed.run} is closed, and not everything is as it was",
        code="closed-unfinished",
        why=closed.lost,
        hints=(f"see {folder}/{saved.README}",) if folder else f"arcctl history {closed.run}",
    )
