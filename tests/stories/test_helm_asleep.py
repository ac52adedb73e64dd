"""A machine that sleeps takes helm with it. It is held as soon as arcctl wakes; a request that was
faster is named.
"""

from __future__ import annotations

import os
import re
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pytest
from tests.stories.moments import until
from tests.stories.spying import descendants
from tests.stories.symptoms import merge
from tests.stories.test_delete_asleep import CONNECT, MOVED, QUAY, agents
from tests.stories.test_move_asleep import NAP
from tests.stories.test_move_bad_days import elsewhere, ended

if TYPE_CHECKING:
    from arcctl.sandbox.journal import Entry
    from tests.stage import Stage


@dataclass
class Lid:
    """A laptop that is closed at helm's first request of a kind, with all that runs on it."""

    asked: str
    pid: int
    asleep: tuple[int, ...] = ()

    def __call__(self, entry: Entry, when: Literal["before", "after"]) -> bool:
        helms = entry.user_agent.startswith("Helm") and when == "before" and not self.asleep
        if helms and re.search(self.asked, f"{entry.method} {entry.path}"):
            self.asleep = (self.pid, *descendants(self.pid))
            for each in self.asleep:
                os.kill(each, signal.SIGSTOP)
        return False

    def opened(self) -> None:
        """Wake all of it."""
        for each in self.asleep:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGCONT)


def woken(stage: Stage, line: str, asked: str, *others: str) -> tuple[int, str, set[str], set[str]]:
    """Type a line, sleep at helm's request while others act elsewhere, and wake."""
    with stage.start(line) as process:
        lid = Lid(asked, process.pid)
        stage.within(lambda: stage.world.witnesses.append(lid))
        until(lambda: lid.asleep, "a machine that falls asleep")
        slept = time.monotonic()
        old = {"renewTime": "2026-01-01T00:00:00.000000Z"}
        stage.within(lambda: merge(stage, "leases", "arcctl", "arcctl", spec=old))
        for each in others:
            stage.well(each, **elsewhere(stage))
        until(lambda: time.monotonic() > slept + NAP, "a nap that is long enough")
        theirs = agents(stage)
        lid.opened()
        last = ended(process)
    return last.code, last.err, theirs, agents(stage)


@pytest.mark.parametrize(
    "line", [f"connect {each} --skip-prechecks --yes" for each in (QUAY, MOVED)]
)
def test_a_helm_that_removes_agents(quick: Stage, line: str) -> None:
    """Whatever it has removed before it was held, the end says that it may have."""
    quick.after(CONNECT)
    delete = "delete -n harbor -g edge --yes"
    code, said, _, _ = woken(quick, delete, "DELETE .*/deployments/", line)

    assert code == 6, said
    assert "[lease-lost]" in said
    assert "helm was at work, and may have changed what others have installed since" in said
    assert "--cluster-only" not in said


def test_a_helm_that_installs_agents(quick: Stage) -> None:
    """The release is that of quay, and quay is well."""
    others = ("delete -n harbor -g edge --yes", f"connect {QUAY} --skip-prechecks --yes")
    asked = "(POST|PATCH|PUT) .*/(deployments|configmaps)"
    code, said, theirs, left = woken(quick, f"{CONNECT} --yes", asked, *others)

    assert (code, left) == (6, theirs), said
    assert "[lease-lost]" in said
    assert "helm was at work" in said
