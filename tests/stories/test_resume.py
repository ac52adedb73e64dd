"""`arcctl resume`: a run goes on from whatever is left of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.stories.half_done import CONNECT, extensions, half_done, in_cluster, refusing
from tests.stories.refusals import refused

if TYPE_CHECKING:
    from tests.stage import Stage


def elsewhere(stage: Stage) -> str:
    """The home of another machine, whose state folder is empty."""
    return str(stage.folder / "elsewhere")


def test_the_only_unfinished_run_is_taken_up(quick: Stage) -> None:
    """On the same machine, without its name; afterwards there is nothing to resume."""
    half_done(quick)
    ended = quick.well("resume")

    assert "Applied: config apply of harbor" in ended.err
    assert extensions(quick) == ["flux"]
    assert in_cluster(quick) == []
    refused(quick.type("resume"), "nothing-open", exit_code=3, said="arcctl history")


def test_another_machine_takes_it_up_from_the_cluster(quick: Stage) -> None:
    """By its name, with nothing but the kubeconfig."""
    run = half_done(quick)
    quick.well(f"resume {run}", ARCCTL_HOME=elsewhere(quick))

    assert extensions(quick) == ["flux"]
    assert in_cluster(quick) == []


def test_a_run_that_stops_again_says_so_again(quick: Stage) -> None:
    """Exit code 6, the reason, and both commands."""
    run = half_done(quick)
    refusing(quick)
    ended = quick.type(f"resume {run}")

    assert ended.code == 6
    assert f"try    arcctl resume {run}" in ended.err
    assert f"arcctl rollback {run}" in ended.err
    assert in_cluster(quick)


def test_a_run_that_nobody_knows_is_not_found(quick: Stage) -> None:
    """Exit code 3."""
    ended = quick.type("resume move-of-nobody")

    assert ended.code == 3
    assert "[run-unknown]" in ended.err


def test_a_lease_left_behind_keeps_others_out_until_one_knows(quick: Stage) -> None:
    """The refusal names the flag that says so."""
    run = half_done(quick)
    now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    spec = {"holderIdentity": f"{run}/dead", "leaseDurationSeconds": 60}
    lease = {
        "metadata": {"name": "arcctl"},
        "spec": spec | {"acquireTime": now, "renewTime": now},
    }
    quick.within(lambda: quick.cluster.api.create(KINDS["leases"], "arcctl", lease))
    refused = quick.type(f"resume {run}", ARCCTL_HOME=elsewhere(quick))
    assert refused.code == 1
    assert "[run-in-progress]" in refused.err
    assert f"arcctl resume {run} --take-over" in refused.err
    assert f"arcctl history {run}" in refused.err
    back = quick.type(f"rollback {run}", ARCCTL_HOME=elsewhere(quick))
    assert f"arcctl rollback {run} --take-over" in back.err
    assert "arcctl resume" not in back.err
    quick.well(f"resume {run} --take-over", ARCCTL_HOME=elsewhere(quick))

    assert in_cluster(quick) == []


def test_the_wrong_cluster_is_refused(two_clusters: Stage) -> None:
    """The run was begun in context sandbox."""
    run = half_done(two_clusters)
    ended = two_clusters.type(f"resume {run} --kube-context sandbox-2")

    assert ended.code == 1
    assert "[wrong-cluster]" in ended.err
    nothing = two_clusters.type("resume --kube-context sandbox-2")
    refused(nothing, "nothing-open", exit_code=3, said=f"{run} was begun in another cluster")


@pytest.mark.parametrize("line", [CONNECT, "delete -n harbor -g edge --yes"])
def test_nothing_else_is_done_to_the_cluster_meanwhile(quick: Stage, line: str) -> None:
    """What stopped part-way comes first; its agents may be asleep."""
    run = half_done(quick)
    ended = quick.type(line)
    assert ended.code == 1
    assert "[run-unfinished]" in ended.err
    assert f"arcctl resume {run}" in ended.err
