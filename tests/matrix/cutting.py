"""Cuts a running arcctl at one chosen request: as a person does, or as a machine that dies."""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Literal, NamedTuple

from tests.stage import Ended

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.sandbox.journal import Entry
    from tests.stage import Stage

When = Literal["before", "after"]
_PATIENCE = 120
# Names that differ from run to run: arcctl's own runs, operations, pods and their ReplicaSets, helm's revisions.
_CHANGING = (
    (re.compile(r"-\d{8}-\d{6}-[0-9a-f]{4}(?=-|$)"), "-RUN"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "GUID"),
    (re.compile(r"\*[0-9A-Fa-f]{64}"), ""),
    (re.compile(r"-[a-z0-9]{5,10}(-[a-z0-9]{5})?(?=/log$|$)"), "-ID"),
)


class Place(NamedTuple):
    """One request of a run: which service, what was asked, and for which time."""

    service: str
    asked: str
    nth: int

    @property
    def reads(self) -> bool:
        """Whether the server does nothing but answer."""
        return self.asked.startswith(("GET ", "HEAD "))


def asked(entry: Entry) -> tuple[str, str]:
    """Name a request so that the next run's twin has the same name."""
    return entry.service, f"{entry.method} {asked_path(entry.path)}"


def asked_path(path: str) -> str:
    """Return a path without what differs from run to run."""
    for pattern, plain in _CHANGING:
        path = pattern.sub(plain, path)
    return path


@dataclass
class Counting:
    """Notes the place of every request of arcctl's and of its helms."""

    places: list[Place] = field(default_factory=list)
    _seen: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __call__(self, entry: Entry, when: When) -> bool:
        if when == "before" and not _agents(entry):
            self.places.append(self.place(entry))
        return False

    def place(self, entry: Entry) -> Place:
        """Count one request."""
        name = asked(entry)
        self._seen[name] += 1
        return Place(*name, self._seen[name])


@dataclass(kw_only=True)
class Cut(Counting):
    """Ends a process at one place, before or after the server has acted.

    With SIGKILL its helms die with it, and with SIGINT it may still say goodbye. Either way the
    request is not answered.
    """

    at: Place
    when: When
    signal: signal.Signals
    happened: bool = False
    _started: Event = field(default_factory=Event)
    _pid: int = 0
    _reached: Entry | None = None

    def aim(self, pid: int) -> None:
        """Say which process it is; its requests wait until it is known."""
        self._pid = pid
        self._started.set()

    def __call__(self, entry: Entry, when: When) -> bool:
        if self.happened or _agents(entry):
            return False
        if when == "before" and self.place(entry) == self.at:
            self._reached = entry
        return self._reached is entry and when == self.when and self._strike()

    def _strike(self) -> bool:
        assert self._started.wait(_PATIENCE)
        self.happened = True
        kills = self.signal == signal.SIGKILL
        for pid in [*(_descendants(self._pid) if kills else ()), self._pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, self.signal)
        return True


def _agents(entry: Entry) -> bool:
    """The sandbox's own agents ask too; they are not part of the run."""
    return entry.user_agent == "azure-arc-agents"


def _descendants(pid: int) -> list[int]:
    """Return the children of a process and theirs, whatever session they are in."""
    parents: dict[int, list[int]] = {}
    for each in Path("/proc").iterdir():
        if each.name.isdecimal():
            try:
                status = (each / "stat").read_text()
            except (OSError, UnicodeDecodeError):
                continue
            parent = int(status.rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(each.name))
    found, todo = [], [pid]
    while todo:
        children = parents.get(todo.pop(), [])
        found += children
        todo += children
    return found


@contextmanager
def watched(stage: Stage, witness: Counting) -> Iterator[None]:
    """Let a witness see every request as long as the block lasts."""
    stage.within(lambda: stage.world.witnesses.append(witness))
    try:
        yield
    finally:
        stage.within(stage.world.witnesses.clear)


def places_of(stage: Stage, line: str) -> list[Place]:
    """Run a command to its end, and return every place at which it could be cut."""
    counting = Counting()
    with watched(stage, counting):
        stage.well(line)
    return counting.places


def cut(stage: Stage, line: str, cutting: Cut) -> Ended:
    """Run a command that is cut on its way."""
    with watched(stage, cutting), stage.start(line) as process:
        cutting.aim(process.pid)
        out, err = process.communicate(timeout=_PATIENCE)
    return Ended(process.returncode, out, err)
