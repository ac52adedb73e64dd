"""A run that another machine has finished is over on this one as soon as its cluster was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.stories.half_done import half_done
from tests.stories.refusals import FORBIDDEN

if TYPE_CHECKING:
    from tests.stage import Stage

NOTE = "has not ended, as far as this one knows"
SHOW = "show -n harbor -g edge"


@pytest.fixture
def finished(two_clusters: Stage) -> tuple[Stage, str]:
    """An apply that has stopped here, and that another machine has brought to its end."""
    run = half_done(two_clusters)
    two_clusters.well(f"resume {run}", ARCCTL_HOME=str(two_clusters.folder / "elsewhere"))
    assert NOTE in two_clusters.well(SHOW).err
    return two_clusters, run


@pytest.mark.parametrize(
    "line",
    [
        "history",
        "resume",
        "resume RUN",
        "check -n harbor -g edge",
        "connect -n harbor -g edge --skip-prechecks --yes",
        "move -n harbor -g edge --target-region westeurope --dry-run",
    ],
)
def test_whatever_asks_the_cluster_finds_it_out(finished: tuple[Stage, str], line: str) -> None:
    """Then the note ends, and without a cluster it is known as finished, too."""
    stage, run = finished

    stage.type(line.replace("RUN", run))

    assert NOTE not in stage.well(SHOW).err
    [told] = stage.well(f"history -o json --kube-config {stage.folder}/none").data
    assert told["outcome"] == "finished elsewhere"


def test_another_cluster_proves_nothing(finished: tuple[Stage, str]) -> None:
    """It never held the run."""
    stage, _ = finished

    stage.type("history --kube-context sandbox-2")

    assert NOTE in stage.well(SHOW).err


@pytest.mark.parametrize("path", ["/namespaces/kube-system$", "/namespaces/arcctl/secrets"])
def test_a_cluster_that_cannot_be_read_proves_nothing(
    finished: tuple[Stage, str], path: str
) -> None:
    """Neither without its uid nor without its Secrets."""
    stage, _ = finished
    stage.fault("kubernetes", FORBIDDEN, method="GET", path=path, times=None)

    stage.type("history")

    stage.within(stage.world.faults.remove)
    assert NOTE in stage.well(SHOW).err


def test_a_run_that_goes_on_here_is_open_again(quick: Stage) -> None:
    """Somebody had deleted what the cluster held, and a person knows that."""
    run = half_done(quick)
    quick.within(lambda: _swept(quick))
    quick.well("history")
    quick.fault("arm", {"status": 409, "body": {}}, method="PUT", path="/extensions/", times=None)

    assert quick.type(f"resume {run} --take-over").code == 6

    quick.within(quick.world.faults.remove)
    assert NOTE in quick.well(SHOW).err
    quick.well(f"resume {run}")


def _swept(stage: Stage) -> None:
    for each in list(stage.cluster.store.items(KINDS["secrets"].key, "arcctl")):
        stage.cluster.store.remove(KINDS["secrets"].key, "arcctl", each["metadata"]["name"])
