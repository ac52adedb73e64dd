"""What the diagnoser's Job has left to read: its log in parts, or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.checks.agents import EVENTS, PODS
from arcctl.model import cluster as names
from arcctl.operations.evidence.agents import lay_events
from arcctl.operations.evidence.diagnoser_job import CONTAINER, JOB
from arcctl.operations.evidence.logs import BYTES

if TYPE_CHECKING:
    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.connected_cluster import Body
    from arcctl.operations.evidence.piece import Tray

_DNS, _OUTBOUND = "DNS Result:", "Outbound Network Connectivity"
_RESULT = "outbound_network_connectivity_check"


async def lay_failure(tray: Tray, kubernetes: Kubernetes) -> None:
    """Keep what tells why the Job did not end well; how it ended is the verdict either way."""
    events = await tray.tried("its events", _events(kubernetes), [])
    if events:
        lay_events(tray, events, "diagnoser_failure_events.txt")
    for name in await tray.tried("its pods", _pods(kubernetes), []):
        log = kubernetes.log(names.AGENT_NAMESPACE, name, CONTAINER, limit=BYTES)
        if written := await tray.tried(name, log, ""):
            tray.text("diagnoser_output.txt", written)


async def _events(kubernetes: Kubernetes) -> list[Body]:
    return [
        each
        async for each in kubernetes.items(EVENTS)
        if str((each.get("involvedObject") or {}).get("name", "")).startswith(JOB.name)
    ]


async def _pods(kubernetes: Kubernetes) -> list[str]:
    found = kubernetes.items(PODS, labelSelector=JOB.selector)
    return [each["metadata"]["name"] async for each in found]


def lay_results(tray: Tray, log: str) -> None:
    """Keep the whole log, and its parts under the names that support looks for."""
    tray.text("diagnoser_output.txt", log)
    names_part: list[str] = []
    tries: list[str] = []
    found = False
    for line in log.splitlines():
        if line.strip().startswith(_OUTBOUND):
            found, tries = False, [*tries, line]
        found = found or _DNS in line
        names_part += [line] if found else []
    if names_part:
        tray.lines("dns_check.txt", names_part)
    if tries:
        tray.lines(f"{_RESULT}.txt", tries)
    if len(tries) > 1:
        tray.lines(f"{_RESULT}_for_cluster_connect.txt", tries[:1])
        tray.lines(f"{_RESULT}_for_onboarding.txt", tries[-1:])
