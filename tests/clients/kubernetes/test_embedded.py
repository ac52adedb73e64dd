"""The client and the sandbox's small Kubernetes understand each other."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.clients.kubernetes import Kubernetes
from arcctl.errors import AccessError, ClusterError
from arcctl.sandbox.kubernetes import Cluster, application
from tests.clients.kubernetes.api import settings, write
from tests.clients.serving import authority, serving, tls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MAPS = "/api/v1/namespaces/default/configmaps"


def config_map(name: str, **data: str) -> dict[str, Any]:
    """A ConfigMap of namespace default."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


class Sandbox:
    """An embedded cluster that is served, and clients for it."""

    def __init__(self, cluster: Cluster, folder: Path, port: int) -> None:
        self.cluster = cluster
        self._folder = folder
        self._port = port

    async def client(self, token: str) -> Kubernetes:
        """Open a client with this token."""
        server = {
            "server": f"https://127.0.0.1:{self._port}",
            "certificate-authority": "authority.pem",
        }
        write(self._folder / "config", server, {"token": token})
        return await Kubernetes.open(settings(self._folder / "config"))


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """An embedded cluster with its controllers running."""
    cluster = Cluster()
    context = tls(authority(tmp_path))
    async with cluster.running(), serving(application(cluster), context) as port:
        yield Sandbox(cluster, tmp_path, port)


@pytest.fixture
async def kubernetes(sandbox: Sandbox) -> AsyncIterator[Kubernetes]:
    """A client that may do everything."""
    client = await sandbox.client(sandbox.cluster.token)
    yield client
    await client.close()


async def test_an_object_lives_and_dies(kubernetes: Kubernetes) -> None:
    """Created, found, patched, applied, replaced, deleted, gone."""
    path = f"{MAPS}/harbor"
    await kubernetes.create(MAPS, config_map("harbor", a="1"))
    await kubernetes.patch(path, {"data": {"b": "2"}})
    await kubernetes.patch(path, config_map("harbor", c="3"), kind="apply", force="true")
    found = await kubernetes.get(path)
    assert found["data"] == {"a": "1", "b": "2", "c": "3"}
    await kubernetes.replace(path, found | {"data": {"a": "4"}})
    with pytest.raises(ClusterError) as raised:
        await kubernetes.replace(path, found)
    assert (raised.value.status, raised.value.code) == (409, "Conflict")
    assert await kubernetes.delete(path)
    assert await kubernetes.find(path) is None


async def test_the_servers_clock_can_be_read(kubernetes: Kubernetes) -> None:
    """From the head of an answer, as a moment with its zone."""
    there = await kubernetes.time()

    assert there is not None
    assert abs((there - datetime.now(UTC)).total_seconds()) < 60


async def test_an_object_exists_once(kubernetes: Kubernetes) -> None:
    """A second POST is a conflict that can be told from others."""
    await kubernetes.create(MAPS, config_map("harbor"))
    with pytest.raises(ClusterError) as raised:
        await kubernetes.create(MAPS, config_map("harbor"))
    assert (raised.value.status, raised.value.code) == (409, "AlreadyExists")


async def test_a_collection_is_paged(kubernetes: Kubernetes) -> None:
    """Pages of two tell the same as one list."""
    for each in range(5):
        await kubernetes.create(MAPS, config_map(f"map-{each}", secret="x"))
    names = [each["metadata"]["name"] async for each in kubernetes.items(MAPS, limit=2)]
    assert [name for name in names if name.startswith("map-")] == [f"map-{n}" for n in range(5)]
    lean = [each async for each in kubernetes.items(MAPS, metadata_only=True)]
    assert len(lean) == len(names)
    assert not any("data" in each for each in lean)


async def test_following_survives_what_a_server_does(
    sandbox: Sandbox, kubernetes: Kubernetes
) -> None:
    """Dropped streams and expired history are bridged, and nothing is missed."""
    told: list[str] = []
    changes = kubernetes.follow(MAPS, labelSelector="app=harbor")
    async with asyncio.timeout(30), aclosing(changes) as open_changes:
        async for kind, changed in open_changes:
            told.append(kind if kind == "SYNCED" else f"{kind} {changed['metadata']['name']}")
            step = len(told)
            if step == 4:
                break
            if step == 2:
                sandbox.cluster.drop_watches()
            if step == 3:
                sandbox.cluster.expire_history()
                sandbox.cluster.drop_watches()
                continue
            made = config_map(f"map-{step}")
            made["metadata"]["labels"] = {"app": "harbor"}
            await kubernetes.create(MAPS, made)
    assert told == ["SYNCED", "ADDED map-1", "ADDED map-2", "SYNCED"]


async def test_rights_are_asked_before_they_are_needed(sandbox: Sandbox) -> None:
    """A reader knows that it is one, and is refused when it tries."""
    reader = await sandbox.client(sandbox.cluster.viewer_token)
    assert await reader.may("list", "pods")
    assert not await reader.may("create", "clusterrolebindings", group="rbac.authorization.k8s.io")
    with pytest.raises(AccessError) as raised:
        await reader.create(MAPS, config_map("harbor"))
    assert raised.value.code == "kube-forbidden"
    await reader.close()


async def test_a_stranger_is_told_so(sandbox: Sandbox) -> None:
    """401 is no missing right."""
    stranger = await sandbox.client("nobody")
    with pytest.raises(AccessError) as raised:
        await stranger.version()
    assert raised.value.code == "kube-unauthorized"
    await stranger.close()
