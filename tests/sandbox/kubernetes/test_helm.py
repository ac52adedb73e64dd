"""The real helm 3 and helm 4 work against the embedded Kubernetes."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from tests.sandbox.kubernetes.charts import chart

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.kubernetes.serving import Served

INSTALL = ("upgrade", "--install", "small")
THERE = ("-n", "there", "--create-namespace")
WAIT = ("--wait", "--timeout", "30s")


@pytest.fixture(params=["helm3", "helm4"])
def helm(request: pytest.FixtureRequest) -> Path:
    """Both majors in turn."""
    found: Path = request.getfixturevalue(request.param)
    return found


async def status_of(served: Served, helm: Path) -> Any:
    """Return the release's status as helm tells it."""
    told = json.loads(await served.run(helm, "status", "small", "-n", "there", "-o", "json"))
    return told["info"]["status"]


async def image_of(served: Served, name: str) -> Any:
    """Return the image that a Deployment runs."""
    path = f"/apis/apps/v1/namespaces/there/deployments/{name}"
    found = (await served.call("GET", path)).body
    return found["spec"]["template"]["spec"]["containers"][0]["image"]


async def test_a_release_is_installed_upgraded_rolled_back_and_uninstalled(
    helm: Path, served: Served, tmp_path: Path
) -> None:
    """A release goes its whole way, and its Deployments with it."""
    source = chart(tmp_path / "chart", 3)
    await served.run(helm, *INSTALL, source, *THERE, *WAIT)
    installed = await image_of(served, "web-1")
    await served.run(helm, *INSTALL, source, *THERE, *WAIT, "--set", "tag=3.9,count=2")
    upgraded = await image_of(served, "web-1")
    values = json.loads(
        await served.run(helm, "get", "values", "small", "-n", "there", "-o", "json")
    )
    await served.run(helm, "rollback", "small", "1", "-n", "there", *WAIT)
    history = json.loads(await served.run(helm, "history", "small", "-n", "there", "-o", "json"))
    rolled_back = await image_of(served, "web-2")
    await served.run(helm, "uninstall", "small", "-n", "there", *WAIT)
    left = (await served.call("GET", "/api/v1/namespaces/there/pods")).body["items"]

    assert (installed, upgraded) == ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.9")
    assert values == {"tag": "3.9", "count": 2}
    assert rolled_back == "registry.k8s.io/pause:3.10"
    assert [each["status"] for each in history] == ["superseded", "superseded", "deployed"]
    assert left == []


async def test_a_dropped_deployment_goes_with_the_upgrade(
    helm: Path, served: Served, tmp_path: Path
) -> None:
    """What a newer revision no longer names is deleted, its pods with it."""
    source = chart(tmp_path / "chart", 2)
    await served.run(helm, *INSTALL, source, *THERE, *WAIT)

    await served.run(helm, *INSTALL, source, *THERE, *WAIT, "--set", "count=1")

    found = (await served.call("GET", "/apis/apps/v1/namespaces/there/deployments")).body
    assert [each["metadata"]["name"] for each in found["items"]] == ["web-0"]


async def test_wait_waits_until_the_pods_are_ready(
    helm: Path, served: Served, tmp_path: Path
) -> None:
    """With --wait helm returns when every Deployment is available, not before."""
    await served.run(helm, *INSTALL, chart(tmp_path / "chart", 10), *THERE, *WAIT)

    found = (await served.call("GET", "/apis/apps/v1/namespaces/there/deployments")).body
    assert [each["status"].get("availableReplicas") for each in found["items"]] == [1] * 10


async def test_an_install_that_cannot_become_ready_leaves_a_failed_release(
    helm: Path, served: Served, tmp_path: Path
) -> None:
    """Helm gives up at its time limit and says failed; a healed cluster takes the next try."""
    source = chart(tmp_path / "chart")
    trouble = served.cluster.trouble("ImagePullBackOff", selector="app=web-0")
    code, _, _ = await served.attempt(helm, *INSTALL, source, *THERE, "--wait", "--timeout", "2s")
    failed = await status_of(served, helm)
    served.cluster.heal(trouble)
    await served.run(helm, *INSTALL, source, *THERE, *WAIT)

    assert code != 0
    assert failed == "failed"
    assert await status_of(served, helm) == "deployed"


async def test_a_killed_helm_leaves_a_pending_release(
    helm: Path, served: Served, tmp_path: Path
) -> None:
    """SIGKILL in the middle of a wait leaves pending-install, and the next upgrade refuses."""
    source = chart(tmp_path / "chart")
    served.cluster.trouble("NeverReady", selector="app=web-0")
    begun = asyncio.Event()
    served.cluster.store.listen(lambda _: begun.set(), ("apps", "deployments"))
    process = await asyncio.create_subprocess_exec(
        helm, *INSTALL, source, *THERE, *WAIT,
        env=os.environ | {"KUBECONFIG": str(served.kubeconfig)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await asyncio.wait_for(begun.wait(), 20)
    finally:
        process.kill()
        await process.wait()
    pending = await status_of(served, helm)
    code, _, error = await served.attempt(helm, *INSTALL, source, *THERE)

    assert pending == "pending-install"
    assert code != 0
    assert "another operation" in error


async def test_helm_adopts_a_namespace_that_was_there_before(
    helm: Path, served: Served, tmp_path: Path
) -> None:
    """--create-namespace on an existing namespace is no error."""
    await served.call("POST", "/api/v1/namespaces", {"metadata": {"name": "there"}})

    await served.run(helm, *INSTALL, chart(tmp_path / "chart"), *THERE, *WAIT)

    assert await status_of(served, helm) == "deployed"


async def test_a_viewer_may_not_install(helm: Path, served: Served, tmp_path: Path) -> None:
    """A token that may only read makes helm fail with the server's own words."""
    content = json.loads(served.kubeconfig.read_text())
    content["users"][0]["user"]["token"] = served.cluster.viewer_token
    served.kubeconfig.write_text(json.dumps(content))

    code, _, error = await served.attempt(helm, *INSTALL, chart(tmp_path / "chart"), *THERE)

    assert code != 0
    assert 'namespaces "there" is forbidden: User "sandbox-viewer" cannot' in error.replace(
        "namespaces is forbidden", 'namespaces "there" is forbidden'
    )
