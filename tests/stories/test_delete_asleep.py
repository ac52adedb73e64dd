"""A `delete` that sleeps while others connect the cluster anew leaves what is theirs alone."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.stories.moments import at, until
from tests.stories.symptoms import merge
from tests.stories.test_move_asleep import HARBOR, NAP, fallen_asleep
from tests.stories.test_move_bad_days import elsewhere, ended

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

CONNECT = "connect -n harbor -g edge -l eastus --skip-prechecks"
QUAY = "-n quay -g edge -l westeurope"
MOVED = "-n harbor -g edge -l westeurope"


def agents(stage: Stage) -> set[str]:
    """The Deployments in the agents' namespace, by uid."""
    found = stage.within(lambda: list(stage.cluster.store.items(KINDS["deployments"].key)))
    return {
        each["metadata"]["uid"] for each in found if each["metadata"]["namespace"] == "azure-arc"
    }


def connected_meanwhile(stage: Stage, flags: str, line: str) -> tuple[Ended, set[str], set[str]]:
    """Delete harbor, fall asleep once Azure has taken it, and wake after another command."""
    stage.after(CONNECT)
    with stage.start(f"delete -n harbor -g edge --yes{flags}") as process:
        moment = at(stage, f"arm DELETE .*{HARBOR}", "after", fallen_asleep(process.pid))
        until(lambda: moment.happened, "a machine that falls asleep")
        slept = time.monotonic()
        if not flags:
            old = {"renewTime": "2026-01-01T00:00:00.000000Z"}
            stage.within(lambda: merge(stage, "leases", "arcctl", "arcctl", spec=old))
        stage.well(line, **elsewhere(stage))
        until(lambda: time.monotonic() > slept + NAP, "a nap that is long enough")
        theirs = agents(stage)
        process.send_signal(signal.SIGCONT)
        ending = ended(process)
    assert theirs
    return ending, theirs, agents(stage)


@pytest.mark.parametrize(
    ("line", "whose"),
    [
        (f"connect {QUAY} --skip-prechecks --yes", "quay (group edge)"),
        (f"connect {MOVED} --skip-prechecks --yes", "harbor (group edge)"),
    ],
)
def test_the_agents_of_another_resource_are_left_alone(quick: Stage, line: str, whose: str) -> None:
    """With --force, which holds no Lease: said, and what was asked about is deleted."""
    ending, theirs, left = connected_meanwhile(quick, " --force", line)

    assert (ending.code, left) == (0, theirs), ending.err
    assert f"the agents in this cluster are those of {whose} by now, and stay" in ending.err
    assert "and the agents" not in ending.err.splitlines()[-1]


@pytest.mark.parametrize(
    "line", [f"connect {each} --skip-prechecks --yes" for each in (QUAY, MOVED)]
)
def test_the_agents_of_those_who_took_the_lease_are_left_alone(quick: Stage, line: str) -> None:
    """Whenever the command finds its Lease lost: before it looks whose they are, or at its end."""
    ending, theirs, left = connected_meanwhile(quick, "", line)

    assert left == theirs, ending.err
    assert ending.code in {0, 6}, ending.err
    assert "its agents are removed" not in ending.err
    if "the agents in this cluster are those of " in ending.err:
        assert "--cluster-only" not in ending.err
        assert not (MOVED in line and "--azure-only" in ending.err), ending.err
