"""Waiting until no agent of Arc runs any more: one that still ends can still hear.

A Deployment says that it has no pods as soon as they are asked to end, and they may take their
time to do so (`terminationGracePeriodSeconds`). So the pods themselves are watched as well.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arcctl.errors import ClusterError
from arcctl.model import cluster as names
from arcctl.model.agents import (
    BY_NAME,
    FLUX_AGENTS,
    FLUX_NAMESPACE,
    SPACES,
    is_agent,
    replicas,
)
from arcctl.operations.steps.holdings import holdings

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.connected_cluster import Body

_ENDED = ("Succeeded", "Failed")


async def agents_of(kubernetes: Kubernetes) -> dict[str, Body]:
    """Return the Deployments that listen to Azure, by path."""
    found = await asyncio.gather(*(_deployments(kubernetes, space) for space in SPACES))
    return {path: each for some in found for path, each in some.items() if is_agent(each)}


async def _deployments(kubernetes: Kubernetes, namespace: str) -> dict[str, Body]:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    return {f"{path}/{each['metadata']['name']}": each async for each in kubernetes.items(path)}


async def scale(kubernetes: Kubernetes, path: str, count: int) -> Body:
    """Give a Deployment so many replicas."""
    return await kubernetes.patch(path, {"spec": {"replicas": count}})


async def hush(kubernetes: Kubernetes, seconds: float, tell: Callable[[str], None]) -> list[str]:
    """Scale to zero again what somebody has scaled up meanwhile, and return its names.

    To be asked directly before what the agents must not hear.
    """
    found = await agents_of(kubernetes)
    awake = [path for path, each in found.items() if _awake(each)]
    if not awake:
        return []
    await asyncio.gather(*(scale(kubernetes, path, 0) for path in awake))
    agents = tuple(each["metadata"]["name"] for each in found.values())
    await until_silent(kubernetes, seconds, tell, agents)
    return sorted(path.rpartition("/")[2] for path in awake)


async def until_silent(
    kubernetes: Kubernetes, seconds: float, tell: Callable[[str], None], known: tuple[str, ...]
) -> None:
    """Wait until the last pod of the last agent has ended; ClusterError `agents-not-quiet`.

    `known` are the names of the agents' Deployments; what others run beside them is not awaited.
    """
    running: list[str] = []

    async def watch(path: str, agent: Callable[[Body], str], only: tuple[str, ...]) -> None:
        async for found in holdings(kubernetes, path):
            agents = {agent(each) for each in found.values()} - {""}
            running[:] = sorted(agents.intersection(only))
            if not running:
                return
            tell("waiting for " + ", ".join(running[:3]))

    try:
        async with asyncio.timeout(seconds):
            for space, only in (
                (names.AGENT_NAMESPACE, (*known, *BY_NAME)),
                (FLUX_NAMESPACE, tuple(FLUX_AGENTS)),
            ):
                await watch(f"/apis/apps/v1/namespaces/{space}/deployments", _awake, only)
                await watch(f"/api/v1/namespaces/{space}/pods", _ending, only)
    except TimeoutError:
        raise ClusterError(
            f"agents still run after {seconds:.0f} s: {', '.join(running)}",
            code="agents-not-quiet",
            why="something scales them up again, or a node does not end their pods",
            hints="kubectl get deployments,pods -n azure-arc",
        ) from None


def _awake(deployment: Body) -> str:
    """Return its name unless it has scaled all its pods away."""
    status, metadata = deployment.get("status") or {}, deployment["metadata"]
    seen = status.get("observedGeneration", 0) >= metadata.get("generation", 0)
    quiet = replicas(deployment) == 0 and seen and not status.get("replicas")
    return "" if quiet else str(metadata["name"])


def _ending(pod: Body) -> str:
    """Return the Deployment of a pod that has not ended; nothing for pods of anything else."""
    if (pod.get("status") or {}).get("phase") in _ENDED:
        return ""
    owners = pod["metadata"].get("ownerReferences") or ()
    sets = [str(each["name"]) for each in owners if each["kind"] == "ReplicaSet"]
    return sets[0].rpartition("-")[0] if sets else ""
