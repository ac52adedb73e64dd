"""What containers have written: the end of each log, and of the one before a restart."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.checks.agents import containers_of
from arcctl.clients.finishing import stopped
from arcctl.errors import ArcctlError
from arcctl.model import cluster as names
from arcctl.operations.evidence.dossier import Unwritable, safe
from arcctl.operations.evidence.piece import Tray, piece

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.connected_cluster import Body

LINES = 5000
BYTES = 512 * 1024
SLACK = 5  # so that those who call give up on one log before the piece is given up
_AT_ONCE = 12
# The API counts bytes from the front of what it has chosen, and the end is what matters: of a log
# with long lines fewer are asked for.
_FEWER = (LINES, LINES // 2, LINES // 10, LINES // 100)


@dataclass(frozen=True, slots=True)
class Log:
    """One container's log; `previous` is that of the container before the last restart."""

    namespace: str
    pod: str
    container: str
    previous: bool = False

    @property
    def path(self) -> str:
        before = ".previous" if self.previous else ""
        return f"{safe(self.pod)}/{safe(self.container)}{before}.txt"


@piece("agent-logs", "logs", "retrieved_arc_agents_logs", slack=SLACK)
async def agents(tray: Tray) -> str:
    """Every container of every agent."""
    pods = await tray.sight.pods()
    if not pods:
        return tray.absent("no pod of an agent is here")
    return await lay_logs(tray, names.AGENT_NAMESPACE, pods, "arc_agents_logs")


async def lay_logs(tray: Tray, namespace: str, pods: list[Body], folder: str) -> str:
    """Lay down the logs of these pods, side by side; one that hangs holds up no other."""
    kubernetes, gate = await tray.kubernetes(), asyncio.Semaphore(_AT_ONCE)
    wanted = [log for pod in pods for log in _logs_of(namespace, pod)]
    tasks = {
        log: asyncio.ensure_future(_lay(tray, kubernetes, log, folder, gate)) for log in wanted
    }
    try:
        await asyncio.wait(tasks.values(), timeout=tray.case.patience)
    finally:
        ended = await stopped(*tasks.values())
    for log, result in zip(wanted, ended, strict=True):
        if isinstance(result, asyncio.CancelledError):
            tray.lacks(f"{log.path}: no answer in time")
        elif isinstance(result, BaseException):
            raise result
    return f"{len(tray.files)} logs of {len(pods)} pods"


async def _lay(
    tray: Tray, kubernetes: Kubernetes, log: Log, folder: str, gate: asyncio.Semaphore
) -> None:
    try:
        async with gate:
            text, cut = await _read(kubernetes, log)
        tray.text(f"{folder}/{log.path}", text, cut=cut)
    except Unwritable:
        raise
    except ArcctlError as error:
        tray.lacks(f"{log.path}: {error.message}")


async def _read(kubernetes: Kubernetes, log: Log) -> tuple[str, str]:
    text, lines = "", 0
    for lines in _FEWER:
        text = await kubernetes.log(
            log.namespace, log.pod, log.container, tail=lines, limit=BYTES, previous=log.previous
        )
        if len(text.encode()) < BYTES:
            break
    else:
        return text[:BYTES], f"cut: {BYTES:,} bytes of the last {lines:,} lines"
    return text, f"cut: the last {lines:,} lines" if text.count("\n") >= lines else ""


def _logs_of(namespace: str, pod: Body) -> Iterator[Log]:
    name, spec = pod["metadata"]["name"], pod["spec"]
    restarted = {each["name"] for each in containers_of(pod) if _ran_before(each)}
    for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
        yield Log(namespace, name, container["name"])
        if container["name"] in restarted:
            yield Log(namespace, name, container["name"], previous=True)


def _ran_before(status: Body) -> bool:
    return bool((status.get("lastState") or {}).get("terminated"))
