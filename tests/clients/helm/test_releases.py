"""A release is installed, looked at, changed, mended and removed by a real helm."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.errors import AccessError, ClusterError, HelmError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.helm.conftest import World

RELEASE, NAMESPACE = "azure-arc", "azure-arc-release"
KEY = "-----BEGIN KEY-----\n$(touch x) `id` 'quoted' \\ \n-----END KEY-----\n"


async def installed(world: World, chart: Path, **values: Any) -> dict[str, Any]:
    """Install or upgrade the chart."""
    return await world.helm.upgrade_install(RELEASE, chart, NAMESPACE, values, timeout=60)


async def test_a_chart_is_installed_with_its_namespace(world: World, chart: Path) -> None:
    """The release is deployed, and its objects are there."""
    release = await installed(world, chart)
    assert (release["name"], release["namespace"], release["version"]) == (RELEASE, NAMESPACE, 1)
    assert release["info"]["status"] == "deployed"
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/depot"
    assert await world.kubernetes.find(path)


async def test_helm_can_wait_for_what_it_installs(world: World, chart: Path) -> None:
    """With wait, the Deployment is available when the call returns."""
    await world.helm.upgrade_install(RELEASE, chart, NAMESPACE, {}, timeout=60, wait=True)
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/depot"
    deployment = await world.kubernetes.get(path)
    assert deployment["status"]["availableReplicas"] == 1


async def test_values_arrive_as_they_were_given(world: World, chart: Path) -> None:
    """Shell characters, newlines and quotes survive on the way to the chart."""
    await installed(world, chart, key=KEY)
    path = f"/api/v1/namespaces/{NAMESPACE}/secrets/depot-key"
    secret = await world.kubernetes.get(path)
    import base64

    assert base64.b64decode(secret["data"]["key"]).decode() == KEY
    assert await world.helm.values(RELEASE, NAMESPACE) == {"key": KEY}
    assert await world.helm.values(RELEASE, NAMESPACE, all=True) == {
        "greeting": "hello",
        "key": KEY,
    }


async def test_what_a_call_returns_holds_no_values(world: World, chart: Path) -> None:
    """helm's own answer repeats values and manifest; ours does not."""
    assert "BEGIN KEY" not in str(await installed(world, chart, key=KEY))
    assert "BEGIN KEY" not in str(await world.helm.status(RELEASE, NAMESPACE))


async def test_an_upgrade_makes_a_revision(world: World, chart: Path) -> None:
    """History tells both, oldest first, and a rollback adds a third."""
    await installed(world, chart, greeting="one")
    await installed(world, chart, greeting="two")
    await world.helm.rollback(RELEASE, NAMESPACE, 1, timeout=60)
    told = [
        (each["revision"], each["status"]) for each in await world.helm.history(RELEASE, NAMESPACE)
    ]
    assert told == [(1, "superseded"), (2, "superseded"), (3, "deployed")]
    assert await world.helm.values(RELEASE, NAMESPACE) == {"greeting": "one"}


async def test_a_release_is_removed_once(world: World, chart: Path) -> None:
    """Removing tells whether there was something to remove."""
    await installed(world, chart)
    assert await world.helm.uninstall(RELEASE, NAMESPACE, timeout=60)
    assert not await world.helm.uninstall(RELEASE, NAMESPACE, timeout=60)
    assert await world.kubernetes.find(f"/api/v1/namespaces/{NAMESPACE}/secrets/depot-key") is None


async def test_no_release_is_an_answer(world: World) -> None:
    """Looking for what was never installed raises nothing."""
    assert await world.helm.status(RELEASE, NAMESPACE) is None
    assert await world.helm.values(RELEASE, NAMESPACE) is None
    assert await world.helm.history(RELEASE, NAMESPACE) == []


async def test_a_cancelled_installation_is_not_left_pending(world: World, chart: Path) -> None:
    """helm is given the time to mark its release as failed, so nothing blocks the next one."""
    world.cluster.trouble("ImagePullBackOff")
    call = world.helm.upgrade_install(RELEASE, chart, NAMESPACE, {}, timeout=60, wait=True)
    task = asyncio.create_task(call)
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
    async with asyncio.timeout(30):
        async for change, _ in world.kubernetes.follow(path):
            if change == "ADDED":
                break
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    status = await world.helm.status(RELEASE, NAMESPACE)
    assert status
    assert status["info"]["status"] == "failed"


async def test_what_is_not_ready_in_time_is_a_time_out(world: World, chart: Path) -> None:
    """helm's own time-out has a code of its own."""
    world.cluster.trouble("ImagePullBackOff")
    with pytest.raises(HelmError) as raised:
        await world.helm.upgrade_install(RELEASE, chart, NAMESPACE, {}, timeout=2, wait=True)
    assert raised.value.code == "AZK8S0514"


async def test_a_chart_that_is_not_there_is_named(world: World, tmp_path: Path) -> None:
    """A missing folder is a missing chart, not a failed installation."""
    with pytest.raises(HelmError) as raised:
        await installed(world, tmp_path / "nowhere")
    assert raised.value.code == "AZK8S0502"


async def test_a_broken_chart_is_a_failed_installation(world: World, chart: Path) -> None:
    """What helm says about the template is passed on."""
    (chart / "templates" / "all.yaml").write_text('{{ fail "no greeting" }}')
    with pytest.raises(HelmError) as raised:
        await installed(world, chart)
    assert raised.value.code == "AZK8S0500"
    assert "no greeting" in " ".join(raised.value.why)


async def test_a_reader_is_forbidden_to_install(world: World, chart: Path) -> None:
    """The cluster's 403 arrives as an access error with the cluster's words."""
    helm = await world.with_token(world.cluster.viewer_token)
    with pytest.raises(AccessError) as raised:
        await helm.upgrade_install(RELEASE, chart, NAMESPACE, {}, timeout=60)
    assert raised.value.code == "kube-forbidden"
    assert "forbidden" in " ".join(raised.value.why)


async def test_a_token_that_expired_is_an_access_error(world: World) -> None:
    """The cluster's 401 is told apart from an unreachable cluster."""
    helm = await world.with_token("expired")
    with pytest.raises(AccessError) as raised:
        await helm.status(RELEASE, NAMESPACE)
    assert raised.value.code == "kube-unauthorized"


async def test_a_cluster_that_is_gone_is_unreachable(world: World, chart: Path) -> None:
    """A connection that is refused is no fault of the chart."""
    text = world.kubeconfig.read_text()
    server = world.kubernetes.server
    world.kubeconfig.write_text(text.replace(server, "https://127.0.0.1:1"))
    with pytest.raises(ClusterError) as raised:
        await installed(world, chart)
    assert raised.value.code == "AZK8S0202"
