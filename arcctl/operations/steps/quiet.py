"""Quieting the agents, so that nothing in the cluster hears that the resource is deleted.

Agents that hear it would uninstall extensions, and Flux would prune what it has deployed
(`arm.md` 0.16). Flux's own controllers and all workloads keep running.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError, ClusterError, NotFound
from arcctl.flow.step import Step
from arcctl.model.agents import replicas
from arcctl.model.run_shape import MOST_REPLICAS
from arcctl.model.times import read
from arcctl.operations.moving.worlds import Moving, Restoring
from arcctl.operations.steps import workloads
from arcctl.operations.steps.silence import agents_of, scale, until_silent
from arcctl.operations.steps.source import DeleteSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.connected_cluster import Body
    from arcctl.operations.runs import Run

HEARD = "last-heard"
"""The fact that holds a time by Azure's clock: no agent here has sent a heartbeat later.

Before the agents are scaled, and before they are scaled back, it is the time of day; once they are
quiet, it is the source's last heartbeat.
"""

_COUNTS = "replicas"
_PATIENCE = 180
# Whom the API server takes arcctl for, by the program's name.
_CLAIMANT = "arcctl"


class Quiet(Step[Moving]):
    """No agent of Arc runs; how many there were is in the journal."""

    name = "quiet-agents"
    title = "quiet"
    intent = "quiet the agents"
    note = "workloads keep running, unaware of it"
    estimate = 15

    async def do(self, world: Moving, tell: Callable[[str], None]) -> str:
        kubernetes = await world.clients.kubernetes()
        found = await agents_of(kubernetes)
        journal = world.run.journal
        if journal.fact_of(_COUNTS) is None:
            await journal.fact(_COUNTS, _counted(world, found))
        await journal.fact(HEARD, await _azures_time(world))
        awake = [path for path, each in found.items() if replicas(each)]
        await asyncio.gather(*(scale(kubernetes, path, 0) for path in awake))
        agents = tuple(each["metadata"]["name"] for each in found.values())
        await until_silent(kubernetes, min(_PATIENCE, world.request.timeout), tell, agents)
        await workloads.remember(world)
        await journal.fact(HEARD, await _last_heard(world))
        return f"{len(found)} agents scaled to zero; workloads and Flux's controllers run on"

    async def undo(self, world: Moving, tell: Callable[[str], None]) -> str | None:
        try:
            now = await _azures_time(world)
        except ArcctlError:
            # The agents are scaled back whether Azure answers or not.
            now = ""
        await world.run.journal.fact(HEARD, now)
        return await wake(world)


async def _azures_time(world: Moving) -> str:
    """Return the time of day by Azure's clock, or its last heartbeat if that is later; "" for neither."""
    arm = await world.clients.arm()
    path = world.origin.sight.cluster.path
    try:
        now, heard = await asyncio.gather(arm.time(path), _last_heard(world))
    except NotFound:
        # The second look is the one to say that others have deleted it.
        return ""
    times = [each for each in (read(now.isoformat()) if now else None, read(heard)) if each]
    return max(times).isoformat() if times else ""


async def _last_heard(world: Moving) -> str:
    """Return the source's last heartbeat; "" where Azure shows none."""
    found = await (await world.clients.arm()).find(world.origin.sight.cluster.path)
    return str(((found or {}).get("properties") or {}).get("lastConnectivityTime") or "")


def _counted(world: Moving, found: Mapping[str, Body]) -> dict[str, int]:
    """Return how many replicas each agent has, at most as many as a journal may say."""
    for path, each in found.items():
        if replicas(each) > MOST_REPLICAS:
            name = path.rpartition("/")[2]
            world.leave(
                f"{name} had {replicas(each)} replicas, and is scaled back to {MOST_REPLICAS}"
            )
    return {path: min(replicas(each), MOST_REPLICAS) for path, each in found.items()}


class QuietAgain(Quiet):
    """On the way back: the agents of what is left now are quiet, as long as it is there."""

    name = "quiet-target"
    intent = ""

    async def observe(self, world: Moving) -> str | None:
        return await DeleteSource().observe(world) if world.turned else ""


class Wake(Step[Restoring]):
    """Every agent has as many replicas as before, whatever helm has made of it."""

    name = "wake-agents"
    title = "wake"

    async def do(self, world: Restoring, tell: Callable[[str], None]) -> str:
        return await wake(world)


async def wake(world: Restoring) -> str:
    """Give each agent that is still there the replicas it had; return what was done."""
    kubernetes = await world.clients.kubernetes()
    before = counts(world.run)
    found = await agents_of(kubernetes)
    there = [path for path in before if path in found]
    differing = [path for path in there if replicas(found[path]) != before[path]]
    given = await asyncio.gather(
        *(_give_back(kubernetes, path, found[path], before[path]) for path in there),
        return_exceptions=True,
    )
    # Each is tried: one that is refused must not keep the others at zero.
    if trouble := [each for each in given if isinstance(each, BaseException)]:
        raise trouble[0]
    if differing:
        await _must_be_awake(kubernetes, before)
    return f"{len(differing)} agents scaled back" if differing else "as many as before"


async def _must_be_awake(kubernetes: Kubernetes, before: Mapping[str, int]) -> None:
    """Raise ClusterError `agents-not-awake`: an answer of the API server is no proof that it has acted."""
    if still := await asleep(kubernetes, before):
        await asyncio.gather(*(scale(kubernetes, path, before[path]) for path in still))
        still = await asleep(kubernetes, before)
    if not still:
        return
    agents = sorted(path.rpartition("/")[2] for path in still)
    raise ClusterError(
        f"{', '.join(agents)} cannot be scaled back",
        code="agents-not-awake",
        why="the API server has agreed, and they are at zero still",
        hints="kubectl get deployments -n azure-arc",
    )


def counts(run: Run) -> dict[str, int]:
    """Return how many replicas each agent had before the run, by the path of its Deployment."""
    before: dict[str, int] = run.journal.fact_of(_COUNTS) or {}
    return before


async def asleep(kubernetes: Kubernetes, before: Mapping[str, int]) -> list[str]:
    """Return the agents that had replicas and have none, by the paths of their Deployments."""
    found = await agents_of(kubernetes)
    return [path for path, each in found.items() if before.get(path) and not replicas(each)]


async def _give_back(kubernetes: Kubernetes, path: str, agent: Body, count: int) -> None:
    """Scale an agent back, and lay no claim to its count: a helm 4 of others would trip over it."""
    if replicas(agent) != count:
        agent = await scale(kubernetes, path, count)
    claims = agent["metadata"].get("managedFields") or []
    others = [each for each in claims if each.get("manager") != _CLAIMANT]
    if others != claims:
        await kubernetes.patch(path, {"metadata": {"managedFields": others}})
