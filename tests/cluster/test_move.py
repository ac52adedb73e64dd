"""A move on a real control plane, with both helms: whole, cut, refused, and taken back."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from tests import arm
from tests.cluster.kwokctl import processes
from tests.cluster.moving import Before, Harbor, let_go, linger, until
from tests.cluster.test_stories import PROGRAMS, on
from tests.matrix.cutting import Cut, Place, asked_path, cut
from tests.stories.moved import GIVEN, MOVE, resource
from tests.stories.moving import CONNECT
from tests.stories.refusals import changes, refused

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cluster.auditing import Asked
    from tests.cluster.control_plane import ControlPlane
    from tests.stage import Ended, Stage

pytestmark = pytest.mark.cluster

MAKING = ("create", "patch")
SOURCE_GONE = Place("arm", f"DELETE {asked_path(arm.HARBOR)}", 1)
FLUX_PUT = Place("arm", f"PUT {asked_path(arm.HARBOR)}/{arm.CHILDREN}/extensions/flux", 1)
# Eleven of azure-arc, and Arc's half of Flux.
ALL_AGENTS = 13


@pytest.fixture(params=["helm3", "helm4"])
def either(
    request: pytest.FixtureRequest, real_cluster: ControlPlane, tmp_path: Path, home: Path
) -> Iterator[Harbor]:
    """Connected in eastus, with two extensions and two configurations that prune; with each helm."""
    with on(real_cluster, tmp_path, request.getfixturevalue(request.param)) as stage:
        yield Harbor(stage, real_cluster).connect()


@pytest.fixture
def harbor(real_cluster: ControlPlane, tmp_path: Path, helm4: Path, home: Path) -> Iterator[Harbor]:
    """The same, for stories in which no helm is cut and none takes over from another."""
    with on(real_cluster, tmp_path, helm4) as stage:
        yield Harbor(stage, real_cluster).connect()


def killed(stage: Stage, at: Place) -> None:
    """Move, and be killed with all helms as soon as Azure has acted on a request."""
    cutting = Cut(at=at, when="after", signal=signal.SIGKILL)
    cut(stage, MOVE, cutting)
    assert cutting.happened


def kill(stage: Stage, process: subprocess.Popen[str]) -> None:
    """End a move and its helms, whose charts lie where arcctl keeps what it needs for a while."""
    for pid in (process.pid, *processes(stage.folder / "scratch")):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def elsewhere(stage: Stage, line: str) -> Ended:
    """Type it on another machine, with nothing but the kubeconfig and the secrets."""
    return stage.well(f"{line} --take-over --yes {GIVEN}", ARCCTL_HOME=str(stage.folder / "else"))


def test_a_move_carries_everything_and_restarts_nothing(either: Harbor) -> None:
    """Children, tags and secrets arrive; workloads keep their uids; the run leaves no trace."""
    before = Before.of(either)

    report = either.stage.well(MOVE).data

    either.is_whole(before, "westeurope")
    assert (report["clean"], report["differences"]) == (True, [])
    assert "ghp-hidden-81" in str(before.secrets)


def test_a_move_that_was_killed_goes_on_from_the_cluster(either: Harbor) -> None:
    """The source is gone, and so are process and journal; another machine ends what was begun."""
    before = Before.of(either)
    killed(either.stage, SOURCE_GONE)
    assert resource(either.stage) == {}

    ended = elsewhere(either.stage, "resume")

    assert "Moved" in ended.err
    either.is_whole(before, "westeurope")


def test_a_helm_that_was_killed_in_a_move_is_taken_over(either: Harbor) -> None:
    """Its release says pending, half of the chart is there, and the next helm makes the rest."""
    before, ledger = Before.of(either), either.plane.ledger()
    with either.stage.start(MOVE) as process:
        until(lambda: made(ledger.by("Helm")))
        kill(either.stage, process)

    ended = elsewhere(either.stage, "resume")

    assert "an earlier helm was cut short" in ended.err
    either.is_whole(before, "westeurope")


def made(asked: list[Asked]) -> bool:
    """Whether helm has begun to make the target's agents."""
    return any("/namespaces/azure-arc/" in each.path and each.verb in MAKING for each in asked)


def test_a_refused_move_changes_nothing(harbor: Harbor) -> None:
    """A lock on the group, and a context that leads to another cluster's agents."""
    harbor.stage.seed(
        clusters=[{"name": "other", "group": "far"}],
        locks=[{"on": "edge", "name": "keep", "level": "CanNotDelete"}],
    )
    before, ledger = Before.of(harbor), harbor.plane.ledger()
    harbor.stage.within(harbor.stage.world.journal.clear)

    refused(harbor.stage.type(MOVE), "locked", exit_code=5, said="keep on group edge")
    other = MOVE.replace("-n harbor -g edge", "-n other -g far")
    refused(harbor.stage.type(other), "wrong-cluster", exit_code=5, said="this cluster is harbor")

    assert [asked for asked in ledger.by(*PROGRAMS) if asked.changes] == []
    assert changes(harbor.stage) == []
    harbor.is_whole(before, "eastus")


def test_agents_that_were_put_to_sleep_are_woken_by_a_rollback(harbor: Harbor) -> None:
    """One that is slow to end holds the move up; afterwards helm alone says how many there are."""
    before = Before.of(harbor)
    slow = linger(harbor.plane, "config-agent-")
    with harbor.stage.start(MOVE) as process:
        until(lambda: harbor.plane.names("pods", "-n", "azure-arc") == slow)
        kill(harbor.stage, process)
    assert (len(harbor.asleep), len(harbor.claimed)) == (ALL_AGENTS, ALL_AGENTS)
    assert resource(harbor.stage)["location"] == "eastus"

    ended = elsewhere(harbor.stage, "rollback")

    assert "Rolled back" in ended.err
    let_go(harbor.plane, slow)
    until(lambda: harbor.awake)
    harbor.is_whole(before, "eastus")
    harbor.stage.well(f"{CONNECT} --disable-auto-upgrade")


def test_a_rollback_after_the_point_of_no_return_moves_back(either: Harbor) -> None:
    """The agents of the target are there already, and are put to sleep as those of the source were."""
    before = Before.of(either)
    killed(either.stage, FLUX_PUT)

    elsewhere(either.stage, "rollback")

    either.is_whole(before, "eastus")
