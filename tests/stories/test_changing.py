"""What update, upgrade and the features refuse alike, before anything is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from arcctl.sandbox.azure import entra
from tests.stories import changing
from tests.stories.changing import CONNECT, HARBOR, revisions
from tests.stories.half_done import half_done
from tests.stories.refusals import changes, refused
from tests.stories.symptoms import ARC, RELEASES, change, remove
from tests.stories.test_bad_days import kubeconfig, signed_in_as
from tests.stories.test_connect import pretend

if TYPE_CHECKING:
    from tests.stage import Stage

LINES = {
    "update": f"update {HARBOR} --auto-upgrade true",
    "upgrade": f"upgrade {HARBOR}",
    "enable-features": f"enable-features {HARBOR} --features azure-rbac",
    "disable-features": f"disable-features {HARBOR} --features cluster-connect --yes",
}
lines = pytest.mark.parametrize("line", LINES.values(), ids=LINES)


@pytest.mark.parametrize(
    "line",
    [CONNECT, LINES["update"], f"enable-features {HARBOR} --features cluster-connect"],
    ids=["connect", "update", "enable-features"],
)
def test_agents_that_are_gone_or_asleep_come_back(connected: Stage, line: str) -> None:
    """Though the version and all values are as asked, helm runs once, and then no more."""
    remove("deployments", ARC, "metrics-agent")(connected)
    change("deployments", ARC, "config-agent", spec={"replicas": 0})(connected)

    first = connected.well(line)
    again = connected.well(line)

    said = "helm brings back what was removed or put to sleep: config-agent, metrics-agent"
    assert (said in first.err, said in again.err) == (True, False)
    agents = connected.well(f"show {HARBOR} --agents").data["agents"]
    assert [agent["ready"] == agent["total"] > 0 for agent in agents] == [True] * 11
    assert len(revisions(connected)) == 2


@lines
def test_a_resource_that_is_gone_is_exit_three(connected: Stage, line: str) -> None:
    """The list of the group is the next step."""
    connected.well(f"delete {HARBOR} --azure-only --yes")
    connected.within(connected.world.journal.clear)

    refused(connected.type(line), "AZK8S0405", exit_code=3, said="arcctl list -g edge")

    assert changes(connected) == []


def test_tags_of_a_resource_that_is_gone_are_exit_three(connected: Stage) -> None:
    """Without the cluster as well."""
    connected.well(f"delete {HARBOR} --azure-only --yes")

    refused(connected.type(f"update {HARBOR} --tags a=b"), "AZK8S0405", exit_code=3)


def test_a_hint_goes_to_the_same_cluster(connected: Stage) -> None:
    """A context that was named is named again."""
    remove("secrets", RELEASES, "sh.helm.release.v1.azure-arc.v1")(connected)

    ended = connected.type(f"{LINES['update']} --kube-context sandbox")

    said = "arcctl connect -n harbor -g edge --kube-context sandbox"
    refused(ended, "AZK8S0201", said=said)


@lines
def test_the_cluster_of_another_is_left_alone(two_clusters: Stage, line: str) -> None:
    """The kubeconfig must lead to the resource's own cluster; the owner is named."""
    two_clusters.after(f"{CONNECT} --kube-context sandbox")
    two_clusters.well(
        "connect -n depot -g edge -l westeurope --skip-prechecks --kube-context sandbox-2"
    )
    two_clusters.within(two_clusters.world.journal.clear)

    ended = two_clusters.type(f"{line} --kube-context sandbox-2")

    refused(ended, "AZK8S0406", said="leads to the cluster of depot (group edge")
    assert changes(two_clusters) == []


@lines
def test_a_cluster_without_agents_is_told(two_clusters: Stage, line: str) -> None:
    """There is nothing to change in it; connecting comes first."""
    two_clusters.after(f"{CONNECT} --kube-context sandbox")
    two_clusters.within(two_clusters.world.journal.clear)

    refused(two_clusters.type(f"{line} --kube-context sandbox-2"), "AZK8S0201")

    assert changes(two_clusters) == []


@lines
def test_a_run_that_has_stopped_comes_first(quick: Stage, line: str) -> None:
    """Its agents may be asleep."""
    half_done(quick)

    refused(quick.type(line), "run-unfinished", said="arcctl resume")


@lines
def test_an_unreachable_cluster_and_a_reader_are_refused(connected: Stage, line: str) -> None:
    """The API server is asked first, and whether it lets agents be changed."""
    away = connected.type(f"{line} {kubeconfig(connected, server='https://127.0.0.1:1')}")
    reader = {"token": connected.cluster.viewer_token}
    reading = connected.type(f"{line} {kubeconfig(connected, user=reader)}")

    refused(away, "AZK8S0202", said="Connection refused")
    assert reading.code == 4, reading.err
    assert changes(connected) == []


@lines
def test_who_may_not_read_the_resource_is_told(connected: Stage, line: str) -> None:
    """Exit 4, with the action that is lacking."""
    signed_in_as(connected, entra.NO_RIGHTS)

    ended = connected.type(line)

    assert ended.code == 4, ended.err
    assert changes(connected) == []


@lines
def test_kinds_of_other_services_are_left_to_them(connected: Stage, line: str) -> None:
    """A ProvisionedCluster belongs to AKS Arc."""
    kind = {"patch_body": {"kind": "ProvisionedCluster"}}
    connected.fault("arm", kind, method="GET", path="/harbor$", times=None)

    refused(connected.type(line), "AZK8S0003", said="az aksarc --help")
    assert changes(connected) == []


def test_what_a_killed_helm_left_is_taken_over(stage: Stage) -> None:
    """Its pending record is dropped, and the change starts from the revision that was whole."""
    stage.after(changing.connected)
    stage.well(f"enable-features {HARBOR} --features azure-rbac")
    stage.within(lambda: pretend(stage, "pending-upgrade"))

    ended = stage.well(f"enable-features {HARBOR} --features azure-rbac")

    assert "an earlier helm was cut short" in ended.err
    assert [each["info"]["status"] for each in revisions(stage)][-1] == "deployed"
