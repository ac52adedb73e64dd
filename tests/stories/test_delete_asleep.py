"""A `delete` that sleeps while others connect the cluster anew leaves what is theirs alone."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.stories.moments import at, until
from tests.stories.test_move_asleep import HARBOR, fallen_asleep
from tests.stories.test_move_bad_days import ended

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

CONNECT = "connect -n harbor -g edge -l eastus --skip-prechecks"


def agents(stage: Stage) -> set[str]:
    """The Deployments in the agents' namespace, by uid."""
    found = stage.within(lambda: list(stage.cluster.store.items(KINDS["deployments"].key)))
    return {
        each["metadata"]["uid"] for each in found if each["metadata"]["namespace"] == "azure-arc"
    }


def connected_meanwhile(stage: Stage, line: str) -> tuple[Ended, set[str], set[str]]:
    """Delete harbor, fall asleep once Azure has taken it, and wake after another command."""
    stage.after(CONNECT)
    with stage.start("delete -n harbor -g edge --yes") as process:
        moment = at(stage, f"arm DELETE .*{HARBOR}", "after", fallen_asleep(process.pid))
        until(lambda: moment.happened, "a machine that falls asleep")
        stage.well(line)
        theirs = agents(stage)
        process.send_signal(signal.SIGCONT)
        ending = ended(process)
    return ending, theirs, agents(stage)


@pytest.mark.parametrize(
    ("line", "whose"),
    [
        ("connect -n quay -g edge -l westeurope --skip-prechecks --yes", "quay (group edge)"),
        ("connect -n harbor -g edge -l westeurope --skip-prechecks --yes", "harbor (group edge)"),
    ],
)
def test_the_agents_of_another_resource_are_left_alone(quick: Stage, line: str, whose: str) -> None:
    """Said, and the resource that was asked about is deleted: exit code 0."""
    ending, theirs, left = connected_meanwhile(quick, line)

    assert (ending.code, left) == (0, theirs), ending.err
    assert theirs
    assert f"the agents in this cluster are those of {whose} by now, and stay" in ending.err
    assert "and the agents" not in ending.err.splitlines()[-1]
