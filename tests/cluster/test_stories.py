"""The main stories, on a real control plane: connect, show, connect again, delete, with both helms."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.cluster import broken_pods
from tests.stage import Stage, staged
from tests.stories.refusals import CONNECT, refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cluster.control_plane import ControlPlane

pytestmark = pytest.mark.cluster

QUICKLY = f"{CONNECT} --skip-prechecks"
SOON = f"{QUICKLY} --onboarding-timeout 12"
DELETE = "delete -n harbor -g edge --yes"
PROGRAMS = ("arcctl", "Helm")
# What the table of speeds grants to arcctl itself: 65, less the 38 that were helm's.
OWN_REQUESTS = 27


@contextmanager
def on(plane: ControlPlane, folder: Path, helm: Path) -> Iterator[Stage]:
    """A sandbox whose agents live on this control plane."""
    context = plane.kubectl("config", "current-context").strip()
    with staged(folder, helm, kube_context=context, kube_config=str(plane.kubeconfig)) as stage:
        yield stage


@pytest.fixture
def stage(real_cluster: ControlPlane, tmp_path: Path, helm4: Path, home: Path) -> Iterator[Stage]:
    """A sandbox on the real control plane, for stories in which helm plays no part of its own."""
    with on(real_cluster, tmp_path, helm4) as opened:
        yield opened


@pytest.fixture(params=["helm3", "helm4"])
def either(
    request: pytest.FixtureRequest, real_cluster: ControlPlane, tmp_path: Path, home: Path
) -> Iterator[Stage]:
    """The same, once with helm 3.17.3 and once with helm 4.2.3."""
    with on(real_cluster, tmp_path, request.getfixturevalue(request.param)) as opened:
        yield opened


def connected(stage: Stage, line: str = QUICKLY) -> dict[str, Any]:
    """Type a connect that must end well, and return the resource."""
    resource: dict[str, Any] = stage.well(line).data
    assert resource["connectivityStatus"] == "Connected"
    return resource


def left_of_arc(plane: ControlPlane) -> list[str]:
    """Whatever of Azure Arc kubectl still finds."""
    kinds = "namespaces,crds,clusterroles,clusterrolebindings"
    found = plane.kubectl("get", kinds, "-o", "name").split()
    return [name for name in found if "azure" in name]


def test_a_cluster_is_connected_shown_deleted_and_connected_again(
    either: Stage, real_cluster: ControlPlane
) -> None:
    """The whole life: eleven agents, nothing to do the second time, nothing left at the end."""
    assert connected(either, CONNECT)["totalNodeCount"] == 3
    agents = either.well("show -n harbor -g edge --agents").data["agents"]
    ledger = real_cluster.ledger()
    connected(either, CONNECT)
    changes = [asked for asked in ledger.by(*PROGRAMS) if asked.changes]

    either.well(DELETE)

    assert left_of_arc(real_cluster) == []
    assert either.type("show -n harbor -g edge").code == 3
    assert connected(either)["agentVersion"] == "1.36.1"
    assert [agent["ready"] == agent["total"] > 0 for agent in agents] == [True] * 11
    assert changes == []


def test_kubectl_sees_what_was_installed(stage: Stage, real_cluster: ControlPlane) -> None:
    """Eleven Deployments, the ConfigMap that names the owner, the release, seven kinds, a report."""
    resource = connected(stage)

    there = ["-n", "azure-arc"]
    [names] = [
        each["data"]
        for each in real_cluster.get("configmaps", *there)
        if each["metadata"]["name"] == "azure-clusterconfig"
    ]
    releases = real_cluster.get("secrets", "-n", "azure-arc-release", "-l", "owner=helm")
    assert len(real_cluster.names("deployments", *there)) == 11
    assert names["AZURE_RESOURCE_NAME"] == resource["name"]
    assert {"azure-arc-connect-privatekey", "azure-identity-certificate"} <= real_cluster.names(
        "secrets", *there
    )
    assert [each["metadata"]["labels"]["status"] for each in releases] == ["deployed"]
    assert len([kind for kind in real_cluster.names("crds") if ".azure.com" in kind]) == 7


def test_connecting_asks_the_api_server_for_little(
    stage: Stage, real_cluster: ControlPlane
) -> None:
    """Nodes, rights and records are looked at once; what helm asks depends on its chart alone."""
    ledger = real_cluster.ledger()

    connected(stage)

    own = ledger.by("arcctl")
    assert 0 < len(own) <= OWN_REQUESTS, own
    assert [asked.path for asked in own].count("/api/v1/nodes") == 1


@pytest.mark.parametrize("version", ["1.34.2", "1.36.1"])
def test_helm_takes_over_what_arcctl_made_before(
    either: Stage, real_cluster: ControlPlane, version: str
) -> None:
    """The namespace and the key's Secret are arcctl's first: helm applies over both, twice."""
    newer = either.world.agent_charts["stable"]
    older = newer.replace("1.36.1", version)
    either.within(lambda: either.world.agent_charts.update(stable=older))
    before = connected(either)
    either.within(lambda: either.world.agent_charts.update(stable=newer))

    after = connected(either, f"{QUICKLY} --disable-auto-upgrade")

    assert (before["agentVersion"], after["agentVersion"]) == (version, "1.36.1")
    assert before["agentPublicKeyCertificate"] == after["agentPublicKeyCertificate"]
    releases = real_cluster.get("secrets", "-n", "azure-arc-release", "-l", "owner=helm")
    assert sorted(each["metadata"]["labels"]["status"] for each in releases) == [
        "deployed",
        "superseded",
    ]


def test_a_lost_key_is_healed(stage: Stage, real_cluster: ControlPlane) -> None:
    """A new pair is made and told to ARM, and the agents speak with it."""
    before = connected(stage)["agentPublicKeyCertificate"]
    real_cluster.kubectl("delete", "secret", "-n", "azure-arc", "azure-arc-connect-privatekey")

    assert connected(stage)["agentPublicKeyCertificate"] != before


def test_the_wrong_cluster_is_refused(stage: Stage, real_cluster: ControlPlane) -> None:
    """Neither connect nor delete touches a cluster that is somebody else's."""
    connected(stage)
    ledger = real_cluster.ledger()

    refused(stage.type("connect -n other -g edge -l westeurope"), "AZK8S0403", said="harbor")
    stage.seed(clusters=[{"name": "other", "group": "edge"}])
    refused(stage.type("delete -n other -g edge --yes"), "AZK8S0406", said="harbor")

    assert [asked for asked in ledger.by(*PROGRAMS) if asked.changes] == []


def test_agents_whose_resource_is_gone_are_cleaned_up_with_a_yes(either: Stage) -> None:
    """Where the peer races with the dying namespace, arcctl waits for it."""
    connected(either)
    either.well(f"{DELETE} --azure-only")

    refused(either.type(QUICKLY), "no-terminal", exit_code=2, said="--yes")
    connected(either, f"{QUICKLY} --yes")


def test_an_image_that_cannot_be_pulled_is_named_and_heals(
    stage: Stage, real_cluster: ControlPlane
) -> None:
    """The agent, what its pod waits for, and what class that is; the same command goes on."""
    real_cluster.apply(broken_pods.stage(broken_pods.IMAGE_PULL, "kube-aad-proxy-"))

    refused(stage.type(SOON), "AZK8S0513", said="kube-aad-proxy: ImagePullBackOff")

    real_cluster.kubectl("delete", "stages.kwok.x-k8s.io", "-l", f"{broken_pods.LABEL}=true")
    agent = "app.kubernetes.io/component=kube-aad-proxy"
    real_cluster.kubectl("delete", "pods", "-n", "azure-arc", "-l", agent)
    connected(stage)


def test_pods_that_find_no_node_are_named_and_heal(
    stage: Stage, real_cluster: ControlPlane
) -> None:
    """The real scheduler says why; with room again the same command goes on."""
    nodes = sorted(real_cluster.names("nodes"))
    real_cluster.kubectl("cordon", *nodes)
    try:
        refused(stage.type(SOON), "AZK8S0512", said="0/3 nodes are available")
    finally:
        real_cluster.kubectl("uncordon", *nodes)

    connected(stage)
