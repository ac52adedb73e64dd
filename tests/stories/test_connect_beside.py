"""`connect` beside another `connect`, or beside a move: the later one is refused, and undoes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.stories import beside, moved, moving
from tests.stories.moved import spaces
from tests.stories.refusals import FORBIDDEN, changes, refused
from tests.stories.test_changers_beside import place, under_way

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

CONNECT = "connect -n harbor -g edge -l eastus --skip-prechecks"
DEPOT = CONNECT.replace("harbor", "depot")
PROXY = "--proxy-https http://p.example:3128"


@pytest.fixture
def quick_harbor(quick: Stage) -> Stage:
    """Harbor with its children in eastus, and the file that a move of it needs."""
    quick.after(moving.connected)
    moving.secrets_file(quick)
    return quick


@pytest.mark.parametrize("line", [CONNECT, DEPOT])
@pytest.mark.parametrize("step", ["register", "install-agents"])
def test_a_second_connect_waits_for_the_first(quick: Stage, line: str, step: str) -> None:
    """Under the same name or another: it is told what is under way; the first one has its way."""
    said: list[Ended] = []

    ended = beside.type_beside(
        quick, CONNECT, step, lambda: said.append(quick.type_apart(line)), events=("started",)
    )

    assert ended.code == 0, ended.err
    under_way(said[0], "a connect of harbor")
    assert place(quick) == ("harbor", "eastus")
    assert moved.kept_in_cluster(quick) == []


def test_a_connect_that_another_has_overtaken_is_refused(quick: Stage) -> None:
    """The first question was answered before; what is there now is not what it was about."""
    said: list[Ended] = []

    ended = beside.type_beside(
        quick, CONNECT, "checks", lambda: said.append(quick.type_apart(DEPOT)), events=("done",)
    )

    assert said[0].code == 0, said[0].err
    refused(ended, "AZK8S0403", said="already connected as depot")
    assert place(quick) == ("depot", "eastus")
    assert moved.kept_in_cluster(quick) == []


def test_no_move_begins_beside_a_connect(quick_harbor: Stage) -> None:
    """It says what is under way, and goes once that has ended."""
    said: list[Ended] = []
    line = f"{moving.CONNECT} {PROXY}"

    def act() -> None:
        said.append(quick_harbor.type_apart(moved.MOVE))

    ended = beside.type_beside(quick_harbor, line, "install-agents", act, events=("started",))

    assert ended.code == 0, ended.err
    under_way(said[0], "a connect of harbor", exit_code=5)
    assert place(quick_harbor) == ("harbor", "eastus")
    assert quick_harbor.type(moved.MOVE).code == 0


def test_a_move_that_has_ended_meanwhile_is_not_undone(quick_harbor: Stage) -> None:
    """What was read before it is read again, and is another resource."""
    said: list[Ended] = []
    line = f"{moving.CONNECT} {PROXY}"

    def act() -> None:
        said.append(quick_harbor.type_apart(moved.MOVE))

    ended = beside.type_beside(quick_harbor, line, "checks", act, events=("done",))

    assert said[0].code == 0, said[0].err
    assert ended.code != 0, ended.err
    assert place(quick_harbor) == ("harbor", "westeurope")
    assert moved.kept_in_cluster(quick_harbor) == []


def test_no_connect_begins_beside_a_move(quick_harbor: Stage) -> None:
    """The move holds the Lease before it has changed anything."""
    said: list[Ended] = []
    line = f"{moving.CONNECT} {PROXY}"

    def act() -> None:
        said.append(quick_harbor.type_apart(line))

    ended = beside.type_beside(quick_harbor, moved.MOVE, "quiet-agents", act, events=("started",))

    assert ended.code == 0, ended.err
    refused(said[0], "run-in-progress", said="a move of harbor is under way on ")
    assert place(quick_harbor) == ("harbor", "westeurope")


def test_what_is_as_asked_takes_no_lease(quick: Stage) -> None:
    """Neither does a change in Azure alone: nothing is made in the cluster for it."""
    quick.after(CONNECT)
    quick.within(quick.world.journal.clear)

    quick.well(CONNECT)
    quick.well(f"{CONNECT} --tags a=b")

    assert [each for each in changes(quick) if each.startswith("kubernetes")] == []


def test_who_may_not_write_leases_is_refused_before_anything_is_changed(quick: Stage) -> None:
    """As any change of the agents is."""
    quick.fault("kubernetes", FORBIDDEN, method="POST", path="/leases$", times=None)
    before = spaces(quick)

    ended = quick.type(CONNECT)

    refused(ended, "kube-forbidden", exit_code=4)
    assert spaces(quick) - before <= {"arcctl"}
    assert [each for each in moved.changes_beyond(quick) if "leases" not in each] == []
