"""Taking Arc out of the cluster: release, namespaces, and the kinds it defined (trap 13)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from arcctl.errors import ClusterError
from arcctl.flow.step import Step
from arcctl.model import cluster as names
from arcctl.operations.steps.waiting import NAMESPACES, dying, holding, until_gone
from arcctl.operations.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.clients.kubernetes import Kubernetes

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_AKS_MARK = "addonmanager.kubernetes.io/mode"
_ARM64_TIMEOUT = 900
_TIMEOUT = 300


class Uninstall(Step[World]):
    """Helm's release of the agents is gone."""

    name = "uninstall-agents"
    title = "agents"

    def __init__(self, *, hooks: bool) -> None:
        self._hooks = hooks

    async def observe(self, world: World) -> str | None:
        return None if await world.sight.release() else "no release"

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        release = await world.sight.release()
        assert release
        helm = await world.clients.helm()
        await helm.uninstall(
            names.RELEASE,
            release.namespace,
            no_hooks=not self._hooks,
            timeout=await self._patience(world),
        )
        return f"release {names.RELEASE} removed"

    async def _patience(self, world: World) -> int:
        """Small arm64 machines get the peer's longer time (`connectedk8s.md` B.2)."""
        arches = {
            (node["metadata"].get("labels") or {}).get("kubernetes.io/arch")
            for node in await world.sight.nodes()
        }
        return _ARM64_TIMEOUT if "arm64" in arches else _TIMEOUT


class RemoveNamespaces(Step[World]):
    """Both namespaces of Arc are gone, or asked to go where nobody wants to wait."""

    name = "remove-namespaces"
    title = "namespaces"

    def __init__(self, *, wait: bool, force: bool, patience: int = 180) -> None:
        self._wait = wait
        self._force = force
        self._patience = patience

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        kubernetes = await world.clients.kubernetes()
        for name in NAMESPACES:
            await kubernetes.delete(f"/api/v1/namespaces/{name}")
        if not self._wait:
            return "asked to go (not awaited)"
        if self._force:
            await self._strip(kubernetes, tell)
        try:
            await until_gone(kubernetes, self._patience, tell)
        except ClusterError as error:
            # As the peer's: what is left is said, and does not undo what was done (B.2.8).
            world.warn(f"{error.message}; {'; '.join(error.why)}")
            return "still going"
        return "gone"

    async def _strip(self, kubernetes: Kubernetes, tell: Callable[[str], None]) -> None:
        """Empty the finalizers of Arc's own objects, once their namespace is on its way out."""
        space = await kubernetes.find(f"/api/v1/namespaces/{names.AGENT_NAMESPACE}")
        if not dying(space):
            return
        tell(holding({names.AGENT_NAMESPACE: space or {}}))
        async for definition in kubernetes.items(CRDS):
            if _arcs_own(definition):
                await _free_objects(kubernetes, definition)


class RemoveKinds(Step[World]):
    """The seven kinds that Arc defines are gone, unless somebody else owns them."""

    name = "remove-kinds"

    def __init__(self, *, force: bool) -> None:
        self._force = force

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        kubernetes = await world.clients.kubernetes()
        present = [
            each async for each in kubernetes.items(CRDS) if each["metadata"]["name"] in world.kinds
        ]
        own = [each for each in present if _arcs_own(each)]
        if kept := len(present) - len(own):
            world.note(f"{kept} kinds of Arc belong to AKS or to another release, and stay")
        await asyncio.gather(*(self._remove(kubernetes, each) for each in own))
        return f"{len(own)} kinds removed"

    async def _remove(self, kubernetes: Kubernetes, definition: dict[str, Any]) -> None:
        path = f"{CRDS}/{definition['metadata']['name']}"
        await kubernetes.delete(path)
        if self._force:
            await _free_objects(kubernetes, definition)
            left = await kubernetes.find(path)
            # Only a kind that is already going loses its finalizers (trap 13).
            if left and left["metadata"].get("deletionTimestamp"):
                await _free(kubernetes, path)


def _arcs_own(definition: dict[str, Any]) -> bool:
    """AKS marks what is its own; another release's mark makes it that release's."""
    metadata = definition["metadata"]
    if ".azure." not in metadata["name"] or _AKS_MARK in (metadata.get("labels") or {}):
        return False
    if not metadata["name"].startswith(tuple(f"{name}." for name in names.CRD_NAMES)):
        return False
    owner = (metadata.get("annotations") or {}).get("meta.helm.sh/release-name", names.RELEASE)
    return bool(owner == names.RELEASE)


async def _free_objects(kubernetes: Kubernetes, definition: dict[str, Any]) -> None:
    spec = definition["spec"]
    version = next(each["name"] for each in spec["versions"] if each.get("served", True))
    base = f"/apis/{spec['group']}/{version}"
    plural = spec["names"]["plural"]
    try:
        held = [each async for each in kubernetes.items(f"{base}/{plural}")]
    except ClusterError as error:
        if error.status != 404:
            raise
        return
    for each in held:
        space = each["metadata"].get("namespace")
        place = f"{base}/namespaces/{space}/{plural}" if space else f"{base}/{plural}"
        await _free(kubernetes, f"{place}/{each['metadata']['name']}")


async def _free(kubernetes: Kubernetes, path: str) -> None:
    try:
        await kubernetes.patch(path, {"metadata": {"finalizers": []}})
    except ClusterError as error:
        if error.status not in (404, 409):
            raise
