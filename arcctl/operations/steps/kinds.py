"""The kinds that Arc defines: whose they are, and that they really go (trap 13)."""

from __future__ import annotations

import asyncio
import time
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from arcctl.errors import ClusterError
from arcctl.flow.step import Step
from arcctl.model import cluster as names
from arcctl.operations.steps.waiting import still_there
from arcctl.operations.steps.whose import LEFT_ALONE
from arcctl.operations.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.connected_cluster import Body

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_AKS_MARK = "addonmanager.kubernetes.io/mode"
_RELEASE_MARK = "meta.helm.sh/release-name"
_NUDGED = "arcctl/nudged"
_LONG = 1.0


def _pauses() -> Iterator[float]:
    return chain((0.3, 0.7), repeat(_LONG))


class RemoveKinds(Step[World]):
    """The seven kinds that Arc defines are gone, unless somebody else owns them."""

    name = "remove-kinds"

    def __init__(self, *, wait: bool, force: bool, patience: int = 180) -> None:
        self._wait = wait
        self._force = force
        self._patience = patience

    async def observe(self, world: World) -> str | None:
        return LEFT_ALONE if world.others else None

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        kubernetes = await world.clients.kubernetes()
        present = [
            each async for each in kubernetes.items(CRDS) if each["metadata"]["name"] in world.kinds
        ]
        own = [each for each in present if arcs_own(each)]
        if kept := len(present) - len(own):
            world.note(f"{kept} kinds of Arc belong to AKS or to another release, and stay")
        await asyncio.gather(*(self._remove(kubernetes, each) for each in own))
        if self._wait:
            patience = world.at_most(self._patience)
            await until_gone(kubernetes, map(_name, own), patience, tell)
        return f"{len(own)} kinds removed"

    async def _remove(self, kubernetes: Kubernetes, definition: Body) -> None:
        path = f"{CRDS}/{_name(definition)}"
        if not definition["metadata"].get("deletionTimestamp"):
            await kubernetes.delete(path)
        if self._force:
            await free_objects(kubernetes, definition)
            left = await kubernetes.find(path)
            # Only a kind that is already going loses its finalizers (trap 13).
            if left and left["metadata"].get("deletionTimestamp"):
                await _free(kubernetes, path)


class UntilKindsSettled(Step[World]):
    """No kind of Arc stands in helm's way: one that is going, or one that nobody's release made.

    helm would take over the first as it goes, and refuses to take over the second (T42).
    """

    name = "kinds-settled"
    title = "kinds"

    def __init__(self, *, patience: int = 180) -> None:
        self._patience = patience

    async def observe(self, world: World) -> str | None:
        return None if await self._in_the_way(world) else ""

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        tell("waiting for what an earlier delete left behind")
        kubernetes = await world.clients.kubernetes()
        kinds = [_name(each) for each in await self._in_the_way(world)]
        await asyncio.gather(*(kubernetes.delete(f"{CRDS}/{name}") for name in kinds))
        await until_gone(kubernetes, kinds, world.at_most(self._patience), tell)
        return f"{len(kinds)} left by an earlier delete are gone"

    async def _in_the_way(self, world: World) -> list[Body]:
        release = await world.sight.release()
        return [
            each
            for each in await left_over(world)
            if each["metadata"].get("deletionTimestamp") or not (release or _marked(each))
        ]


def _marked(definition: Body) -> bool:
    """Whether it carries the release's mark, by which helm takes it over."""
    return _RELEASE_MARK in (definition["metadata"].get("annotations") or {})


async def left_over(world: World) -> list[Body]:
    """Return the metadata of the kinds that are Arc's own and still there."""
    definitions = (await world.clients.kubernetes()).items(CRDS, metadata_only=True)
    return [each async for each in definitions if _name(each) in world.kinds and arcs_own(each)]


async def until_gone(
    kubernetes: Kubernetes, kinds: Iterable[str], patience: float, tell: Callable[[str], None]
) -> None:
    """Wait until these kinds are gone; raise ClusterError AZK8S0205 that names what holds them."""
    awaited = set(kinds)
    left: list[Body] = []

    async def look() -> bool:
        paths = [f"{CRDS}/{name}" for name in sorted(awaited)]
        found = await asyncio.gather(*map(kubernetes.find, paths))
        left[:] = [each for each in found if each]
        awaited.intersection_update(map(_name, left))
        return bool(left)

    async def urge() -> None:
        for pause in _pauses():
            if not await look():
                return
            tell(_holding(left))
            await asyncio.sleep(pause)
            if pause >= _LONG:
                await asyncio.gather(*(_nudge(kubernetes, _name(each)) for each in left))

    try:
        async with asyncio.timeout(patience):
            await urge()
    except TimeoutError:
        raise still_there("kinds", map(_name, left), patience, _holding(left)) from None


async def _nudge(kubernetes: Kubernetes, name: str) -> None:
    """Change a kind that is going, so that the API server looks at it again.

    It may find the storage of a young kind "(re)initializing" when it should list the objects to
    delete, and then looks again only after ever longer pauses, or when the kind changes.
    """
    mark = {"metadata": {"annotations": {_NUDGED: str(time.time_ns())}}}
    try:
        await kubernetes.patch(f"{CRDS}/{name}", mark)
    except ClusterError as error:
        if error.status not in (404, 409):
            raise


def _holding(definitions: list[Body]) -> str:
    """Say what the API server says keeps these kinds from ending."""
    reasons = [
        f"{_name(each)}: {condition['message']}"
        for each in definitions
        for condition in (each.get("status") or {}).get("conditions") or []
        if condition.get("type") == "Terminating" and condition.get("message")
    ]
    return " · ".join(reasons) or "waiting for " + ", ".join(map(_name, definitions))


def _name(definition: Body) -> str:
    return str(definition["metadata"]["name"])


def arcs_own(definition: Body) -> bool:
    """AKS marks what is its own; another release's mark makes it that release's."""
    metadata = definition["metadata"]
    if ".azure." not in metadata["name"] or _AKS_MARK in (metadata.get("labels") or {}):
        return False
    if not metadata["name"].startswith(tuple(f"{name}." for name in names.CRD_NAMES)):
        return False
    owner = (metadata.get("annotations") or {}).get(_RELEASE_MARK, names.RELEASE)
    return bool(owner == names.RELEASE)


async def free_objects(kubernetes: Kubernetes, definition: dict[str, Any]) -> None:
    """Empty the finalizers of every object of a kind."""
    spec = definition["spec"]
    version = next(each["name"] for each in spec["versions"] if each.get("served", True))
    base = f"/apis/{spec['group']}/{version}"
    plural = spec["names"]["plural"]
    for each in await kubernetes.collection(f"{base}/{plural}") or ():
        space = each["metadata"].get("namespace")
        place = f"{base}/namespaces/{space}/{plural}" if space else f"{base}/{plural}"
        await _free(kubernetes, f"{place}/{each['metadata']['name']}")


async def _free(kubernetes: Kubernetes, path: str) -> None:
    try:
        await kubernetes.patch(path, {"metadata": {"finalizers": []}})
    except ClusterError as error:
        if error.status not in (404, 409):
            raise
