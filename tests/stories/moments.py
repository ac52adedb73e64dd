"""Moments of a run at which a story lets something happen: a request, before or after it is served."""

from __future__ import annotations

import re
import resource
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tests.stage import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.sandbox.journal import Entry
    from tests.stage import Stage

Whose = Literal["before", "after"]


@dataclass
class Moment:
    """Lets something happen once, in the sandbox's own loop, at arcctl's first such request."""

    asked: str
    when: Whose
    act: Callable[[], object]
    happened: bool = False

    def __call__(self, entry: Entry, when: Whose) -> bool:
        said = f"{entry.service} {entry.method} {entry.path}"
        mine = entry.user_agent != "azure-arc-agents"
        if mine and not self.happened and when == self.when and re.search(self.asked, said):
            self.happened = True
            self.act()
        return False


def at(stage: Stage, asked: str, when: Whose, act: Callable[[], object]) -> Moment:
    """Plan what is to happen at `SERVICE METHOD PATH`, a regular expression."""
    moment = Moment(asked, when, act)
    stage.within(lambda: stage.world.witnesses.append(moment))
    return moment


def until(seen: Callable[[], object], what: str) -> None:
    """Wait until something is so, or fail with its name."""
    deadline = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < deadline, f"never seen: {what}"
        time.sleep(0.02)


def fill_disk(pid: int, *, full: bool = True) -> None:
    """Let a process write no byte to any file, as on a full disk; or let it write again."""
    with suppress(ProcessLookupError):
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0 if full else hard, hard))
