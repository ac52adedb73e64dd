"""A machine that wakes beside another that has finished its work: it changes nothing any more."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest
from tests.stories.moments import at, until
from tests.stories.moved import GIVEN, MOVE, running, whole
from tests.stories.test_move_bad_days import elsewhere, ended

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stage import Stage

HARBOR = "/connectedClusters/harbor$"
# Longer than a process may be away and still take itself for awake.
NAP = 3.0


def fallen_asleep(pid: int) -> Callable[[], None]:
    """Return what stops a process, as a lid that is closed does."""
    return lambda: os.kill(pid, signal.SIGSTOP)


@pytest.mark.parametrize(
    ("asked", "when"),
    [
        (f"arm DELETE .*{HARBOR}", "after"),
        ("kubernetes DELETE .*/deployments", "before"),
        ("kubernetes DELETE .*/namespaces/azure-arc$", "before"),
        (f"arm PUT .*{HARBOR}", "after"),
        ("kubernetes (POST|PUT|PATCH) .*azure-clusterconfig", "after"),
        ("arm PUT .*/extensions/monitor$", "after"),
    ],
)
def test_whoever_wakes_after_the_end_changes_nothing(harbor: Stage, asked: str, when: str) -> None:
    """Its Lease is gone, and so is its journal: another has taken both, and is done."""
    uids = running(harbor)
    with harbor.start(MOVE) as process:
        moment = at(harbor, asked, when, fallen_asleep(process.pid))
        until(lambda: moment.happened, "a machine that falls asleep")
        slept = time.monotonic()
        report = harbor.well(f"resume --take-over {GIVEN}", **elsewhere(harbor))
        until(lambda: time.monotonic() > slept + NAP, "a nap that is long enough")
        harbor.within(harbor.world.journal.clear)
        process.send_signal(signal.SIGCONT)
        ending = ended(process)

    assert report.data["clean"]
    assert ending.code == 6, ending.err
    assert "lease-lost" in ending.err or "run-taken-over" in ending.err
    assert [
        f"{service} {each}"
        for service in ("arm", "kubernetes")
        for verb in ("PUT", "POST", "PATCH", "DELETE")
        for each in harbor.requests(service, verb)
        # Its own journal and Lease are asked for by their versions: there is none of them any more.
        if not each.endswith(("-journal", "/leases/arcctl")) and "selfsubject" not in each
    ] == []
    whole(harbor, uids)
