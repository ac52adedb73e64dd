"""A Job that arcctl runs in the cluster, followed until one of its pods has run to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.errors import ClusterError, HelmError
from arcctl.model.diagnosis import way_out
from arcctl.model.duration import spoken
from arcctl.operations.steps.holdings import holdings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.connected_cluster import Body

_OFTEN = {3: "three", 5: "five"}


@dataclass(frozen=True, slots=True)
class Job:
    """Where it is, how people call it, and after how many attempts it has failed."""

    namespace: str
    name: str
    title: str
    attempts: int

    @property
    def selector(self) -> str:
        """What chooses its pods."""
        return f"job-name={self.name}"


async def finished_pod(kubernetes: Kubernetes, job: Job) -> str:
    """Return the name of the pod that ran to its end; the Job itself says so a second later.

    Raise AZK8S0601 where its attempts are spent; whoever waits says for how long.
    """
    path = f"/api/v1/namespaces/{job.namespace}/pods"
    async for pods in holdings(kubernetes, path, labelSelector=job.selector):
        phases = {name: (pod.get("status") or {}).get("phase") for name, pod in pods.items()}
        for name, phase in phases.items():
            if phase == "Succeeded":
                return name
        if _failures(pods.values()) >= job.attempts:
            raise HelmError(
                f"{job.title} failed {_OFTEN[job.attempts]} times",
                code="AZK8S0601",
                hints=f"kubectl logs -n {job.namespace} job/{job.name}",
            )
    raise AssertionError("a watch has no end")


def _failures(pods: Iterable[Body]) -> int:
    """Count attempts, whether each has its pod or one pod is started again and again."""
    states = [pod.get("status") or {} for pod in pods]
    restarts: list[int] = [
        each.get("restartCount", 0)
        for state in states
        for each in state.get("containerStatuses") or []
    ]
    failed = [state for state in states if state.get("phase") == "Failed"]
    return sum(restarts) + len(failed)


async def unfinished(
    kubernetes: Kubernetes, job: Job, patience: float, *hints: str
) -> ClusterError:
    """Build the error for a Job that took too long: AZK8S0604 where events say why, or AZK8S0605."""
    events = [
        event
        async for event in kubernetes.items(f"/api/v1/namespaces/{job.namespace}/events")
        if event.get("type") == "Warning"
    ]
    told = tuple(f"{event.get('reason')}: {event.get('message')}" for event in events)
    return ClusterError(
        f"{job.title} did not finish within {spoken(patience)}",
        code="AZK8S0604" if events else "AZK8S0605",
        why=told[-3:],
        hints=(way_out(told, job.namespace), *hints),
    )
