"""The agents of the sandbox live in the cluster and beat only when they should."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox import access
from arcctl.sandbox.clusterapi import ClusterApi, RefusedError
from arcctl.sandbox.options import Options
from arcctl.sandbox.server import Sandbox
from tests.sandbox.onboarding import Onboarding, until
from tests.sandbox.programs import output

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from arcctl.model.keys import KeyPair

QUARTER_OF_AN_HOUR = 15 * 60
NAMESPACE = "/api/v1/namespaces/azure-arc"


@pytest.fixture
def harbor(sandbox: Sandbox, helm4: Path) -> Onboarding:
    """A cluster to be connected."""
    return Onboarding(sandbox, helm4)


@pytest.fixture
async def api(sandbox: Sandbox) -> AsyncIterator[ClusterApi]:
    """The cluster's own API, as its administrator."""
    async with ClusterApi(_way_in(sandbox)) as api:
        yield api


def _way_in(sandbox: Sandbox) -> access.Access:
    return access.by_context("sandbox", sandbox.environment["KUBECONFIG"])


def _plan(harbor: Onboarding, action: str, **more: Any) -> str:
    plan = {"service": "agents", "times": None, "action": {action: True}, **more}
    return harbor.sandbox.world.faults.add(plan).id


@pytest.mark.parametrize("program", ["helm3", "helm4"])
@pytest.mark.parametrize("version", ["1.34.2", "1.36.1"])
async def test_agents_with_the_right_key_connect_and_report(
    request: pytest.FixtureRequest, sandbox: Sandbox, pair: KeyPair, program: str, version: str
) -> None:
    """Both chart versions and both majors of helm lead to Connected, with versions and counts."""
    harbor = Onboarding(sandbox, request.getfixturevalue(program))
    harbor.register(pair)
    await harbor.install(pair.private.reveal(), version)
    await harbor.connected()
    properties = harbor.properties
    assert properties["agentVersion"] == version
    assert properties["kubernetesVersion"] == "1.36.3"
    assert properties["totalNodeCount"] == 3
    assert properties["totalCoreCount"] == 12


async def test_the_identity_is_written_into_the_cluster(
    harbor: Onboarding, api: ClusterApi, pair: KeyPair
) -> None:
    """Certificates and custom resources appear where the peer and its users look for them."""
    harbor.register(pair)
    await harbor.install(pair.private.reveal())
    await harbor.connected()
    for secret in ("azure-identity-certificate", "kube-aad-proxy-certificate"):
        data = (await api.get(f"{NAMESPACE}/secrets/{secret}"))["data"]
        assert sorted(data) == ["tls.crt", "tls.key"]
    own = "/apis/clusterconfig.azure.com/v1beta1/namespaces/azure-arc"
    proxy = await _eventually(api, f"{own}/arccertificates/kube-aad-proxy")
    assert proxy["status"]["secretName"] == "kube-aad-proxy-certificate"
    reported = await _eventually(
        api,
        "/apis/arc.azure.com/v1beta1/namespaces/azure-arc/connectedclusters/clustermetadata",
    )
    assert reported["status"]["totalNodeCount"] == 3


async def test_without_cluster_connect_no_proxy_gets_a_certificate(
    harbor: Onboarding, api: ClusterApi, pair: KeyPair
) -> None:
    """What follows from an optional agent comes and goes with it."""
    harbor.register(pair)
    await harbor.install(pair.private.reveal(), **{"clusterconnect-agent": {"enabled": False}})
    await harbor.connected()
    with pytest.raises(RefusedError) as refusal:
        await api.get(f"{NAMESPACE}/secrets/kube-aad-proxy-certificate")
    assert refusal.value.status == 404


@pytest.mark.parametrize("program", ["helm3", "helm4"])
async def test_a_key_put_there_beforehand_serves_the_newer_chart(
    request: pytest.FixtureRequest,
    sandbox: Sandbox,
    api: ClusterApi,
    pair: KeyPair,
    program: str,
) -> None:
    """Helm takes over a namespace that bears its marks, and leaves the Secret in it alone."""
    harbor = Onboarding(sandbox, request.getfixturevalue(program))
    harbor.register(pair)
    await _inject(api, pair)
    await harbor.install("")
    await harbor.connected()
    secret = await api.get(f"{NAMESPACE}/secrets/azure-arc-connect-privatekey")
    assert secret["data"]["privateKey"] == _encoded(pair)


async def test_after_a_reset_the_cluster_can_be_connected_anew(
    harbor: Onboarding, pair: KeyPair, other_pair: KeyPair
) -> None:
    """Reset empties Azure and the cluster; the agents' controller notices by itself."""
    harbor.register(pair)
    await harbor.install(pair.private.reveal())
    await harbor.connected()
    harbor.sandbox.world.reset()
    assert _documents(harbor, "deployments") == []
    harbor.register(other_pair)
    await harbor.install(other_pair.private.reveal())
    await harbor.connected()


async def test_a_key_that_arm_does_not_know_gets_no_identity(
    harbor: Onboarding, api: ClusterApi, pair: KeyPair, other_pair: KeyPair
) -> None:
    """A wrong private key leaves the cluster Connecting; the right one, given later, heals it."""
    harbor.register(pair)
    await harbor.install(other_pair.private.reveal())
    await until(lambda: harbor.told("IDENTITY", 401))
    assert harbor.status == "Connecting"
    with pytest.raises(RefusedError):
        await api.get(f"{NAMESPACE}/secrets/azure-identity-certificate")
    await harbor.install(pair.private.reveal())
    await harbor.connected()


async def test_a_key_in_another_form_is_as_good_as_none(
    harbor: Onboarding, pair: KeyPair, other_pair: KeyPair
) -> None:
    """Only a PKCS#1 PEM is read (connectedk8s.md B.11): anything else never asks Azure at all."""
    harbor.register(pair)
    await harbor.install(pair.private.reveal().replace("RSA PRIVATE", "PRIVATE"))
    operator = harbor.sandbox.clusters["sandbox"]
    await until(lambda: _ready(operator, "clusteridentityoperator"))
    await harbor.install(other_pair.private.reveal())
    await until(lambda: harbor.told("IDENTITY", 401))
    assert len(harbor.sandbox.world.journal.select(service="agents")) == 1


async def test_blocked_egress_keeps_a_cluster_connecting(harbor: Onboarding, pair: KeyPair) -> None:
    """Agents that cannot reach Azure try again and again, and connect once they can."""
    fault = _plan(harbor, "blocked_egress")
    harbor.register(pair)
    await harbor.install(pair.private.reveal())
    faults = harbor.sandbox.world.faults
    await until(lambda: faults.happened(fault) >= 2)
    assert harbor.status == "Connecting"
    faults.remove(fault)
    await harbor.connected()


async def test_a_cluster_may_never_connect_though_all_is_ready(
    harbor: Onboarding, pair: KeyPair
) -> None:
    """The heartbeat alone can be refused, with the identity in place."""
    fault = _plan(harbor, "never_connected")
    harbor.register(pair)
    await harbor.install(pair.private.reveal())
    await until(lambda: harbor.told("HEARTBEAT", 403))
    assert harbor.told("IDENTITY", 200)
    assert harbor.sandbox.world.faults.happened(fault) >= 1
    assert harbor.status == "Connecting"


async def test_one_pod_that_is_not_ready_holds_back_the_heartbeat(
    harbor: Onboarding, pair: KeyPair
) -> None:
    """The agents beat when all of them are ready, and not before."""
    cluster = harbor.sandbox.clusters["sandbox"]
    trouble = cluster.trouble("ImagePullBackOff", selector="app.kubernetes.io/component=guard")
    harbor.register(pair)
    await harbor.install(pair.private.reveal(), guard={"enabled": True})
    await until(lambda: _ready(cluster, "resource-sync-agent"))
    assert harbor.told("IDENTITY", 200)
    assert harbor.status == "Connecting"
    cluster.heal(trouble)
    await harbor.connected()


async def test_a_quarter_of_an_hour_of_silence_is_offline(
    harbor: Onboarding, pair: KeyPair
) -> None:
    """Egress that is cut later makes a connected cluster Offline; it comes back by itself."""
    harbor.register(pair)
    await harbor.install(pair.private.reveal())
    await harbor.connected()
    fault = _plan(harbor, "blocked_egress")
    await until(lambda: harbor.told("BLOCKED_EGRESS", 0))
    harbor.sandbox.world.clock.advance(QUARTER_OF_AN_HOUR)
    assert harbor.status == "Offline"
    harbor.sandbox.world.faults.remove(fault)
    await harbor.connected()


async def test_an_expired_identity_stays_expired(harbor: Onboarding, pair: KeyPair) -> None:
    """After 90 days without Azure only deleting and connecting anew helps (arc.md B1)."""
    harbor.register(pair)
    await harbor.install(pair.private.reveal())
    await harbor.connected()
    fault = _plan(harbor, "blocked_egress")
    await until(lambda: harbor.told("BLOCKED_EGRESS", 0))
    world = harbor.sandbox.world
    world.clock.advance(91 * 24 * 3600)
    world.faults.remove(fault)
    cluster = harbor.sandbox.clusters["sandbox"]
    await harbor.install(pair.private.reveal(), "1.34.2")
    await until(lambda: _ready(cluster, "config-agent") and _ready(cluster, "metrics-agent"))
    assert harbor.status == "Expired"


async def test_agents_scaled_to_zero_fall_silent(
    harbor: Onboarding, api: ClusterApi, pair: KeyPair, kubectl: Path
) -> None:
    """Quiet agents do not beat, so time alone makes the cluster Offline."""
    harbor.register(pair)
    await harbor.install(pair.private.reveal())
    await harbor.connected()
    await output(
        kubectl, "scale", "deployment", "--all", "--replicas=0", "--namespace", "azure-arc",
        environment=harbor.sandbox.environment,
    )  # fmt: skip
    await until(lambda: not _pods(harbor))
    harbor.sandbox.world.clock.advance(QUARTER_OF_AN_HOUR)
    assert harbor.status == "Offline"
    listed = await api.get("/apis/apps/v1/namespaces/azure-arc/deployments")
    assert len(listed["items"]) == 11


async def test_an_upgrade_is_reported_though_the_api_server_was_away(
    harbor: Onboarding, pair: KeyPair
) -> None:
    """Watches that end, and a history that is gone, cost a list and nothing else."""
    harbor.register(pair)
    await harbor.install(pair.private.reveal(), "1.34.2")
    await harbor.connected()
    cluster = harbor.sandbox.clusters["sandbox"]
    cluster.expire_history()
    cluster.drop_watches()
    await harbor.install(pair.private.reveal(), "1.36.1")
    await until(lambda: harbor.properties["agentVersion"] == "1.36.1")


async def test_agents_that_are_uninstalled_leave_nothing_behind(
    harbor: Onboarding, api: ClusterApi, pair: KeyPair
) -> None:
    """The namespace goes with the release, with what the agents wrote into it, and stays away."""
    harbor.register(pair)
    await harbor.install(pair.private.reveal())
    await harbor.connected()
    await harbor.run_helm("uninstall", "azure-arc", "--wait")
    await until(lambda: "azure-arc" not in _namespaces(harbor))
    kinds = await api.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
    assert kinds["items"] == []
    harbor.sandbox.world.clock.advance(QUARTER_OF_AN_HOUR)
    assert harbor.status == "Offline"


async def test_the_first_heartbeat_takes_as_long_as_it_did_when_recorded(
    tmp_path: Path, helm4: Path, pair: KeyPair
) -> None:
    """With recorded delays, 45 s pass between the installation and Connected."""
    options = Options(home=tmp_path / "recorded", profile="recorded")
    async with Sandbox(options).running() as sandbox:
        harbor = Onboarding(sandbox, helm4)
        harbor.register(pair)
        await harbor.install(pair.private.reveal())
        cluster = sandbox.clusters["sandbox"]
        for agent in ("clusteridentityoperator", "resource-sync-agent"):
            await _passes(harbor, lambda name=agent: _ready(cluster, name), at_most=30)
        assert harbor.status == "Connecting"
        sandbox.world.clock.advance(45)
        await harbor.connected()


async def _inject(api: ClusterApi, pair: KeyPair) -> None:
    """Put the key into the cluster before helm runs (connectedk8s.md B.13)."""
    marks: dict[str, Any] = {
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {
            "meta.helm.sh/release-name": "azure-arc",
            "meta.helm.sh/release-namespace": "azure-arc-release",
        },
    }
    namespace = {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "azure-arc"} | marks}
    await api.write("/api/v1/namespaces", namespace)
    secret = {
        "kind": "Secret",
        "apiVersion": "v1",
        "metadata": {"name": "azure-arc-connect-privatekey", "namespace": "azure-arc"} | marks,
        "data": {"privateKey": _encoded(pair)},
    }
    await api.write(f"{NAMESPACE}/secrets", secret)


def _encoded(pair: KeyPair) -> str:
    return base64.b64encode(pair.private.reveal().encode()).decode()


async def _passes(harbor: Onboarding, happens: Any, at_most: int) -> None:
    """Let virtual seconds pass until something has happened."""
    for _ in range(at_most):
        if happens():
            return
        harbor.sandbox.world.clock.advance(1)
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come true in time")


async def _eventually(api: ClusterApi, path: str) -> dict[str, Any]:
    """Ask until the object is there: the agents write some things beside everything else."""
    for _ in range(100):
        try:
            return await api.get(path)
        except RefusedError:
            await asyncio.sleep(0.02)
    raise AssertionError(f"{path} did not appear")


def _documents(harbor_or_cluster: Any, plural: str) -> list[dict[str, Any]]:
    cluster = getattr(harbor_or_cluster, "sandbox", None)
    cluster = cluster.clusters["sandbox"] if cluster else harbor_or_cluster
    kind = next(kind for kind in cluster.kinds.all() if kind.plural == plural)
    return list(cluster.store.items(kind.key))


def _ready(cluster: Any, name: str) -> bool:
    found = [d for d in _documents(cluster, "deployments") if d["metadata"]["name"] == name]
    return bool(found) and found[0].get("status", {}).get("availableReplicas", 0) >= 1


def _pods(harbor: Onboarding) -> list[str]:
    pods = _documents(harbor, "pods")
    return [p["metadata"]["name"] for p in pods if p["metadata"]["namespace"] == "azure-arc"]


def _namespaces(harbor: Onboarding) -> set[str]:
    return {each["metadata"]["name"] for each in _documents(harbor, "namespaces")}
