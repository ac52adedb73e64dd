"""Whether agents of Arc run in this cluster, since when, and when the last of them ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from arcctl.errors import AccessError, ArcctlError
from arcctl.model.agents import BY_NAME, replicas
from arcctl.model.ownership import Agents, Heard
from arcctl.model.times import read
from arcctl.operations.keeping import lookup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.checks.sight import Sight
    from arcctl.model.connected_cluster import Body

# A pod has 30 seconds to end after the controller has counted it out; clocks differ a little.
_MARGIN = timedelta(seconds=60)
_AGENTS = tuple(f"{name}-" for name in BY_NAME)


@dataclass(frozen=True, slots=True)
class Presence:
    """`started` is when the oldest container of the running agents began, `ended` is a time by
    which the last agent pod had ended; each is None where it is not known.
    """

    agents: Agents
    started: datetime | None = None
    ended: datetime | None = None

    def compared(self, heard: datetime | None) -> Heard:
        """Say how a heartbeat at this moment stands to the agents here."""
        if heard is None:
            return Heard.UNKNOWN
        if self.agents is Agents.RUNNING and self.started:
            return Heard.SINCE if heard >= self.started else Heard.BEFORE
        if self.agents in (Agents.DOWN, Agents.PAUSED) and self.ended:
            return Heard.ELSEWHERE if heard > self.ended + _MARGIN else Heard.BEFORE
        return Heard.UNKNOWN


async def look(sight: Sight) -> Presence:
    """Look at the agents' Deployments and pods; what may not be read is said."""
    try:
        deployments, pods = await asyncio.gather(sight.deployments(), sight.pods())
        agents = [each for each in deployments if each["metadata"]["name"] in BY_NAME]
        if not _of_agents(pods) and any(map(_counts, agents)):
            # One list that lacks what the controllers count proves nothing.
            pods = await sight.pods_again()
    except AccessError as error:
        if error.code != "kube-forbidden":
            raise
        return Presence(Agents.UNREADABLE)
    pods = _of_agents(pods)
    if running := [each for each in pods if _ready(each)]:
        return Presence(Agents.RUNNING, started=min(_starts(running), default=None))
    if not agents and not pods:
        return Presence(Agents.ABSENT)
    state = Agents.DOWN
    if not any(map(replicas, agents)) and await _paused_by_a_run(sight):
        state = Agents.PAUSED
    return Presence(state, ended=_end(agents, pods))


def _of_agents(pods: list[Body]) -> list[Body]:
    return [each for each in pods if each["metadata"]["name"].startswith(_AGENTS)]


def _counts(deployment: Body) -> int:
    return int((deployment.get("status") or {}).get("readyReplicas") or 0)


async def _paused_by_a_run(sight: Sight) -> bool:
    try:
        kubernetes = await sight.clients.kubernetes()
        return await lookup.is_under_way(kubernetes, await sight.identity(), sight.cluster)
    except ArcctlError:
        return False


def _ready(pod: Body) -> bool:
    if pod["metadata"].get("deletionTimestamp"):
        return False
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _starts(pods: list[Body]) -> Iterator[datetime]:
    for pod in pods:
        for state in _states(pod, "state", "running"):
            if moment := read(state.get("startedAt")):
                yield moment


def _states(pod: Body, when: str, kind: str) -> Iterator[Body]:
    for each in (pod.get("status") or {}).get("containerStatuses") or []:
        if found := (each.get(when) or {}).get(kind):
            yield found


def _end(agents: list[Body], pods: list[Body]) -> datetime | None:
    """Return a time by which the last agent pod had ended; None where one may still be running."""
    left = [each for each in pods if not each["metadata"].get("deletionTimestamp")]
    if any(True for pod in left for _ in _states(pod, "state", "running")):
        return None
    times = [each["metadata"].get("deletionTimestamp") for each in pods]
    for pod in left:
        for when in ("state", "lastState"):
            times += [each.get("finishedAt") for each in _states(pod, when, "terminated")]
    times += [at for each in agents for at in _counted(each)]
    return max(filter(None, map(read, times)), default=None)


def _counted(deployment: Body) -> Iterator[str | None]:
    """When the controller last wrote its count of pods; the API server notes that itself."""
    for each in deployment["metadata"].get("managedFields") or []:
        if each.get("subresource") == "status":
            yield each.get("time")
