"""A clone of the cluster holds the run as well; it is not taken up there."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING, cast
from uuid import uuid4

import pytest
from arcctl.operations.keeping.in_cluster import JOURNAL, Cabinet
from arcctl.sandbox.kubernetes.kinds import KINDS
from arcctl.sandbox.kubernetes.store import copy_of
from tests.stories import beside, copies, half_done, moved
from tests.stories.refusals import DENIED, FORBIDDEN

if TYPE_CHECKING:
    from arcctl.clients.kubernetes import Kubernetes
    from tests.stage import Ended, Stage

MOVE = "move -n harbor -g edge --target-region westeurope --skip-prechecks --yes"


def stopped(stage: Stage) -> str:
    """A move that has stopped at quieting the agents, before the point of no return."""
    stage.fault("kubernetes", FORBIDDEN, method="PATCH", path="/deployments/", times=60)
    ended = stage.type(f"{MOVE} {copies.REAL}")
    stage.within(stage.world.faults.remove)
    return run_of(ended)


def stopped_behind(stage: Stage) -> str:
    """A move that has stopped behind the point of no return, at making the target."""
    stage.after(copies.connected)
    refused = stage.fault("arm", DENIED, method="PUT", path="/connectedClusters/harbor$")
    ended = stage.type(f"{MOVE} {copies.REAL}")
    stage.within(lambda: stage.world.faults.remove(refused))
    return run_of(ended)


def run_of(ended: Ended) -> str:
    """The run that has stopped part-way."""
    assert ended.code == 6, ended.err
    return str(re.findall(r"arcctl resume (\w+-[\w-]+)", ended.err)[0])


def cloned(stage: Stage, what: frozenset[str], *, restored: bool = False) -> None:
    """The second cluster is the first, down to the uid of kube-system and the run's Secrets.

    `restored` from a backup, it has a uid of its own.
    """

    def act() -> None:
        there, here = (stage.sandbox.clusters[name] for name in ("sandbox", "sandbox-2"))
        space = (("", "namespaces"), "", "kube-system")
        same = there.store.get(*space)["metadata"]["uid"]
        system = copy_of(here.store.get(*space))
        system["metadata"]["uid"] = str(uuid4()) if restored else same
        here.store.write(KINDS["namespaces"].key, system)
        here.api.create(KINDS["namespaces"], "", {"metadata": {"name": "arcctl"}})
        for each in list(there.store.items(KINDS["secrets"].key, "arcctl")):
            body = copy_of(each)
            kept = {k: v for k, v in body["metadata"].items() if k not in copies.NEVER}
            here.api.create(KINDS["secrets"], "arcctl", {**body, "metadata": kept})

    copies.copied(stage, what)
    stage.within(act)


def advice(ended: Ended) -> list[str]:
    """The lines of `try`, in their order."""
    return [
        each.removeprefix("try").strip() for each in ended.err.partition("\ntry ")[2].splitlines()
    ]


def first_is_a_persons_word(ended: Ended, verb: str, run: str) -> None:
    """Assert that what works comes first, and that nothing is named that would be refused again."""
    first, *others = [each for each in advice(ended) if each]
    assert "if you are certain: " in first, ended.err
    assert f"arcctl {verb} {run}" in first, ended.err
    assert "--skip-cluster-check" in first, ended.err
    [other] = others
    assert other.startswith("choose the right cluster: "), ended.err
    assert other.endswith(" --kube-context NAME"), ended.err


def kept(stage: Stage, cluster: str) -> str:
    """What a cluster holds of runs, and of Arc's configuration, as text."""
    store = stage.sandbox.clusters[cluster].store
    kinds = [KINDS[each] for each in ("namespaces", "secrets", "leases", "configmaps")]
    return stage.within(lambda: json.dumps([store.items(kind.key) for kind in kinds], default=str))


def journals(stage: Stage) -> dict[str, bytes]:
    """The journals of every machine, by path."""
    return {str(each): each.read_bytes() for each in stage.folder.rglob("journal.jsonl")}


@pytest.mark.parametrize("verb", ["resume", "rollback"])
def test_a_move_is_not_taken_up_on_a_clone(two_clusters: Stage, verb: str) -> None:
    """From another machine, without agents there; in the right cluster it goes on."""
    stage = two_clusters
    stage.after(copies.connected)
    run = stopped(stage)
    cloned(stage, copies.RELEASE)
    home = str(stage.folder / "other")
    before = {name: kept(stage, name) for name in stage.sandbox.clusters}, journals(stage)

    ended = stage.type(f"{verb} {run} --yes {copies.COPY}", ARCCTL_HOME=home)

    assert (ended.code, "[cluster-unproved]" in ended.err) == (6, True), ended.err
    after = {name: kept(stage, name) for name in stage.sandbox.clusters}, journals(stage)
    assert after == before
    first_is_a_persons_word(ended, verb, run)
    assert moved.region(stage) == "eastus"
    after = stage.type(f"{verb} {run} --yes {copies.REAL}")
    assert after.code == 0, after.err


@pytest.mark.parametrize("verb", ["resume", "rollback"])
def test_an_apply_is_not_taken_up_on_a_clone(two_clusters: Stage, verb: str) -> None:
    """Its rollback would end the run, which the right cluster has still to go on with."""
    stage = two_clusters
    stage.after(copies.connected)
    (stage.folder / "harbor.yaml").write_text(json.dumps(half_done.MANIFEST))
    half_done.refusing(stage)
    run = run_of(stage.type(f"{half_done.APPLY} {copies.REAL}"))
    stage.within(stage.world.faults.remove)
    cloned(stage, copies.RELEASE)
    before = kept(stage, "sandbox-2"), journals(stage)

    ended = stage.type(f"{verb} {run} --yes {copies.COPY}")

    assert (ended.code, "[cluster-unproved]" in ended.err) == (6, True), ended.err
    first_is_a_persons_word(ended, verb, run)
    assert (kept(stage, "sandbox-2"), journals(stage)) == before
    assert stage.type(f"{verb} {run} --yes {copies.REAL}").code == 0


def test_a_run_is_not_closed_on_a_clone(two_clusters: Stage) -> None:
    """Before anything is written, and `--skip-cluster-check` answers."""
    stage = two_clusters
    stage.after(copies.connected)
    run = stopped(stage)
    cloned(stage, copies.RELEASE)
    before = kept(stage, "sandbox-2"), journals(stage)
    close = f"history {run} --close --yes {copies.COPY}"

    ended = stage.type(close)

    assert (ended.code, "[cluster-unproved]" in ended.err) == (1, True), ended.err
    assert f"arcctl history {run} --close --skip-cluster-check" in ended.err
    assert (kept(stage, "sandbox-2"), journals(stage)) == before
    home = str(stage.folder / "other")
    answered = stage.type(f"{close} --skip-cluster-check", ARCCTL_HOME=home)
    assert answered.code in (0, 5), answered.err
    assert stage.type(f"resume {run} --yes {copies.REAL}").code == 0


def test_a_heartbeat_after_the_agents_fell_asleep_tells_a_clone(two_clusters: Stage) -> None:
    """Its agents sleep as the run would have left them, and Azure still hears the right ones."""
    stage = two_clusters
    stage.after(copies.connected)
    run = stopped(stage)
    cloned(stage, copies.ASLEEP)
    copies.later(stage, 1800)

    ended = stage.type(f"resume {run} --yes {copies.COPY}")

    assert ended.code == 6, ended.err
    assert "Azure received a heartbeat at" in ended.err
    [only] = [each for each in advice(ended) if each]
    assert only.startswith("choose the right cluster: "), ended.err
    assert moved.region(stage) == "eastus"


def test_agents_that_the_run_has_put_to_sleep_are_no_contradiction(two_clusters: Stage) -> None:
    """It stops at the locks, asleep, and goes on an hour later."""
    stage = two_clusters
    stage.after(copies.connected)
    beside.write(stage, "lock", "mine")
    stage.fault("arm", DENIED, method="DELETE", path="/locks/mine$", times=None)
    run = run_of(stage.type(f"{MOVE} --accept locked-itself {copies.REAL}"))
    stage.within(stage.world.faults.remove)
    copies.later(stage, 3600)

    ended = stage.type(f"resume {run} --yes {copies.REAL}", ARCCTL_HOME=str(stage.folder / "o"))

    assert ended.code == 0, ended.err


def test_a_slow_clock_of_this_machine_is_no_contradiction(two_clusters: Stage) -> None:
    """Heartbeats are compared with each other, as Azure dates them, and not with the clock here."""
    stage = two_clusters
    stage.after(copies.connected)
    copies.later(stage, 3600)
    copies.beat(stage)
    beside.write(stage, "lock", "mine")
    stage.fault("arm", DENIED, method="DELETE", path="/locks/mine$", times=None)
    run = run_of(stage.type(f"{MOVE} --accept locked-itself {copies.REAL}"))
    stage.within(stage.world.faults.remove)

    ended = stage.type(f"resume {run} --yes {copies.REAL}")

    assert ended.code == 0, ended.err


@pytest.mark.parametrize("verb", ["resume", "rollback"])
def test_a_target_whose_agents_this_journal_never_installed_tells_a_clone(
    two_clusters: Stage, verb: str
) -> None:
    """Behind the point of no return: the right cluster has gone on since the clone was made."""
    stage = two_clusters
    run = stopped_behind(stage)
    cloned(stage, frozenset())
    stage.well(f"resume {run} --yes {copies.REAL}")
    home = str(stage.folder / "other")
    before = kept(stage, "sandbox-2"), moved.resource(stage)["id"]

    ended = stage.type(f"{verb} {run} --yes {copies.COPY}", ARCCTL_HOME=home)

    assert (ended.code, "[cluster-unproved]" in ended.err) == (6, True), ended.err
    assert "has received a heartbeat" in ended.err
    first_is_a_persons_word(ended, verb, run)
    assert (kept(stage, "sandbox-2"), moved.resource(stage)["id"]) == before
    assert moved.region(stage) == "westeurope"


@pytest.mark.parametrize("verb", ["resume", "rollback"])
def test_a_restored_backup_is_no_clone_behind_the_point_of_no_return(
    two_clusters: Stage, verb: str
) -> None:
    """Its kube-system has another uid than the journal names: it asks, and the right one goes on."""
    stage = two_clusters
    run = stopped_behind(stage)
    cloned(stage, frozenset(), restored=True)
    home = str(stage.folder / "other")
    before = kept(stage, "sandbox-2")

    ended = stage.type(f"{verb} {run} --yes {copies.COPY}", ARCCTL_HOME=home)

    assert (ended.code, "[cluster-unproved]" in ended.err) == (6, True), ended.err
    first_is_a_persons_word(ended, verb, run)
    assert kept(stage, "sandbox-2") == before
    assert moved.resource(stage) == {}
    assert stage.type(f"{verb} {run} --yes {copies.REAL}").code == 0


def gone_on_in_the_right_cluster(stage: Stage, what: frozenset[str]) -> str:
    """Cloned before the mark; since then the right cluster has passed it, and has stopped again."""
    stage.after(copies.connected)
    run = stopped(stage)
    cloned(stage, what)
    refused = stage.fault("arm", DENIED, method="PUT", path="/connectedClusters/harbor$")
    assert stage.type(f"resume {run} --yes {copies.REAL}").code == 6
    stage.within(lambda: stage.world.faults.remove(refused))
    return run


@pytest.mark.parametrize("line", ["resume {}", "rollback {}", "history {} --close"])
@pytest.mark.parametrize("here", [True, False], ids=["here", "elsewhere"])
def test_a_clone_from_before_the_mark_is_told_by_its_own_journal(
    two_clusters: Stage, line: str, here: bool
) -> None:
    """This machine's copy lies behind the mark, which the right cluster's cannot lack."""
    stage = two_clusters
    run = gone_on_in_the_right_cluster(stage, copies.ASLEEP)
    before = kept(stage, "sandbox-2"), journals(stage)
    home = {} if here else {"ARCCTL_HOME": str(stage.folder / "other")}

    ended = stage.type(f"{line.format(run)} --yes {copies.COPY}", **home)

    assert "[cluster-unproved]" in ended.err, ended.err
    assert ended.code == (1 if "close" in line else 6)
    assert (kept(stage, "sandbox-2"), journals(stage)) == before
    assert moved.resource(stage) == {}
    stage.well(f"resume {run} --yes {copies.REAL}")
    assert moved.region(stage) == "westeurope"


@pytest.mark.parametrize("line", ["resume {}", "rollback {}", "history {} --close"])
def test_the_ending_of_another_cluster_clears_no_clone(two_clusters: Stage, line: str) -> None:
    """What the clone holds of the run may be all that wakes its agents."""
    stage = two_clusters
    run = gone_on_in_the_right_cluster(stage, copies.ASLEEP)
    stage.well(f"resume {run} --yes {copies.REAL}")
    before = kept(stage, "sandbox-2")

    ended = stage.type(f"{line.format(run)} --yes {copies.COPY}")

    assert (ended.code, "[cluster-unproved]" in ended.err) == (1, True), ended.err
    assert kept(stage, "sandbox-2") == before


def test_an_ending_that_was_cut_short_is_cleaned_up(two_clusters: Stage) -> None:
    """Killed once it was written down here, and before it was in the cluster, which is the right one."""
    stage = two_clusters
    run = stopped_behind(stage)
    stage.well(f"resume {run} --yes {copies.REAL}")
    [journal] = journals(stage).values()
    without = b"".join(journal.splitlines(keepends=True)[:-1])
    secret = Cabinet(cast("Kubernetes", None), run).body(JOURNAL, gzip.compress(without))
    api = stage.sandbox.clusters["sandbox"].api
    stage.within(lambda: api.create(KINDS["secrets"], "arcctl", secret))

    ended = stage.well(f"resume {run} --yes {copies.REAL}")

    assert "Moved: harbor" in ended.err
    assert f"arcctl-run-{run}" not in kept(stage, "sandbox")


def test_a_run_that_was_closed_on_a_clone_is_open_in_the_right_cluster(
    two_clusters: Stage,
) -> None:
    """A person's word has closed it there, and this machine's copy says so."""
    stage = two_clusters
    run = gone_on_in_the_right_cluster(stage, copies.ASLEEP)
    sure = f"history {run} --close --yes --skip-cluster-check {copies.COPY}"
    assert stage.type(sure).code in (0, 5)

    stage.well(f"resume {run} --yes {copies.REAL}")

    assert moved.region(stage) == "westeurope"


@pytest.mark.parametrize("verb", ["resume", "rollback"])
@pytest.mark.parametrize("lock", [True, False], ids=["locked", "plain"])
def test_a_clone_whose_run_has_ended_elsewhere_contradicts(
    two_clusters: Stage, verb: str, lock: bool
) -> None:
    """Its ConfigMap names the old region, and the resource is in another: no agent of it is woken."""
    stage = two_clusters
    stage.after(copies.connected)
    if lock:
        beside.write(stage, "lock", "mine")
        stage.fault("arm", DENIED, method="DELETE", path="/locks/mine$", times=None)
        run = run_of(stage.type(f"{MOVE} --accept locked-itself {copies.REAL}"))
        stage.within(stage.world.faults.remove)
    else:
        run = stopped(stage)
    cloned(stage, copies.ASLEEP)
    stage.well(f"resume {run} --yes {copies.REAL}")
    before = kept(stage, "sandbox-2")

    ended = stage.type(f"{verb} {run} --yes {copies.COPY}", ARCCTL_HOME=str(stage.folder / "other"))

    assert (ended.code, "[AZK8S0406]" in ended.err) == (6, True), ended.err
    assert kept(stage, "sandbox-2") == before
