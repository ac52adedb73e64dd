"""The copy of a run in the cluster: Secrets of namespace `arcctl`, compressed.

One holds the journal, and is written with optimistic concurrency; the documents lie in others,
in parts where one Secret (1 MiB) would not do.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import time
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from arcctl.clients import fence
from arcctl.errors import ArcctlError, ClusterError, Refusal, StoppedPartWay
from arcctl.flow.events import Noted
from arcctl.model import run as written
from arcctl.model.bounded import unzipped
from arcctl.model.duration import spoken
from arcctl.model.run_shape import named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.flow.events import Observer
    from arcctl.model.run import Entry, Header, Record

NAMESPACE = "arcctl"
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
MANAGED = {"app.kubernetes.io/managed-by": "arcctl"}
RUN, PART = "arcctl/run", "arcctl/part"
JOURNAL = "journal"
HOLD = "arcctl-hold-"
"""How the names of the Secrets begin that hold what must not leave the cluster"""
PATIENCE = 180.0
_PART_BYTES = 900_000
_MOST_PARTS = 100
_SEVERAL = 5

Body = dict[str, Any]


@dataclass
class Cabinet:
    """The Secrets of one run; NotFound `run-unknown` where none can be called that."""

    kubernetes: Kubernetes
    run: str

    def __post_init__(self) -> None:
        named(self.run)

    @property
    def name(self) -> str:
        """What people call its journal."""
        return f"Secret {NAMESPACE}/{self._name(JOURNAL)}"

    def _name(self, part: str, number: int = 0) -> str:
        return _secret_name(self.run, part, number)

    def path(self, part: str, number: int = 0) -> str:
        """Return the path of one Secret."""
        return f"{SECRETS}/{self._name(part, number)}"

    def body(self, part: str, content: bytes, number: int = 0) -> Body:
        """Return a Secret that holds bytes."""
        labels = MANAGED | {RUN: self.run, PART: part}
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": self._name(part, number), "labels": labels},
            "type": "Opaque",
            "data": {part: base64.b64encode(content).decode()},
        }

    async def journal(self) -> Record | None:
        """Return the cluster's copy, or None; Refusal as `model.run.parse`."""
        found = await self.kubernetes.find(self.path(JOURNAL))
        return None if found is None else read(found)

    async def store(self, name: str, document: bytes) -> int:
        """Keep a document, in as many Secrets as it needs; return their number."""
        packed = gzip.compress(document, mtime=0)
        parts = [packed[at : at + _PART_BYTES] for at in range(0, len(packed), _PART_BYTES)]
        for number, part in enumerate(parts):
            await self._put(name, part, number)
        return len(parts)

    async def _put(self, name: str, part: bytes, number: int) -> None:
        body = self.body(name, part, number)
        try:
            await self.kubernetes.create(SECRETS, body)
        except ClusterError as error:
            if error.status != 409:
                raise
            await self.kubernetes.replace(self.path(name, number), body)

    async def document(self, name: str, parts: int) -> bytes | None:
        """Return a document as it was stored; None where a part is missing or damaged."""
        if not 0 < parts <= _MOST_PARTS:
            return None
        paths = [self.path(name, number) for number in range(parts)]
        found = await asyncio.gather(*map(self.kubernetes.find, paths))
        try:
            return unzipped(b"".join(_content(each or {}, name) for each in found))
        except (ValueError, KeyError, TypeError):
            return None


def read(secret: Body) -> Record:
    """Read the journal in a Secret; Refusal `journal-damaged` where there is none.

    So too where the Secret's name or label is not that of the run whose journal it holds: whoever
    may write Secrets here must not say where this machine keeps its files.
    """
    name = secret["metadata"]["name"]
    where = f"Secret {NAMESPACE}/{name}"
    try:
        text = unzipped(_content(secret, JOURNAL)).decode()
    except (ValueError, KeyError, TypeError):
        text = ""
    record = written.parse(text, where)
    run = record.header.run
    if name != _secret_name(run, JOURNAL) or labelled(secret) != run:
        raise Refusal(
            f"{where} is damaged",
            code="journal-damaged",
            why=f"it holds the journal of {run}, and its name or label is another run's",
        )
    return record


def labelled(secret: Body) -> str:
    """Return the run that a Secret's label names, "" where it names none."""
    labels = secret["metadata"].get("labels")
    return str(labels.get(RUN) or "") if isinstance(labels, dict) else ""


def _secret_name(run: str, part: str, number: int = 0) -> str:
    return f"arcctl-run-{run}-{part}" + (f"-{number}" if number else "")


def _story(secret: Body) -> str:
    """Return what a journal tells; a damaged one tells nothing that could be lost."""
    try:
        record = read(secret)
    except Refusal as error:
        if error.code == "journal-damaged":
            return ""
        raise
    return written.text(record.header, record.entries)


def _content(secret: Body, part: str) -> bytes:
    return base64.b64decode(secret["data"][part], validate=True)


class ClusterKeeper:
    """Keeps the journal in its Secret; a server that is away is asked again for some minutes."""

    def __init__(
        self,
        cabinet: Cabinet,
        header: Header,
        observer: Observer,
        *,
        patience: float = PATIENCE,
    ) -> None:
        self.name = cabinet.name
        self._cabinet = cabinet
        self._observer = observer
        self._patience = patience
        self._version = ""
        self._given_up = 0.0
        self._lines = [written.first_line(header)]

    async def keep(self, entries: Sequence[Entry]) -> None:
        """Return once all of these are in the cluster.

        Raise ClusterError or AccessError where they are not, StoppedPartWay `run-taken-over` where
        another process has written the journal.
        """
        # Whoever goes on without the cluster must not wait minutes for it at each step.
        pauses = iter(()) if self._given_up else _pauses(self._patience)
        if time.monotonic() - self._given_up < 10:
            raise ClusterError("the cluster did not answer a moment ago", code="AZK8S0202")
        told = False
        while True:
            try:
                await self._write(entries)
            except ClusterError as error:
                pause = next(pauses, None) if passing(error) else None
                if pause is None:
                    self._given_up = time.monotonic()
                    raise
                if not told:
                    wait = f"trying for {spoken(self._patience)}"
                    self._observer(Noted(f"{self.name}: {error}; {wait}", warning=True))
                    told = True
                await asyncio.sleep(pause)
            else:
                self._given_up = 0.0
                return

    async def _write(self, entries: Sequence[Entry]) -> None:
        text = self._text(entries)
        body = self._cabinet.body(JOURNAL, gzip.compress(text.encode(), mtime=0))
        for _ in range(_SEVERAL):
            try:
                # Its version is guard enough: a journal that others have written is a conflict.
                with fence.standing(None):
                    kept = await self._put(body)
            except ClusterError as error:
                if error.status == 404 and self._version:
                    await self._must_be_ours_still(entries, error)
                if error.status != 409:
                    raise
                await self._take_over_own(text)
            else:
                self._version = kept["metadata"]["resourceVersion"]
                return
        raise ClusterError(f"{self.name} changes faster than it can be written")

    async def _must_be_ours_still(self, entries: Sequence[Entry], error: ClusterError) -> None:
        """A journal that is gone: behind the mark the run goes on, but not beside another.

        Raise StoppedPartWay `run-taken-over`, or `lease-lost` where the Lease is gone as well.
        """
        if not any(map(_is_passed, entries)):
            raise ended_elsewhere(self._cabinet.run) from error
        await fence.passed(surely=True)

    def _text(self, entries: Sequence[Entry]) -> str:
        # Each entry is written out once: three hundred children mean a hundred journals and more.
        self._lines += map(written.line, entries[len(self._lines) - 1 :])
        return "".join(self._lines)

    async def _put(self, body: Body) -> Body:
        if not self._version:
            return await self._cabinet.kubernetes.create(SECRETS, body)
        metadata = body["metadata"] | {"resourceVersion": self._version}
        path = self._cabinet.path(JOURNAL)
        return await self._cabinet.kubernetes.replace(path, body | {"metadata": metadata})

    async def _take_over_own(self, text: str) -> None:
        """A write whose answer was lost has been ours: what is there is what we said before."""
        path = self._cabinet.path(JOURNAL)
        found = await self._cabinet.kubernetes.find(path)
        if found is None:
            self._version = ""
            return
        if not text.startswith(_story(found)):
            raise StoppedPartWay(
                "another arcctl has gone on with this run",
                code="run-taken-over",
                why=f"{self.name} holds entries that this process has not written",
            )
        self._version = found["metadata"]["resourceVersion"]


def ended_elsewhere(run: str) -> StoppedPartWay:
    """Return the error for a run whose journal has vanished while this process had it."""
    return StoppedPartWay(
        f"{run} is no longer in the cluster",
        code="run-taken-over",
        why="another arcctl has ended it, or somebody has deleted its Secrets; this one has stopped",
        hints=f"arcctl history {run}",
    )


def _is_passed(entry: Entry) -> bool:
    return entry.kind == "passed"


def journal_gone(run: str) -> Refusal:
    """Return the error for a run that holds secrets here, and whose journal somebody has deleted.

    arcctl itself removes the journal last.
    """
    return Refusal(
        f"the journal of {run} is gone from the cluster, and what the run holds is there",
        code="journal-gone",
        why=(
            f"somebody has deleted Secret {NAMESPACE}/{_secret_name(run, JOURNAL)}",
            "agents may be scaled to zero, and the private key may lie nowhere else",
        ),
        hints=(
            f"on the machine that has a copy of it: arcctl resume {run}",
            f"if no machine has one: arcctl history {run} --close",
        ),
    )


def passing(error: ArcctlError) -> bool:
    """Tell whether trouble with the cluster may be over in a moment."""
    status = getattr(error, "status", 0)
    return isinstance(error, ClusterError) and (status in (0, 429) or status >= 500)


def _pauses(patience: float) -> Iterator[float]:
    """Half a second first, fifteen at most, `patience` in all."""
    for pause in chain((0.5, 1.0, 2.0, 4.0, 8.0), [15.0] * int(patience)):
        if patience <= 0:
            return
        yield min(pause, patience)
        patience -= pause
