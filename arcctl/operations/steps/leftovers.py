"""Taking Arc out of the cluster: its release and its namespaces."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from arcctl.errors import ClusterError
from arcctl.flow.step import Step
from arcctl.model import cluster as names
from arcctl.model.installed import without_namespace
from arcctl.operations.steps import foreign
from arcctl.operations.steps.kinds import CRDS, arcs_own, free_objects
from arcctl.operations.steps.waiting import NAMESPACES, dying, holding, until_gone
from arcctl.operations.steps.whose import LEFT_ALONE
from arcctl.operations.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.onboarding import Release

_SECRETS = (
    names.PRIVATE_KEY_SECRET,
    names.IDENTITY_CERTIFICATE,
    names.AAD_PROXY_CERTIFICATE,
)
_ARM64_TIMEOUT = 900
_TIMEOUT = 300


class Uninstall(Step[World]):
    """Helm's release of the agents is gone.

    The release's manifest holds namespace `azure-arc`, which helm would delete with all that is in
    it. With `spare` it is taken out of the manifest first where others keep something there.
    """

    name = "uninstall-agents"
    title = "agents"

    def __init__(self, *, hooks: bool, spare: bool = True) -> None:
        self._hooks = hooks
        self._spare = spare

    async def observe(self, world: World) -> str | None:
        if world.others:
            return LEFT_ALONE
        return None if await world.sight.release() else "no release"

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        release = await world.sight.release()
        assert release
        if self._spare and (await foreign.look(world, names.AGENT_NAMESPACE)).foreign:
            await self._keep_namespace(world, release)
        helm, patience = await asyncio.gather(world.clients.helm(), self._patience(world))
        await helm.uninstall(
            names.RELEASE, release.namespace, no_hooks=not self._hooks, timeout=patience
        )
        return f"release {names.RELEASE} removed"

    async def _keep_namespace(self, world: World, release: Release) -> None:
        kubernetes = await world.clients.kubernetes()
        secret = await kubernetes.get(release.record)
        record = without_namespace(release, secret, names.AGENT_NAMESPACE)
        await kubernetes.patch(release.record, {"data": {"release": record}})

    async def _patience(self, world: World) -> int:
        """Small arm64 machines get the peer's longer time (`connectedk8s.md` B.2)."""
        arches = {
            (node["metadata"].get("labels") or {}).get("kubernetes.io/arch")
            for node in await world.sight.nodes()
        }
        usual = _ARM64_TIMEOUT if "arm64" in arches else _TIMEOUT
        return math.ceil(world.at_most(usual))


class RemoveNamespaces(Step[World]):
    """Both namespaces of Arc are gone, or asked to go where nobody wants to wait.

    With `spare` one in which others keep workloads or data stays, without what is Arc's in it.
    """

    name = "remove-namespaces"
    title = "namespaces"

    def __init__(self, *, wait: bool, force: bool, spare: bool = True, patience: int = 180) -> None:
        self._wait = wait
        self._force = force
        self._spare = spare
        self._patience = patience

    async def observe(self, world: World) -> str | None:
        return LEFT_ALONE if world.others else None

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        kubernetes = await world.clients.kubernetes()
        going = [name for name in NAMESPACES if not await self._spared(world, name)]
        await asyncio.gather(*(kubernetes.delete(f"/api/v1/namespaces/{name}") for name in going))
        if not self._wait:
            return "asked to go (not awaited)"
        if self._force:
            await self._strip(kubernetes, tell)
        try:
            await until_gone(kubernetes, world.at_most(self._patience), tell, wanted=going)
        except ClusterError as error:
            # As the peer's: what is left is said, and does not undo what was done (B.2.8).
            world.warn(f"{error.message}; {'; '.join(error.why)}")
            return "still going"
        return "gone" if len(going) == len(NAMESPACES) else "gone, except those that others use"

    async def _spared(self, world: World, name: str) -> bool:
        """Look as the last thing before the deletion; take out of a namespace that stays what is Arc's."""
        if not self._spare:
            return False
        found = await foreign.look(world, name)
        if not found.foreign:
            return False
        world.warn(f"namespace {name} stays, since others use it: {found.said}")
        kubernetes = await world.clients.kubernetes()
        space = f"/api/v1/namespaces/{name}"
        left = [f"{space}/secrets/{each}" for each in _SECRETS]
        left.append(f"{space}/configmaps/{names.IDENTITY_MAP}")
        await asyncio.gather(*map(kubernetes.delete, (*left, *found.own)))
        return True

    async def _strip(self, kubernetes: Kubernetes, tell: Callable[[str], None]) -> None:
        """Empty the finalizers of Arc's own objects, once their namespace is on its way out."""
        space = await kubernetes.find(f"/api/v1/namespaces/{names.AGENT_NAMESPACE}")
        if not dying(space):
            return
        tell(holding({names.AGENT_NAMESPACE: space or {}}))
        async for definition in kubernetes.items(CRDS):
            if arcs_own(definition):
                await free_objects(kubernetes, definition)
