"""Waiting until no agent of Arc runs any more: one that still ends can still hear.

A Deployment says that it has no pods as soon as they are asked to end, and they may take their
time to do so (`terminationGracePeriodSeconds`). So the pods themselves are watched as well.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arcctl.errors import ClusterError
from arcctl.model import cluster as names
from arcctl.model.agents import BY_NAME, replicas
from arcctl.operations.steps.holdings import holdings

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.connected_cluster import Body

FLUX_NAMESPACE = "flux-system"
# Arc's half of Flux. The other controllers there only know the cluster and their sources.
FLUX_AGENTS = ("fluxconfig-agent", "fluxconfig-controller")
_ENDED = ("Succeeded", "Failed")


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
                (FLUX_NAMESPACE, FLUX_AGENTS),
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
