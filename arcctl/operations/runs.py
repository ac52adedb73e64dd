"""A run that must survive: opened, taken up by another process, ended.

The order in which a run begins is such that any cut heals: namespace, Lease, documents, and last
the journal. Until the journal is there no run is; what lies there without one is swept by the next.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from arcctl import __version__
from arcctl.errors import ArcctlError, Refusal, UsageError
from arcctl.flow.events import Noted
from arcctl.flow.journal import Journal
from arcctl.flow.runner import names_of
from arcctl.model import mask
from arcctl.model.run import PUT_CHILD, Header, Record, begun, first_line, named_now, parse
from arcctl.model.run_shape import DOCUMENT
from arcctl.operations.keeping import lookup, space
from arcctl.operations.keeping.entering import entered
from arcctl.operations.keeping.free import unfinished
from arcctl.operations.keeping.here import Folder, LocalKeeper, packed
from arcctl.operations.keeping.in_cluster import (
    PATIENCE,
    Cabinet,
    ClusterKeeper,
    ended_elsewhere,
)
from arcctl.operations.keeping.stopping import explained

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence

    from arcctl.clients import Clients
    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.flow.events import Observer
    from arcctl.flow.step import Move
    from arcctl.model.configuration.child import Child
    from arcctl.model.run import Entry
    from arcctl.operations.world import World
    from arcctl.settings import Settings

Body = dict[str, Any]
_REPORT = "report"
_WAIVED = "waived-children"
REPORT_FILE = "report-file"
"""The fact that says where the report of a move is to be written, and this machine's note of it"""


@dataclass
class Run:
    """One run, open in this process: nobody else can touch it while the block lasts.

    `documents` are plain JSON by name. What `arcctl resume` was given: `secrets_file` for the
    protected settings, which no journal holds; `waive` names children that a person lets go;
    `manifest` is a corrected one.
    """

    header: Header
    journal: Journal
    documents: dict[str, Any]
    folder: Folder
    cabinet: Cabinet
    observer: Observer
    secrets_file: str | None = None
    waive: tuple[str, ...] = ()
    manifest: str | None = None
    wants_secrets: bool = False
    """Whether whoever takes it up must give secrets, which a hint should say"""
    there: Record | None = None
    """The cluster's own copy when the run was taken up: this machine's may be of another cluster"""

    @property
    def id(self) -> str:
        """The run's name, which is told from any other's."""
        return self.header.run

    @property
    def verb(self) -> str:
        """What a person typed: `move`, `config apply`."""
        return self.header.verb

    @property
    def request(self) -> Mapping[str, Any]:
        """What was asked for, as it was given to `opened`."""
        return self.header.request

    @property
    def waived(self) -> frozenset[str]:
        """The keys of the children that a person has let go, in the direction the run has now."""
        return frozenset(self.journal.fact_since_the_turn(_WAIVED, ()))

    async def let_go(self, children: Sequence[Child]) -> None:
        """Write down which children `resume --waive-child` lets go; UsageError for an unknown one."""
        if found := self.meant_by_waive(children):
            await self.journal.fact(_WAIVED, sorted(found | self.waived))

    def meant_by_waive(self, children: Sequence[Child]) -> set[str]:
        """Return the keys of the children that `--waive-child` names; UsageError for an unknown one."""
        keys = {child.key.casefold(): child.key for child in children}
        names = {child.name.casefold(): child.key for child in children}
        strange = [each for each in self.waive if each.casefold() not in {**keys, **names}]
        if strange:
            raise UsageError(
                f"--waive-child {strange[0]}: this run has no such child",
                code="child-unknown",
                why=f"it has {', '.join(sorted(keys.values())) or 'none'}",
                hints=f"arcctl history {self.id}",
            )
        return {{**names, **keys}[each.casefold()] for each in self.waive}

    async def remember_report(self, file: str) -> None:
        """Write down where the report is to be written, also for this machine alone."""
        with self._excused("where the report goes is not remembered"):
            self.folder.store(REPORT_FILE, packed(file))
        await self.journal.fact(REPORT_FILE, file)

    @property
    def report_file(self) -> str:
        """Where a person of this machine wanted the report; "" for nowhere.

        What the journal says of it is not asked: its copy may come from the cluster, and others
        may have written that.
        """
        try:
            found = json.loads(self.folder.document(REPORT_FILE) or b'""')
        except (ArcctlError, ValueError):
            return ""
        return found if isinstance(found, str) else ""

    @property
    def ending(self) -> Entry | None:
        """The entry that closed it, or None."""
        return next((each for each in reversed(self.journal.entries) if each.kind == "ended"), None)

    @property
    def ended_here_only(self) -> bool:
        """Whether this machine's copy has an ending that the cluster's own lacks.

        The process was killed in between, or the ending is that of another cluster.
        """
        return self.ending is not None and self.there is not None and self.there.ending is None

    def require_known(self, moves: Sequence[Move[Any]]) -> None:
        """Raise Refusal `steps-renamed` where a step was begun that is not one of these.

        Steps that this version has in addition were not begun, so they are still to be done.
        """
        known = {*names_of(moves), PUT_CHILD}
        now = begun(named_now(self.journal.entries))
        strange = [each for each in now if each.partition(" ")[0] not in known]
        if strange:
            raise Refusal(
                f"{self.id} has begun steps that this version of arcctl does not know",
                code="steps-renamed",
                why=f"{', '.join(strange)}; it was begun by arcctl {self.header.arcctl}",
                hints=f"take it up with arcctl {self.header.arcctl}, or a newer one",
            )

    async def begin(self, documents: Mapping[str, Any], identity: str) -> None:
        """Keep the documents, then say that the run is open; `identity` tells clusters apart."""
        digests = {name: await self._stored(name, each) for name, each in documents.items()}
        self.documents.update(documents)
        await self.journal.opened({"kubernetes": identity, "documents": digests})

    async def store(self, name: str, document: Any) -> None:
        """Keep a document in both places, and its digest in the journal."""
        self.documents[name] = document
        await self.journal.fact(f"{DOCUMENT}{name}", await self._stored(name, document))

    async def turn(self, name: str, document: Any) -> None:
        """Go the other way from here on; the document says which way that is."""
        self.documents[name] = document
        await self.journal.turned(f"{DOCUMENT}{name}", await self._stored(name, document))

    async def _stored(self, name: str, document: Any) -> Body:
        content, parts = packed(document), 0
        with self._excused(f"the {name} is kept in the cluster only"):
            self.folder.store(name, content)
        with self._excused(f"the {name} is kept on this machine only"):
            parts = await self.cabinet.store(name, content)
        return {"sha256": hashlib.sha256(content).hexdigest(), "parts": parts}

    @contextmanager
    def _excused(self, otherwise: str) -> Iterator[None]:
        """After the point of no return one place is enough, as for the journal."""
        try:
            yield
        except ArcctlError as error:
            if not self.journal.no_return:
                raise
            self.observer(Noted(f"{error}: {otherwise}", warning=True))

    async def ended(self, outcome: str, report: Body | None = None, *, clean: bool) -> None:
        """Close the run; `clean` takes away what it has kept in the cluster."""
        if report is not None:
            report = mask.current().document(report)
            await self.store(_REPORT, report)
        await self.journal.ended(outcome, clean=clean)
        if clean:
            await self.clear()

    async def clear(self) -> None:
        """Take away what the run has kept in the cluster."""
        await space.clear(self.cabinet.kubernetes, self.id)

    async def read_documents(self, *, here_only: bool = False) -> None:
        """Read what the journal knows of, from here or the cluster; Refusal where neither is whole.

        Of a run that has ended clean, what is left: it may have been cut while it cleaned up.
        """
        over = self.ending is not None and bool((self.ending.detail or {}).get("clean"))
        for name, fact in _digests(self.journal.entries).items():
            with suppress(*([Refusal] if over else [])):
                self.documents[name] = await self._document(name, fact, here_only=here_only)

    async def _document(self, name: str, fact: Body, *, here_only: bool) -> Any:
        content: bytes | None = None
        with suppress(ArcctlError):  # a disk that fails leaves the cluster's copy
            content = self.folder.document(name)
        if not _whole(content, fact) and not here_only:
            content = await self.cabinet.document(name, int(fact["parts"]))
        if content is None or not _whole(content, fact):
            raise Refusal(
                f"the {name} of {self.id} is damaged or gone",
                code="document-damaged",
                why=f"neither {self.folder.path / name}.json nor the cluster has it as it was written",
                hints=f"put the file back from a copy, then: arcctl resume {self.id}",
            )
        return json.loads(content)  # its digest says that arcctl wrote it


def _digests(entries: Sequence[Entry]) -> dict[str, Body]:
    found: dict[str, Body] = {}
    for each in entries:
        if each.kind == "opened":
            found |= (each.detail or {}).get("documents") or {}
        elif each.kind in ("fact", "turned") and each.step.startswith(DOCUMENT):
            found[each.step.removeprefix(DOCUMENT)] = each.detail
    return found


def _whole(content: bytes | None, fact: Body) -> bool:
    return content is not None and hashlib.sha256(content).hexdigest() == fact["sha256"]


@asynccontextmanager
async def opened(
    world: World,
    verb: str,
    request: Body,
    steps: Sequence[Move[Any]],
    documents: Mapping[str, Any],
) -> AsyncIterator[Run]:
    """Begin a run of these steps; the block carries them out and says how they ended.

    `request` and `documents` are plain JSON without secrets. Raise Refusal `run-in-progress` or
    `run-unfinished` where the cluster is not free. An error in the block becomes StoppedPartWay
    once something was changed; before that nothing is left behind.
    """
    settings = world.clients.settings
    kubernetes = await world.clients.kubernetes()
    header = _header(verb, world.cluster.path, request, names_of(steps))
    run = run_of(Record(header), kubernetes, settings, world.observer)
    async with entered(kubernetes, run.folder, header, world.observer):
        await _free(kubernetes)
        identity = await space.identity(kubernetes)
        async with explained(run, sweep=True):
            await run.begin(documents, identity)
            yield run


@asynccontextmanager
async def taken_up(
    clients: Clients,
    run_id: str,
    observer: Observer,
    *,
    take_over: bool = False,
    decide: Callable[[Run], Awaitable[None]] | None = None,
) -> AsyncIterator[Run]:
    """Go on with a run, from the copy here, the cluster's, or the longer of both.

    `take_over` says that the process which holds its Lease is known to be dead. `decide` raises
    where the run must not go on here, before anything is written. Raise Refusal
    `run-in-progress`, or as `lookup.must_be_there`, `Known.record` and `Run.read_documents`.
    """
    settings = clients.settings
    kubernetes = await clients.kubernetes()
    first = await lookup.one(settings, kubernetes, run_id)
    before = first.record(run_id)
    if run_id not in first.there and before.ending is None:
        await lookup.must_be_there(before, kubernetes, take_over=take_over)
    folder = Folder(lookup.home(settings), run_id)
    async with entered(
        kubernetes,
        folder,
        before.header,
        observer,
        take_over=take_over,
        without_disk=before.no_return,
    ):
        found = await lookup.one(settings, kubernetes, run_id)
        if run_id in first.there and run_id not in found.there:
            raise ended_elsewhere(run_id)
        record = found.record(run_id, lambda text: observer(Noted(text, warning=True)))
        run = run_of(record, kubernetes, settings, observer, there=found.there.get(run_id))
        await run.read_documents()
        async with explained(run, sweep=False):
            if decide:
                await decide(run)
            if run.ending is None:
                await run.journal.opened({"takenUp": True})
            yield run


async def looked_at(clients: Clients, run_id: str, observer: Observer) -> Run:
    """Return a run as it is written down, to be read and not to be changed: nobody holds it.

    Without a cluster this machine's copy is read. Raise as `Known.record` and `Run.read_documents`.
    """
    kubernetes: Kubernetes | None = None
    found = lookup.Known()
    try:
        kubernetes = await clients.kubernetes()
        found = await lookup.known(clients.settings, kubernetes)
    except ArcctlError as error:
        clients.note(f"only the runs of this machine: {error.message}")
        found = await lookup.known(clients.settings, None)
    record = found.record(run_id, clients.note)
    run = run_of(record, kubernetes, clients.settings, observer)
    await run.read_documents(here_only=kubernetes is None)
    return run


def _header(verb: str, cluster: str, request: Body, steps: Sequence[str]) -> Header:
    """Describe a new run, as it will be read again."""
    now = datetime.now(UTC)
    name = f"{verb.replace(' ', '-')}-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    header = Header(name, verb, __version__, cluster, request, tuple(steps))
    return parse(first_line(header), name).header


def run_of(
    record: Record,
    kubernetes: Kubernetes | None,
    settings: Settings,
    observer: Observer,
    *,
    there: Record | ArcctlError | None = None,
) -> Run:
    """Return a run as it is written down, with the places that keep it: here alone without a cluster.

    `there` is what the cluster's own copy says; one that is damaged says nothing.
    """
    header = record.header
    folder = Folder(lookup.home(settings), header.run)
    # Without a cluster nothing is asked of it.
    cabinet = Cabinet(cast("Kubernetes", kubernetes), header.run)
    # Whoever has less time for the agents to come up has less for a server that is away.
    wanted = header.request.get("timeout")
    patience = min(PATIENCE, wanted) if isinstance(wanted, int | float) else PATIENCE
    in_cluster = ClusterKeeper(cabinet, header, observer, patience=patience)
    # The mark goes into the cluster first, so the right cluster's copy cannot lack it.
    keepers = (*((in_cluster,) if kubernetes else ()), LocalKeeper(folder, header))
    own = there if isinstance(there, Record) else None
    marked = own is None or own.no_return
    journal = Journal(header.run, keepers, record.entries, observer=observer, marked=marked)
    return Run(header, journal, {}, folder, cabinet, observer, there=own)


async def _free(kubernetes: Kubernetes) -> None:
    """Refuse where a run has stopped part-way; sweep what was cut before its first change."""
    ended: list[str] = []
    for name, copy in (await space.runs(kubernetes)).items():
        if isinstance(copy, ArcctlError) and copy.code == "journal-gone":
            raise copy
        if isinstance(copy, ArcctlError):
            drop = f"kubectl delete secrets -n arcctl -l arcctl/run={name}"
            if not any(each.startswith("kubectl delete") for each in copy.hints):
                copy.hints = (*copy.hints, f"if nothing of that run matters any more: {drop}")
            raise copy
        if copy.changed and not copy.ending:
            raise unfinished(copy)
        if copy.ending and not copy.ending.detail.get("clean"):
            ended.append(name)
    await space.sweep(kubernetes, keep=ended)
