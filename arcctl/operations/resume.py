"""Take up a run that was cut or has stopped part-way, on whatever machine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from arcctl.errors import ClusterError, FindingsError, NotFound, Refusal
from arcctl.model import report
from arcctl.model.report import Report
from arcctl.model.resource_id import ClusterId
from arcctl.model.run import Record, RunRecord
from arcctl.model.run_shape import as_written
from arcctl.operations.keeping import gone, lookup, space
from arcctl.operations.runs import REPORT_FILE, Run, taken_up
from arcctl.operations.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arcctl.clients import Clients
    from arcctl.flow.events import Observer

Handler = Callable[[Run, World], Awaitable[Any]]
OpenWorld = Callable[[ClusterId], AbstractContextManager[World]]

RESUMABLE = {
    "move": "arcctl.operations.move:resume",
    "config apply": "arcctl.operations.config_apply:resume",
}
WHOSE = {
    "move": "arcctl.operations.move:must_be_the_same",
    "config apply": "arcctl.operations.config_apply:must_be_the_same",
}

# How a run's outcome begins that has come to the end that was asked for.
_REACHED = ("moved", "applied")
_TURNED = "moved back"
_DIFFERS = {"move": "moved-with-differences", "config apply": "config-differs"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which run is meant (None: the only unfinished one), and how it is taken up.

    `waive` names children that a person lets go, `manifest` is a corrected file for `config apply`.
    """

    run: str | None = None
    take_over: bool = False
    secrets_file: str | None = None
    waive: tuple[str, ...] = ()
    manifest: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A run that was taken up, as it is now, and what its verb returned."""

    record: RunRecord
    result: Any
    report_file: str = ""
    """Where `move --report` was to write the report, if it was typed on this machine"""
    named_elsewhere: str = ""
    """What the journal says of that where it was not typed here"""
    over: bool = False
    """Whether it had ended before: nothing was done then but to clean up"""


async def resume(
    wanted: Wanted, clients: Clients, observer: Observer, open_world: OpenWorld
) -> Taken:
    """Carry the run to its end; raise NotFound `nothing-open` where none is open."""
    return await take_up(wanted, clients, observer, open_world, _go_on)


async def take_up(
    wanted: Wanted,
    clients: Clients,
    observer: Observer,
    open_world: OpenWorld,
    act: Handler,
    verb: str = "resume",
) -> Taken:
    """Find the run that is meant, hold it, and act on it; `verb` is the command that does so."""
    try:
        return await _take_up(wanted, clients, observer, open_world, act, verb)
    except Refusal as error:
        if error.code == "run-in-progress":
            error.hints = tuple(
                each.replace("arcctl resume", f"arcctl {verb}") for each in error.hints
            )
        raise


async def _take_up(
    wanted: Wanted,
    clients: Clients,
    observer: Observer,
    open_world: OpenWorld,
    act: Handler,
    verb: str,
) -> Taken:
    try:
        kubernetes = await clients.kubernetes()
        found = await lookup.known(clients.settings, kubernetes)
    except ClusterError as error:
        gone.hinted(error, clients.settings, wanted.run)
        raise
    name = lookup.choose(found, wanted.run)
    if name is None:
        # A run that was cut before its journal was written, or after it was removed.
        keep = lookup.outdated(found).keys()
        await space.tidy(kubernetes, take_over=wanted.take_over, keep=keep)
        raise nothing_open(await lookup.of_other_clusters(found, kubernetes))
    cluster = ClusterId.parse(found.record(name).header.cluster)
    take_over = wanted.take_over
    with open_world(cluster) as world:

        async def decide(run: Run) -> None:
            run.secrets_file = wanted.secrets_file
            run.waive, run.manifest = wanted.waive, wanted.manifest
            # An ending takes away what the cluster keeps, so it must be that of this very cluster.
            if (run.ending is None or run.ended_here_only) and run.verb in WHOSE:
                await _loaded(WHOSE[run.verb])(run, world, verb)

        async with taken_up(clients, name, observer, take_over=take_over, decide=decide) as run:
            over = run.ending is not None
            result = await act(run, world)
            record = Record(run.header, run.journal.entries)
            told = RunRecord.of(record, here=True, there=True)
            here, named = run.report_file, str(run.journal.fact_of(REPORT_FILE, ""))
            return Taken(told, result, here, "" if here else named, over)


def nothing_open(elsewhere: Sequence[str]) -> NotFound:
    """Return the error of a command that has nothing to act on: no green for what was not done."""
    return NotFound(
        "no run is unfinished in this cluster",
        code="nothing-open",
        why=tuple(f"{run} was begun in another cluster" for run in elsewhere),
        hints=(
            *(["choose that cluster with --kube-context NAME"] if elsewhere else []),
            "arcctl history",
        ),
    )


async def _go_on(run: Run, world: World) -> Any:
    if run.ending is None:
        return await handler(RESUMABLE, run.verb)(run, world)
    if run.ending.detail.get("clean"):
        await run.clear()
    document = run.documents.get("report")
    if isinstance(document, dict) and document.get("format") == report.FORMAT:
        with as_written(f"the report of {run.id}"):
            found = Report.from_document(document)
        return found if found.clean else replace(found, cleared=not await run.cabinet.journal())
    return document


def require_well(taken: Taken) -> None:
    """Raise FindingsError, as the verb itself would, where the end is not all that was asked for."""
    if taken.result is None:
        return
    from arcctl.operations import config_apply, move

    if isinstance(taken.result, Report):
        move.require_clean(taken.result)
    elif isinstance(taken.result, config_apply.Changes):
        config_apply.require_applied(taken.result, ClusterId.parse(taken.record.cluster))


def require_reached(taken: Taken) -> None:
    """Raise as `require_well`, and where the run had ended before without what was asked for.

    NotFound `nothing-open` then: no green for a move that was taken back, or never begun.
    """
    run, outcome = taken.record.run, taken.record.outcome
    reached = outcome.startswith(_REACHED) and not outcome.startswith(_TURNED)
    if reached or not taken.over:
        require_well(taken)
    if not taken.over:
        return
    if reached:
        if outcome not in _REACHED:
            raise FindingsError(
                f"{run} has ended: {outcome}",
                code=_DIFFERS.get(taken.record.verb),
                hints=f"arcctl history {run}",
            )
        return
    raise NotFound(
        f"{run} has ended: {outcome}",
        code="nothing-open",
        why=f"there is nothing to go on with, and {taken.record.verb} has not reached its end",
        hints=f"arcctl history {run}",
    )


def handler(registry: Mapping[str, str], verb: str) -> Handler:
    """Load what a verb does with its run; Refusal `verb-unknown` where it does nothing."""
    if verb not in registry:
        raise Refusal(
            f"this version of arcctl cannot do that with a run of {verb!r}",
            code="verb-unknown",
            hints="use the version that began it: arcctl history",
        )
    found: Handler = _loaded(registry[verb])
    return found


def _loaded(place: str) -> Any:
    """Load what `MODULE:NAME` names; only the verb that is meant is imported."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
