"""The agents as Kubernetes sees them: events, Deployments, pods and what keeps them from running."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.checks.agents import alive, all_ready, available, containers_of, unplaced, waiting_for
from arcctl.operations.evidence.dossier import safe
from arcctl.operations.evidence.piece import Tray, piece

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcctl.model.connected_cluster import Body

_MOST_EVENTS = 5000


@piece("agent-events", "events", "retrieved_arc_agents_event_logs")
async def events(tray: Tray) -> str:
    """What happened in the agents' namespace lately."""
    return lay_events(tray, await tray.sight.events(), "arc_agent_events.txt")


@piece("agent-deployments", "deployments", "retrieved_deployments_logs")
async def deployments(tray: Tray) -> str:
    """Every Deployment as it is, with what happened to it."""
    found = await tray.sight.deployments()
    if not found:
        return tray.absent("no agent is here")
    return lay_deployments(tray, found, "arc_deployment_logs")


@piece("agent-state", "agent state")
async def state(tray: Tray) -> str:
    """A line for each pod; whatever is not ready whole, with its events."""
    pods = await tray.sight.pods()
    happened = await tray.tried("events", tray.sight.events(), [])
    if not pods:
        return tray.absent("no pod of an agent is here")
    head = f"{'POD':<60} {'READY':<6} {'PHASE':<10} {'RESTARTS':<9} REASON"
    tray.lines("agent_state.txt", [head, *map(_line, pods)])
    unwell = [pod for pod in pods if alive(pod) and not all_ready(pod)]
    for pod in unwell:
        name = pod["metadata"]["name"]
        about = [each for each in happened if _about(each) == name]
        tray.yaml(f"describe_non_ready_arc_agents/{safe(name)}.txt", pod, *map(_event, about))
    return f"{len(pods) - len(unwell)} of {len(pods)} pods are well"


def lay_events(tray: Tray, found: Sequence[Body], path: str) -> str:
    """Lay events down in their order, the newest last."""
    if not found:
        return tray.absent("none are kept; a cluster forgets them after an hour")
    newest = sorted(found, key=_when)[-_MOST_EVENTS:]
    cut = f"cut: the last {len(newest):,} of {len(found):,}" if len(newest) < len(found) else ""
    tray.text(path, "".join(f"{_told(each)}\n" for each in newest), cut=cut)
    return f"{len(newest)} events"


def lay_deployments(tray: Tray, found: Sequence[Body], folder: str) -> str:
    """Lay each Deployment down in a file of its own."""
    for each in found:
        tray.yaml(f"{folder}/{safe(each['metadata']['name'])}.txt", each)
    well = sum(map(available, found))
    return f"{well} of {len(found)} are available"


def _when(event: Body) -> str:
    times = (event.get("lastTimestamp"), event.get("eventTime"))
    return str(next(filter(None, times), event["metadata"].get("creationTimestamp") or ""))


def _about(event: Body) -> str:
    return str((event.get("involvedObject") or {}).get("name", ""))


def _told(event: Body) -> str:
    kind = (event.get("involvedObject") or {}).get("kind", "")
    head = f"{_when(event)}  {event.get('type', ''):<8} {event.get('reason', ''):<20}"
    return f"{head} {kind}/{_about(event)}  x{event.get('count') or 1}  {event.get('message', '')}"


def _event(event: Body) -> Body:
    return {key: event.get(key) for key in ("reason", "type", "message", "count")} | {
        "last": _when(event)
    }


def _line(pod: Body) -> str:
    containers = containers_of(pod)
    ready = (
        f"{sum(bool(each.get('ready')) for each in containers)}/{len(pod['spec']['containers'])}"
    )
    restarts = sum(each.get("restartCount", 0) for each in containers)
    phase = str((pod.get("status") or {}).get("phase", ""))
    reason = waiting_for(pod) or unplaced(pod)
    return f"{pod['metadata']['name']:<60} {ready:<6} {phase:<10} {restarts:<9} {reason}".rstrip()
