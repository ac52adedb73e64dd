"""`arcctl history`: what runs there were, here and in the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stories.half_done import half_done

if TYPE_CHECKING:
    from tests.stage import Stage


def test_a_run_is_told_from_its_beginning_to_its_end(quick: Stage) -> None:
    """Unfinished first, applied later; in the cluster while it needs it, here for good."""
    run = half_done(quick)
    [before] = quick.well("history").data
    assert (before["run"], before["outcome"], before["seconds"]) == (run, "unfinished", None)
    assert (before["here"], before["there"]) == (True, True)
    [elsewhere] = quick.well("history", ARCCTL_HOME=str(quick.folder / "elsewhere")).data
    assert (elsewhere["here"], elsewhere["there"]) == (False, True)
    quick.well("resume")
    [after] = quick.well("history").data

    assert after["outcome"] == "applied"
    assert after["verb"] == "config apply"
    assert after["cluster"].endswith("/harbor")
    assert after["seconds"] > 0
    assert "put-flux" in [each["step"] for each in after["changed"]]
    assert (after["here"], after["there"]) == (True, False)


def test_one_run_is_told_step_by_step(quick: Stage) -> None:
    """As data, with every entry of its journal."""
    run = half_done(quick)
    told = quick.well(f"history {run}").data
    kinds = [each["kind"] for each in told["entries"]]

    assert kinds[:2] == ["opened", "begun"]
    assert "failed" in kinds
    assert "hidden" not in str(told)


def test_a_table_has_a_line_for_each_run(quick: Stage) -> None:
    """With its cluster, its outcome and where it is kept."""
    run = half_done(quick)
    lines = quick.well("history -o table").out.splitlines()

    assert lines[0].split() == ["Run", "Cluster", "Started", "Outcome", "Taken", "Changes", "Kept"]
    assert lines[2].startswith(run)
    assert lines[2].endswith("here + cluster")


def test_without_a_cluster_this_machines_runs_are_told(quick: Stage) -> None:
    """And it is said that there may be others."""
    run = half_done(quick)
    ended = quick.well("history", KUBECONFIG=str(quick.folder / "nowhere"))

    assert [each["run"] for each in ended.data] == [run]
    assert "only the runs of this machine" in ended.err


def test_an_unknown_run_is_not_found(quick: Stage) -> None:
    """Exit code 3."""
    assert quick.type("history move-of-nobody").code == 3


def test_what_another_machine_has_finished_is_told_as_such(two_clusters: Stage) -> None:
    """This machine's copy is old; seen from another cluster, the run is that cluster's."""
    run = half_done(two_clusters)
    [other] = two_clusters.well(f"history {run} --kube-context sandbox-2 --query [outcome]").data
    two_clusters.well(f"resume {run}", ARCCTL_HOME=str(two_clusters.folder / "elsewhere"))
    [after] = two_clusters.well("history").data

    assert other == "unfinished, in another cluster"
    assert after["outcome"] == "finished elsewhere"
