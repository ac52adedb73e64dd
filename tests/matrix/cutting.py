"""Kills a running arcctl, and every helm it has started, at one chosen request."""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from arcctl.sandbox.journal import Entry
    from tests.stage import Stage

When = Literal["before", "after"]
# Names that differ from run to run: operations, pods and their ReplicaSets, helm's revisions.
_CHANGING = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "GUID"),
    (re.compile(r"\*[0-9A-Fa-f]{64}"), ""),
    (re.compile(r"-[a-z0-9]{5,10}(-[a-z0-9]{5})?(?=/log$|$)"), "-ID"),
)


class Place(NamedTuple):
    """One request of a run: which service, what was asked, and for which time."""

    service: str
    asked: str
    nth: int


def asked(entry: Entry) -> tuple[str, str]:
    """Name a request so that the next run's twin has the same name."""
    path = entry.path
    for pattern, plain in _CHANGING:
        path = pattern.sub(plain, path)
    return entry.service, f"{entry.method} {path}"


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


@dataclass
class Cut(Counting):
    """Kills the process at one place, before or after the server has acted."""

    at: Place | None = None
    when: When = "before"
    process: subprocess.Popen[str] | None = None
    happened: bool = False
    _reached: Entry | None = None

    def __call__(self, entry: Entry, when: When) -> bool:
        if self.happened or _agents(entry):
            return False
        if when == "before" and self.place(entry) == self.at:
            self._reached = entry
        return self._reached is entry and when == self.when and self._kill()

    def _kill(self) -> bool:
        assert self.process
        self.happened = True
        for pid in [*_descendants(self.process.pid), self.process.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
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


def cut(stage: Stage, line: str, at: Place, when: When) -> bool:
    """Run a command and kill it at one place; tell whether it got there."""
    cutting = Cut(at=at, when=when)
    with watched(stage, cutting), stage.start(line) as process:
        # In time: python alone takes longer to start than this line does.
        cutting.process = process
        process.communicate(timeout=120)
    return cutting.happened
