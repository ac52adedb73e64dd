"""How the agents in the cluster are, and what keeps them from being well.

Readiness is that of the Deployments; the reason comes from pods and events (`arc.md` A3, A14;
the four classes and their codes from `connectedk8s.md` B.13, time-out triage).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.errors import AccessError
from arcctl.model import cluster as names
from arcctl.model.agents import (
    BY_NAME,
    FLUX_AGENTS,
    FLUX_NAMESPACE,
    AgentState,
    expected,
    is_agent,
    replicas,
)

if TYPE_CHECKING:
    from arcctl.checks.sight import Sight

Body = dict[str, Any]
_SPACE = f"namespaces/{names.AGENT_NAMESPACE}"
DEPLOYMENTS = f"/apis/apps/v1/{_SPACE}/deployments"
PODS = f"/api/v1/{_SPACE}/pods"
EVENTS = f"/api/v1/{_SPACE}/events"
FLUX_DEPLOYMENTS = f"/apis/apps/v1/namespaces/{FLUX_NAMESPACE}/deployments"
_FLUX_PODS = f"/api/v1/namespaces/{FLUX_NAMESPACE}/pods"

PULL_REASONS = ("ImagePullBackOff", "ErrImagePull", "InvalidImageName")
_PULL_EVENTS = ("Failed", "BackOff", "FailedPull")
_PLACE_EVENTS = ("FailedScheduling", "NotTriggerScaleUp")


def available(deployment: Body) -> bool:
    """Tell whether the newest version of a Deployment has all its pods available."""
    status = deployment.get("status") or {}
    wanted = replicas(deployment)
    current = status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
    updated = status.get("updatedReplicas", 0) >= wanted
    return bool(current and updated and status.get("availableReplicas", 0) >= wanted)


async def agents(sight: Sight, *, gateway: bool | None = None) -> list[AgentState]:
    """Return the state of each agent that is there or should be, in the catalogue's order.

    Arc's half of Flux is among them where it is installed, and may be read.
    Whether the gateway's agent should be is Azure's to say; it is not asked where `gateway` is given.
    """
    import asyncio

    deployments, pods, feature_flags, flux = await asyncio.gather(
        _list(sight, DEPLOYMENTS), _list(sight, PODS), _features(sight, gateway), _flux(sight)
    )
    found = {each["metadata"]["name"]: each for each in deployments}
    wanted = [agent.name for agent in expected(**feature_flags)]
    catalogue = [name for name in BY_NAME if name in found or name in wanted]
    others = sorted(set(found) - set(BY_NAME))
    return [*(_state(name, found.get(name), pods) for name in (*catalogue, *others)), *flux]


async def _flux(sight: Sight) -> list[AgentState]:
    try:
        found = {
            each["metadata"]["name"]: each
            for each in await _list(sight, FLUX_DEPLOYMENTS)
            if is_agent(each)
        }
        pods = await _list(sight, _FLUX_PODS) if found else []
    except AccessError as error:
        if error.code != "kube-forbidden":
            raise
        return []
    return [_state(name, found[name], pods) for name in FLUX_AGENTS if name in found]


async def _list(sight: Sight, path: str) -> list[Body]:
    kubernetes = await sight.clients.kubernetes()
    return [item async for item in kubernetes.items(path)]


async def _features(sight: Sight, gateway: bool | None) -> dict[str, bool]:
    """Which optional agents belong here; the cluster's own ConfigMap says it, if it is there."""
    kubernetes = await sight.clients.kubernetes()
    found = await kubernetes.find(f"/api/v1/{_SPACE}/configmaps/{names.IDENTITY_MAP}")
    data = (found or {}).get("data") or {}
    if gateway is None:
        gateway = has_gateway(await sight.resource())
    return {
        "cluster_connect": data.get("CLUSTER_CONNECT_AGENT_ENABLED", "true") == "true",
        "azure_rbac": data.get("GUARD_ENABLED") == "true",
        "gateway": gateway,
    }


def has_gateway(resource: Body | None) -> bool:
    """Tell whether a resource is linked to an Arc gateway."""
    gateway = ((resource or {}).get("properties") or {}).get("gateway") or {}
    return bool(gateway.get("enabled"))


def _state(name: str, deployment: Body | None, pods: list[Body]) -> AgentState:
    agent = BY_NAME.get(name) or FLUX_AGENTS.get(name)
    job = agent.job if agent else "an agent that arcctl does not know yet"
    optional = bool(agent and agent.feature != "always")
    if deployment is None:
        return AgentState(name, job, optional, 0, 0, reason="the Deployment is missing")
    own = [pod for pod in pods if pod["metadata"]["name"].startswith(f"{name}-") and alive(pod)]
    containers = [each for pod in own for each in containers_of(pod)]
    total = sum(len(pod["spec"]["containers"]) for pod in own)
    reason = "" if available(deployment) else trouble(own)
    if not replicas(deployment):
        reason = "scaled to zero"
    return AgentState(
        name,
        job,
        optional,
        ready=sum(1 for each in containers if each.get("ready")),
        total=total,
        restarts=sum(each.get("restartCount", 0) for each in containers),
        reason=reason,
    )


def alive(pod: Body) -> bool:
    """Completed and evicted pods are leftovers, not agents (`arc.md` A3)."""
    return (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def containers_of(pod: Body) -> list[Body]:
    """Return what the kubelet says of each container; empty before the pod is placed."""
    return (pod.get("status") or {}).get("containerStatuses") or []


def trouble(pods: list[Body]) -> str:
    """Say in a few words why these pods are not ready."""
    if not pods:
        return "no pod has been made; the ReplicaSet's events say why"
    for pod in pods:
        if reason := waiting_for(pod) or unplaced(pod):
            return reason
    return "not ready yet"


def waiting_for(pod: Body) -> str:
    """Return `Reason: message` of the first container that waits, "" where none does."""
    for container in containers_of(pod):
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason"):
            return ": ".join(filter(None, (waiting["reason"], waiting.get("message"))))
    return ""


def unplaced(pod: Body) -> str:
    """Return why no node was found for a pod, "" where one was."""
    for condition in (pod.get("status") or {}).get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return f"{condition.get('reason', 'Unschedulable')}: {condition.get('message', '')}"
    return ""


@dataclass(frozen=True, slots=True)
class Triage:
    """Why the agents did not become ready: the peer's class and code, and up to eight facts."""

    code: str
    cause: str
    evidence: tuple[str, ...]


async def triage(sight: Sight) -> Triage:
    """Look at pods, events and secrets, and name the most likely cause (B.13's priority order)."""
    import asyncio

    pods, events = await asyncio.gather(_list(sight, PODS), _list(sight, EVENTS))
    kubernetes = await sight.clients.kubernetes()
    identity = await kubernetes.find(f"/api/v1/{_SPACE}/secrets/{names.IDENTITY_CERTIFICATE}")
    unwell = [pod for pod in pods if alive(pod) and not all_ready(pod)]
    warnings = [each for each in events if _still_true(each, unwell)]
    evidence = tuple(dict.fromkeys((*_pod_facts(unwell), *_event_facts(warnings))))[:8]
    if _pulls(unwell, warnings):
        return Triage("AZK8S0513", "an image cannot be pulled", evidence)
    if _unplaceable(unwell, warnings):
        return Triage("AZK8S0512", "a pod finds no node to run on", evidence)
    if identity is None or any(map(_lacks_secret, warnings)):
        cause = "the cluster has not got its identity certificate from Azure"
        return Triage("AZK8S0309", cause, evidence)
    return Triage("AZK8S0514", "the agents did not become ready in time", evidence)


def _still_true(event: Body, unwell: list[Body]) -> bool:
    """Leave out warnings about pods that have recovered, and about mounts that came late."""
    about = event.get("involvedObject") or {}
    if event.get("type") != "Warning" or about.get("kind") != "Pod":
        return event.get("type") == "Warning"
    pod = next((each for each in unwell if each["metadata"]["name"] == about.get("name")), None)
    return pod is not None and (event.get("reason") != "FailedMount" or not started(pod))


def started(pod: Body) -> bool:
    """Tell whether any container has ever run; until then every volume is waited for."""
    return any(
        each.get("restartCount") or not (each.get("state") or {}).get("waiting")
        for each in containers_of(pod)
    )


def all_ready(pod: Body) -> bool:
    """Tell whether there are containers, and all are ready."""
    containers = containers_of(pod)
    return bool(containers) and all(each.get("ready") for each in containers)


def _pulls(pods: list[Body], warnings: list[Body]) -> bool:
    in_pods = any(waiting_for(pod).startswith(PULL_REASONS) for pod in pods)
    return in_pods or any(
        event.get("reason") in _PULL_EVENTS and "image" in event.get("message", "").lower()
        for event in warnings
    )


def _unplaceable(pods: list[Body], warnings: list[Body]) -> bool:
    pending = any(
        (pod.get("status") or {}).get("phase") == "Pending" and not containers_of(pod)
        for pod in pods
    )
    return pending or any(event.get("reason") in _PLACE_EVENTS for event in warnings)


def _lacks_secret(event: Body) -> bool:
    """A pod waits for the Secret that only an agent with its certificate makes."""
    return event.get("reason") == "FailedMount" and "secret" in event.get("message", "").lower()


def _pod_facts(pods: list[Body]) -> list[str]:
    return [f"{short_name(pod)}: {trouble([pod])}"[:240] for pod in pods]


def short_name(pod: Body) -> str:
    """Name the agent and not the pod, whose suffix helps nobody."""
    name: str = pod["metadata"]["name"]
    return next((known for known in BY_NAME if name.startswith(f"{known}-")), name)


def _event_facts(events: list[Body]) -> list[str]:
    newest = sorted(
        events,
        key=lambda event: (
            event.get("lastTimestamp")
            or event.get("eventTime")
            or event["metadata"].get("creationTimestamp")
            or ""
        ),
        reverse=True,
    )
    return [f"{each.get('reason')}: {each.get('message', '')}"[:240] for each in newest[:5]]
