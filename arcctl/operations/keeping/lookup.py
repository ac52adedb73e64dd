"""Which runs there are, on this machine and in the cluster, and what their copies agree on."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError, NotFound, Refusal, UsageError
from arcctl.model import times
from arcctl.model.resource_id import ClusterId
from arcctl.model.run import Record, agreed
from arcctl.operations.keeping import here, space
from arcctl.operations.keeping.in_cluster import Cabinet, journal_gone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.run import Entry
    from arcctl.settings import Settings

Copies = dict[str, Record | ArcctlError]


def home(settings: Settings) -> Path:
    """Return the folder of all runs on this machine."""
    return settings.state_home / "runs"


@dataclass(frozen=True)
class Known:
    """Every run's copies by id, here and in the cluster; an error stands for an unreadable one."""

    here: Copies = field(default_factory=dict)
    there: Copies = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Let a run that was closed here alone go on where its cluster holds it after all."""
        for run in self.here.keys() & self.there.keys():
            copy = self.here[run]
            if isinstance(copy, Record):
                self.here[run] = copy.reopened()

    @property
    def ids(self) -> list[str]:
        """All of them, the newest last."""
        return sorted(self.here.keys() | self.there.keys(), key=lambda run: (self._begun(run), run))

    def _begun(self, run: str) -> str:
        copies = (self.here.get(run), self.there.get(run))
        return next((each.started for each in copies if isinstance(each, Record)), "")

    def record(self, run: str, note: Callable[[str], None] | None = None) -> Record:
        """Return what the copies of a run agree on; a damaged one is left aside, and said.

        Raise NotFound `run-unknown`; Refusal `journal-damaged` where no copy is whole, otherwise
        as `model.run.agreed`.
        """
        places = {"this machine's copy": self.here, "the cluster's copy": self.there}
        copies = {where: each[run] for where, each in places.items() if run in each}
        whole = {where: each for where, each in copies.items() if isinstance(each, Record)}
        errors = [each for each in copies.values() if isinstance(each, ArcctlError)]
        if not copies:
            raise NotFound(f"no run is called {run}", code="run-unknown", hints="arcctl history")
        if not whole:
            raise _none_whole(run, errors)
        if note:
            for text in _oddities(errors, whole):
                note(text)
        return agreed(whole)

    def unfinished(self) -> list[str]:
        """Return the runs of the cluster that somebody should take up, the newest last.

        Whatever is unfinished lies in the cluster, since nothing is changed before it does. A
        copy that only this machine has was finished elsewhere, or is another cluster's.
        """
        return [run for run in self.ids if run in self.there and self._is_unfinished(run)]

    def _is_unfinished(self, run: str) -> bool:
        copies = (self.here.get(run), self.there.get(run))
        endings = [each.ending for each in copies if isinstance(each, Record) and each.ending]
        # One that ended well and still lies in the cluster was cut while it cleaned up.
        return not endings or any((each.detail or {}).get("clean") for each in endings)


def _oddities(errors: list[ArcctlError], whole: dict[str, Record]) -> Iterator[str]:
    for error in errors:
        yield f"{error.message}; going by {next(iter(whole))}"
    for where, each in whole.items():
        if each.torn:
            yield f"the last line of {where} was cut while it was written, and is left out"


def _none_whole(run: str, errors: list[ArcctlError]) -> ArcctlError:
    close = f"to end it, not knowing what it has left undone: arcctl history {run} --close"
    first = next((each for each in errors if each.code == "journal-newer"), errors[0])
    if len(errors) == 1 and first.code == "journal-damaged" and not first.hints:
        first.hints = (close,)
    if len(errors) == 1 or first.code == "journal-newer":
        return first
    return Refusal(
        f"both copies of {run} are damaged",
        code="journal-damaged",
        why=tuple(f"{each.message}: {', '.join(each.why)}" for each in errors),
        hints=close,
    )


async def known(settings: Settings, kubernetes: Kubernetes | None) -> Known:
    """Look on this machine, and in the cluster where there is one."""
    there = await space.runs(kubernetes) if kubernetes else {}
    if kubernetes:
        await mark_finished(settings, kubernetes)
    return Known(here.runs(home(settings)), there)


async def mark_finished(settings: Settings, kubernetes: Kubernetes) -> None:
    """Remember of each run that is open here whether its own cluster holds it no more.

    Another cluster, one that cannot be read, and a run that a process here is at work on prove
    nothing.
    """
    folder = home(settings)
    for run, record in here.open_runs(folder).items():
        with suppress(ArcctlError):
            if here.lives(folder, run) or cluster_of(record) != await space.identity(kubernetes):
                continue
            if await Cabinet(kubernetes, run).journal() or await space.holds(kubernetes, run):
                continue
            here.Folder(folder, run).mark_finished_elsewhere(record)


async def one(settings: Settings, kubernetes: Kubernetes, run: str) -> Known:
    """Look at one run again, now that nobody else writes it."""
    copy = here.copy(here.Folder(home(settings), run))
    there: Record | ArcctlError | None
    try:
        there = await Cabinet(kubernetes, run).journal()
    except Refusal as error:
        there = error
    if there is None and await space.holds(kubernetes, run):
        there = journal_gone(run)
    return Known({run: copy} if copy else {}, {run: there} if there else {})


def recorded_identity(settings: Settings, cluster: ClusterId, created: datetime | None) -> str:
    """Return the uid of the cluster in which the newest run about this resource was opened.

    Only this machine is asked; "" where it has recorded none since the resource was created: an
    earlier resource of the same name may well have been another cluster's.
    """
    folder = home(settings)
    known = [each for each in here.beginnings(folder) if is_about(each, cluster)]
    newest = max(known, key=lambda each: each.started, default=None)
    if newest is None or (created and _last_written(folder, newest) < created):
        return ""
    return cluster_of(newest)


def _last_written(folder: Path, record: Record) -> datetime:
    """Return when a run has last written to its journal here; its beginning where that is all."""
    found = here.copy(here.Folder(folder, record.header.run))
    entries = found.entries if isinstance(found, Record) and found.entries else record.entries
    return times.read(entries[-1].at) or datetime.min.replace(tzinfo=UTC)


async def is_under_way(kubernetes: Kubernetes, uid: str, cluster: ClusterId) -> bool:
    """Tell whether the cluster holds an unfinished run about this resource, opened in it itself."""
    return any(
        isinstance(each, Record)
        and each.changed
        and not each.ending
        and cluster_of(each) == uid
        and is_about(each, cluster)
        for each in (await space.runs(kubernetes)).values()
    )


def is_about(record: Record, cluster: ClusterId) -> bool:
    """Whether the run was about this resource, as the source or as the target of a move."""
    return cluster in clusters_of(record)


def clusters_of(record: Record) -> tuple[ClusterId, ...]:
    """Return the resources that a run is about: source and target of a move, else the only one."""
    try:
        source = ClusterId.parse(record.header.cluster)
    except UsageError:
        return ()
    asked = record.header.request
    target = ClusterId(
        str(asked.get("target_subscription") or source.subscription),
        str(asked.get("target_group") or source.group),
        str(asked.get("target_name") or source.name),
    )
    return source, target


def choose(found: Known, run: str | None) -> str | None:
    """Return the run that is meant: the one named, or the only one unfinished; None for none.

    Raise NotFound `run-unknown`, UsageError `several-runs`.
    """
    if run:
        found.record(run)
        return run
    candidates = found.unfinished()
    if len(candidates) > 1:
        raise UsageError(
            f"{len(candidates)} runs are unfinished; which one?",
            code="several-runs",
            why=tuple(_described(found, each) for each in candidates),
            hints=tuple(f"arcctl resume {each}" for each in candidates),
        )
    return next(iter(candidates), None)


def outdated(found: Known) -> dict[str, Record]:
    """Return the unfinished runs of which only this machine has a copy."""
    return {
        run: copy
        for run, copy in found.here.items()
        if run not in found.there and isinstance(copy, Record) and copy.changed and not copy.ending
    }


def finished(settings: Settings, found: Known) -> list[str]:
    """Return those of them that an earlier command has found to be finished elsewhere."""
    folder = home(settings)
    several = outdated(found).items()
    return [run for run, copy in several if here.Folder(folder, run).finished_elsewhere(copy)]


async def of_other_clusters(found: Known, kubernetes: Kubernetes) -> list[str]:
    """Return the unfinished runs of this machine that were begun in another cluster."""
    mine = outdated(found)
    identity = await space.identity(kubernetes) if mine else ""
    return [run for run, copy in mine.items() if cluster_of(copy) != identity]


async def must_be_there(record: Record, kubernetes: Kubernetes, *, take_over: bool) -> None:
    """Refuse a run of which the cluster holds no copy, though something was changed.

    Raise Refusal `wrong-cluster`, or `run-gone`; that one not with `take_over`.
    """
    run = record.header.run
    if cluster_of(record) not in ("", await space.identity(kubernetes)):
        raise Refusal(
            f"{run} was begun in another cluster than context {kubernetes.context}",
            code="wrong-cluster",
            why="its journal names the uid of that cluster's namespace kube-system",
            hints="choose the right cluster with --kube-context NAME",
        )
    if not take_over:
        raise Refusal(
            f"the cluster holds no copy of {run}",
            code="run-gone",
            why="it was finished elsewhere, or somebody has deleted namespace arcctl",
            hints=(
                f"arcctl history {run}",
                "if you know that it was deleted, to go on from the copy here: --take-over",
            ),
        )


def cluster_of(record: Record) -> str:
    """Return the uid of the cluster in which the run was opened; empty where it is not known."""
    return uid_of(record.entries)


def uid_of(entries: Sequence[Entry]) -> str:
    """As `cluster_of`, of the entries of a journal."""
    first = entries[0].detail if entries else None
    return str((first or {}).get("kubernetes", ""))


def _described(found: Known, run: str) -> str:
    try:
        record = found.record(run)
    except ArcctlError as error:
        return f"{run}: {error.message}"
    name = record.header.cluster.rpartition("/")[2]
    return f"{run}: {record.header.verb} of {name}, begun {record.started}"
