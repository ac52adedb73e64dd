"""A connected cluster whose children are put through Azure and carried in by its agents."""

from __future__ import annotations

import asyncio
import base64
import ssl
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
from arcctl.sandbox import access
from arcctl.sandbox.azure.seeds import SUBSCRIPTION
from arcctl.sandbox.clusterapi import ClusterApi
from arcctl.sandbox.configuration import charts, records
from tests.sandbox.azure.client import Client
from tests.sandbox.onboarding import GROUP, NAME, Onboarding, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from arcctl.model.keys import KeyPair
    from arcctl.sandbox.server import Sandbox
    from arcctl.sandbox.world import World
    from tests.sandbox.azure.client import Reply

CLUSTER = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    f"/providers/Microsoft.Kubernetes/connectedClusters/{NAME}"
)
_VERSIONS = {
    "sourceControlConfigurations": "2023-05-01",
    "extensions": "2025-03-01",
    "fluxConfigurations": "2025-04-01",
}
GIT = {"url": "https://git.example/apps", "repositoryRef": {"branch": "main"}}
QUIET_AGENTS = ("config-agent", "extension-manager")
QUIET_FLUX = ("fluxconfig-agent", "fluxconfig-controller")


@dataclass
class Living:
    """One connected cluster: `azure` and `api` see it from the two sides."""

    onboarding: Onboarding
    azure: Client
    api: ClusterApi

    @property
    def world(self) -> World:
        return self.onboarding.sandbox.world

    async def put(self, child: str, **properties: Any) -> Reply:
        """PUT `extensions/NAME` or `fluxConfigurations/NAME` with these properties."""
        answer = await self.azure.put(_path(child), {"properties": properties}, version=_of(child))
        assert answer.status in {200, 201}, answer.text
        return answer

    async def delete(self, child: str, status: int = 202) -> None:
        answer = await self.azure.delete(_path(child), version=_of(child))
        assert answer.status == status, answer.text

    async def shown(self, child: str) -> dict[str, Any]:
        """The properties as ARM shows them, or nothing where the child is gone."""
        answer = await self.azure.get(_path(child), version=_of(child))
        properties: dict[str, Any] = answer.body["properties"] if answer.status == 200 else {}
        return properties

    async def becomes(self, child: str, state: str) -> dict[str, Any]:
        """Wait for a provisioningState, or with an empty one until the child is gone."""
        await self._until_stored(child, "provisioningState", state)
        return await self.shown(child)

    async def complies(self, child: str, state: str = "Compliant") -> dict[str, Any]:
        """Wait until Flux has applied a configuration, or has said another state of it."""
        await self._until_stored(child, "complianceState", state)
        return await self.shown(child)

    async def installed(self, child: str, **properties: Any) -> None:
        """PUT a child, and wait until the agents have carried it in."""
        await self.put(child, **properties)
        await self.becomes(child, "Succeeded")

    async def flux(self, name: str = "apps", **more: Any) -> None:
        """PUT a configuration with one kustomization that prunes, and wait until it complies."""
        wanted = {"kustomizations": {"all": {"path": "./", "prune": True}}, "gitRepository": GIT}
        await self.put(f"fluxConfigurations/{name}", **{"namespace": "apps", **wanted, **more})
        await self.complies(f"fluxConfigurations/{name}")

    async def scale(self, namespace: str, replicas: int, *names: str) -> None:
        """Scale Deployments, and wait until it is so."""
        for name in names:
            path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
            await self.api.patch(path, {"spec": {"replicas": replicas}})
            await self.until_there(path, lambda it: _available(it) == replicas)

    async def quiet(self) -> None:
        """Scale to zero all that could hear of a deletion."""
        await self.scale("azure-arc", 0, *QUIET_AGENTS)
        await self.scale("flux-system", 0, *QUIET_FLUX)

    async def delete_cluster(self) -> None:
        answer = await self.azure.delete(CLUSTER)
        assert answer.status == 202, answer.text

    def told(self, act: str, child: str, status: int = 200) -> bool:
        """Whether the agents' journal has it that a child was installed or removed."""
        entries = self.world.journal.select("agents", act, f"/{child}$")
        return any(entry.status == status for entry in entries)

    async def heard(self, act: str, child: str, status: int = 200) -> None:
        await until(lambda: self.told(act, child, status))

    async def until_there(self, path: str, fits: Any = bool) -> dict[str, Any]:
        """Ask the cluster until an object is there and fits."""
        found: list[dict[str, Any]] = []

        async def look() -> bool:
            there = await self.api.find(path)
            found[:] = [there] if there else []
            return bool(there and fits(there))

        await until_true(look)
        return found[0]

    async def until_gone(self, path: str) -> None:
        async def look() -> bool:
            return await self.api.find(path) is None

        await until_true(look)

    async def items(self, path: str) -> list[dict[str, Any]]:
        """The objects of a collection; none where the kind is not served."""
        there = await self.api.find(path)
        return list(there["items"]) if there else []

    async def releases(self) -> dict[str, tuple[int, str]]:
        """The newest revision of each release, and its status."""
        held = await self.items("/api/v1/secrets?labelSelector=owner%3Dhelm")
        found = sorted(map(records.read, held), key=lambda record: record.revision)
        return {str(each.document["name"]): (each.revision, each.status) for each in found}

    async def uids(self) -> dict[str, str]:
        """All Deployments and pods outside azure-arc, with their uids."""
        kinds = ("/apis/apps/v1/deployments", "/api/v1/pods", "/api/v1/configmaps")
        objects = [each for kind in kinds for each in await self.items(kind)]
        return {
            f"{each['metadata']['namespace']}/{each['metadata']['name']}": each["metadata"]["uid"]
            for each in objects
            if each["metadata"]["namespace"] != "azure-arc"
        }

    async def _until_stored(self, child: str, field: str, wanted: str) -> None:
        def look() -> bool:
            self.world.azure.operations.settle()
            found = self.world.azure.store.get(_path(child))
            return (found.properties[field] if found else "") == wanted

        await until(look)


@asynccontextmanager
async def living(sandbox: Sandbox, helm: Path, pair: KeyPair) -> AsyncIterator[Living]:
    """Connect the sandbox's cluster, and look at it from both sides."""
    onboarding = Onboarding(sandbox, helm)
    onboarding.register(pair)
    await onboarding.install(pair.private.reveal())
    await onboarding.connected()
    trusting = ssl.create_default_context(cafile=str(sandbox.home.ca))
    context = sandbox.options.kube_context or "sandbox"
    way_in = access.by_context(context, sandbox.environment["KUBECONFIG"])
    connector = aiohttp.TCPConnector(ssl=trusting)
    async with ClusterApi(way_in) as api, aiohttp.ClientSession(connector=connector) as session:
        yield Living(onboarding, Client(sandbox.world, session, sandbox.world.base_url), api)


async def until_true(look: Any) -> None:
    """Ask the cluster again and again until it is so."""
    deadline = time.monotonic() + 20
    while not await look():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.02)


def deployment(namespace: str, name: str) -> str:
    """The path of a Deployment."""
    return f"{charts.collection('Deployment', namespace)}/{name}"


def plain(secret: dict[str, Any]) -> dict[str, str]:
    """What a Secret holds, decoded."""
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def _available(it: dict[str, Any]) -> int:
    return int((it.get("status") or {}).get("availableReplicas", 0))


def _path(child: str) -> str:
    return f"{CLUSTER}/providers/Microsoft.KubernetesConfiguration/{child}"


def _of(child: str) -> str:
    return _VERSIONS[child.partition("/")[0]]
