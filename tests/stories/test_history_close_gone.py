"""`arcctl history RUN --close --skip-cluster-check` ends this machine's copy of a run whose cluster is gone."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from tests.stage import PATIENCE
from tests.stories.half_done import extensions, half_done, in_cluster
from tests.stories.moments import at, until
from tests.stories.moved import GIVEN, MOVE, kept_in_cluster, stopped
from tests.stories.refusals import changes, refused
from tests.stories.test_bad_days import kubeconfig
from tests.terminal import typed_at_a_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stage import Stage

ONLY_HERE = "only this machine's copy"
SHOW = "show -n harbor -g edge"


def gone(stage: Stage) -> str:
    """The flag that leads to an API server that has gone."""
    return kubeconfig(stage, server="https://127.0.0.1:1")


def close(run: str) -> str:
    """The command that ends this machine's copy."""
    return f"history {run} --close --skip-cluster-check"


def test_the_refusal_names_the_command_that_closes_it_here(quick: Stage) -> None:
    """So do resume and rollback; none of them changes anything."""
    run = half_done(quick)
    away = gone(quick)
    quick.within(quick.world.journal.clear)

    for line in (f"history {run} --close --yes", f"resume {run}", f"rollback {run} --yes"):
        ended = refused(quick.type(f"{line} {away}"), "AZK8S0202")
        assert f"gone for good: arcctl {close(run)} {away}" in ended.err, ended.err
    deleted = quick.type(f"history {run} --close --yes --kube-context nowhere")

    refused(deleted, "AZK8S0200", said=f"arcctl {close(run)} --kube-context nowhere")
    assert changes(quick) == []


@pytest.mark.parametrize("how", ["unreachable", "no context"])
def test_this_machines_copy_of_an_apply_is_closed(quick: Stage, how: str) -> None:
    """Exported first; then nothing here waits for the run, and the cluster still holds it."""
    run = half_done(quick)
    away = gone(quick) if how == "unreachable" else "--kube-context nowhere"
    before = in_cluster(quick)
    assert f"arcctl resume {run}" in quick.well(SHOW).err

    ended = quick.type(f"{close(run)} --yes --export kept {away}")

    assert (ended.code, "[closed-unfinished]" in ended.err) == (5, True), ended.err
    for each in (ONLY_HERE, "still holds the run", "could not be looked at"):
        assert each in ended.err, ended.err
    assert "may work on the cluster again" not in ended.err
    assert (ended.data["hereOnly"], ended.data["saved"]["children"]) == (True, 1)
    assert list((quick.folder / "kept" / "configuration").iterdir())
    assert (in_cluster(quick), before != []) == (before, True)
    [told] = quick.well(f"history {away}").data
    assert told["outcome"] == "closed by a person, on this machine only"
    refused(quick.type(f"{close(run)} --yes {away}"), "run-ended")
    assert "arcctl resume" not in quick.well(SHOW).err


def test_this_machines_copy_of_a_move_is_closed(harbor: Stage, tmp_path: Path) -> None:
    """All that it has saved is written out; Azure is asked where that belongs."""
    harbor.fault(
        "arm", {"deny_policy": True}, method="PUT", path="/connectedClusters/harbor$", times=None
    )
    run = stopped(harbor.type(MOVE), "RequestDisallowedByPolicy")
    harbor.within(harbor.world.faults.remove)
    before = kept_in_cluster(harbor)

    kept = tmp_path / "kept"
    ended = harbor.type(f"{close(run)} --yes --export {kept} {gone(harbor)}")

    assert ended.code == 5, ended.err
    assert ended.data["saved"]["children"] == 4
    readme = (kept / "README.md").read_text()
    assert "arcctl connect -n harbor -g edge -l eastus" in readme
    assert (kept_in_cluster(harbor), before != []) == (before, True)
    harbor.well(f"resume {run} {GIVEN} --yes")
    assert kept_in_cluster(harbor) == []


def test_a_cluster_that_comes_back_holds_the_run_still(quick: Stage) -> None:
    """Closing here has ended nothing there: the run is unfinished again, and goes on."""
    run = half_done(quick)
    assert quick.type(f"{close(run)} --yes {gone(quick)}").code == 5

    told = quick.well("history").data[0]["outcome"]
    other = quick.type("config apply -n harbor -g edge --file harbor.yaml --yes")
    quick.well("resume")

    assert told == "unfinished"
    refused(other, "run-unfinished", said=f"arcctl resume {run}")
    assert (extensions(quick), in_cluster(quick)) == (["flux"], [])
    assert quick.well(f"history {run}").data["outcome"] == "applied"


def test_a_cluster_that_answers_is_not_gone(quick: Stage) -> None:
    """One that lets nobody in is refused; one that does is closed on both sides."""
    run = half_done(quick)
    stranger = kubeconfig(quick, user={"token": "nobody"})

    refused(quick.type(f"{close(run)} --yes {stranger}"), "kube-unauthorized", exit_code=4)
    still = quick.well("history").data[0]["outcome"]
    ended = quick.type(f"{close(run)} --yes")

    assert (still, ended.data["hereOnly"], in_cluster(quick)) == ("unfinished", False, [])
    assert ONLY_HERE not in ended.err


def test_another_cluster_in_its_place(two_clusters: Stage) -> None:
    """The uid of namespace kube-system tells that the run's cluster is not the one that answers."""
    run = half_done(two_clusters)
    other = "--kube-context sandbox-2"
    two_clusters.within(two_clusters.world.journal.clear)

    unsaid = two_clusters.type(f"history {run} --close --yes {other}")
    ended = two_clusters.type(f"{close(run)} --yes {other}")

    refused(unsaid, "wrong-cluster", said=f"arcctl {close(run)} {other}")
    assert (ended.code, ended.data["hereOnly"]) == (5, True), ended.err
    assert [each for each in changes(two_clusters) if each.startswith("kubernetes")] == []


def test_a_person_types_its_name(quick: Stage) -> None:
    """Another word closes nothing, and what is not known here cannot be closed here."""
    run = half_done(quick)
    line = f"{close(run)} {gone(quick)}"

    wrong = typed_at_a_terminal(quick, line, "yes\n")
    right = typed_at_a_terminal(quick, line, f"{run}\n")
    unknown = quick.type(f"{close('move-of-nobody')} --yes {gone(quick)}")

    assert (wrong.code, right.code) == (130, 5), right
    assert ONLY_HERE in " ".join(right.out.split())
    refused(unknown, "run-unknown", exit_code=3)


def test_a_run_that_lives_is_not_closed(harbor: Stage) -> None:
    """Its lock on this machine tells, though this command cannot reach the cluster."""
    harbor.fault("arm", {"operation_stuck": True}, method="PUT", path="/connectedClusters/harbor$")
    away = gone(harbor)
    with harbor.start(MOVE) as process:
        moment = at(harbor, "arm PUT .*/connectedClusters/harbor$", "after", lambda: None)
        until(lambda: moment.happened, "a target that comes")
        run = harbor.well("history").data[0]["run"]
        ended = harbor.type(f"{close(run)} --yes {away}")
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=PATIENCE)

    refused(ended, "run-in-progress")
