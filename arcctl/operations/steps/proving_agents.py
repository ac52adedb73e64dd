"""The part of the proof that reads the cluster: Azure says Connected long after the last agent has gone.

What must be as the move left it is the release and its revision, the ConfigMap that says whose the
agents are, and how many replicas each agent has. What extensions put beside them does not count.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError
from arcctl.model import cluster as names
from arcctl.model.agents import FLUX_NAMESPACE, is_agent, replicas, scaling
from arcctl.model.onboarding import Onboarding
from arcctl.model.report import Changed
from arcctl.operations.moving.switches import REVISION
from arcctl.operations.ownership import SURE
from arcctl.operations.reconnecting import commands
from arcctl.operations.steps.holding import reveal_key
from arcctl.operations.steps.quiet import asleep, counts
from arcctl.operations.steps.waiting import dying

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arcctl.model.connected_cluster import Body
    from arcctl.model.onboarding import Release
    from arcctl.operations.moving.worlds import Moving

_PAUSES = (0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Agents:
    """What a look at the agents has shown; `not_looked` says why there was none."""

    differences: tuple[str, ...] = ()
    changed: tuple[Changed, ...] = ()
    not_looked: tuple[str, ...] = ()

    @property
    def as_left(self) -> bool:
        """Whether they were seen, and are as the move has left them."""
        return not (self.differences or self.not_looked)


async def remember_revision(world: Moving, *, anew: bool) -> None:
    """Write down which revision of the release this run leaves; `anew` where it has made one."""
    if not anew and _revision(world) is not None:
        return
    world.sight.forget()
    if release := await world.sight.release():
        await world.run.journal.fact(REVISION, release.revision)


async def agents_now(world: Moving) -> Agents:
    """Look at the agents in the cluster; again, where they are not as they were left.

    A cluster that cannot be read is no proof of anything: it is named, and left to be looked at.
    """
    found = Agents()
    for pause in (*_PAUSES, None):
        world.sight.forget()
        try:
            found = await _looked(world)
        except ArcctlError as error:
            found = Agents(not_looked=(f"the agents in the cluster: {error.message}",))
        if pause is None or not (found.differences or found.not_looked):
            break
        await asyncio.sleep(pause)
    if found.not_looked:
        world.leave(
            "the agents could not be looked at, so nobody knows whether they run: "
            f"arcctl show {world.cluster.named} --agents"
        )
    return found


async def _looked(world: Moving) -> Agents:
    found, release = await world.sight.config_map(), await world.sight.release()
    onboarding = Onboarding.from_map((found or {}).get("data") or {})
    space = await world.sight.namespace(names.AGENT_NAMESPACE)
    if space is None or dying(space):
        wrong = [f"namespace {names.AGENT_NAMESPACE} is not there"]
    else:
        wrong = [*_of_map(world, found, onboarding), *await _of_deployments(world)]
    wrong += _of_release(world, release, onboarding)
    flux = await _flux(world)
    if not wrong:
        return Agents(tuple(flux), tuple(_upgraded(world, release)))
    told = f"the agents are not as this move left them: {'; '.join(wrong)}: {await _again(world)}"
    return Agents((told, *flux))


async def _again(world: Moving) -> str:
    """Return the command that brings the agents back; of what it needs, the run holds the key."""
    there = await world.sight.deployments()
    sure = "" if any(map(replicas, filter(is_agent, there))) else f" {SURE}"
    if await world.sight.readable_key() == world.key:
        return f"arcctl connect {world.cluster.named} -l {world.request.region}{sure}"
    saved = replace(world.bundle, source=world.cluster, region=world.request.region)
    (connect, *_), _ = commands(saved)
    return f"{reveal_key(world)} > key.pem; {connect} --private-key key.pem{sure}"


def _of_release(
    world: Moving, release: Release | None, onboarding: Onboarding | None
) -> Iterator[str]:
    if release is None:
        yield f"helm's release {names.RELEASE} is not there"
    elif release.status != "deployed":
        yield f"helm's release {names.RELEASE} is {release.status}"
    elif _is_another(world, release) and not (onboarding and onboarding.auto_upgrade):
        left = _revision(world)
        yield f"helm's release {names.RELEASE} was revision {left}, is revision {release.revision}"


def _upgraded(world: Moving, release: Release | None) -> Iterator[Changed]:
    """Yield another revision; where it is no difference, agents that upgrade themselves made it."""
    if release and _is_another(world, release):
        subject = "release of the agents"
        yield Changed(subject, f"revision {_revision(world)}", f"revision {release.revision}")


def _is_another(world: Moving, release: Release) -> bool:
    left = _revision(world)
    return left is not None and left != release.revision


def _of_map(world: Moving, found: Body | None, known: Onboarding | None) -> Iterator[str]:
    if found is None:
        yield f"ConfigMap {names.IDENTITY_MAP} is not there"
    elif known is None:
        yield f"ConfigMap {names.IDENTITY_MAP} names no cluster"
    elif known.contradicts(world.cluster, tenant=None):
        other = known.cluster
        yield f"ConfigMap {names.IDENTITY_MAP} names {other.name} (group {other.group})"
    elif known.region != world.request.region:
        yield f"ConfigMap {names.IDENTITY_MAP} names {known.region}"


async def _of_deployments(world: Moving) -> list[str]:
    """Name the agents of the release that are gone or at zero, and were not so by choice before."""
    installed = await world.sight.installed()
    there = {each["metadata"]["name"]: replicas(each) for each in await world.sight.deployments()}
    chosen = _before(world)
    wanted = {
        name
        for name, count in (installed.agents() if installed else {}).items()
        if chosen.get(name, count)
    }
    gone = sorted(wanted - there.keys())
    zero = sorted(name for name in wanted & there.keys() if not there[name])
    found = ((gone, "not there"), (zero, "at zero"))
    return [f"{words}: {', '.join(several)}" for several, words in found if several]


def _before(world: Moving) -> Mapping[str, int]:
    """Return how many replicas each agent had before the move, by its name."""
    return {
        path.rpartition("/")[2]: count
        for path, count in counts(world.run).items()
        if f"/namespaces/{names.AGENT_NAMESPACE}/" in path
    }


async def _flux(world: Moving) -> list[str]:
    """Name Arc's half of Flux where it is at zero; `connect` does not know it."""
    before = counts(world.run)
    still = await asleep(await world.clients.kubernetes(), before)
    return [
        f"{name} of {FLUX_NAMESPACE} is at zero: {scaling(FLUX_NAMESPACE, before[path], [name])}"
        for path in sorted(still)
        for space, _, name in (path.partition("/deployments/"),)
        if space.endswith(f"/{FLUX_NAMESPACE}")
    ]


def _revision(world: Moving) -> int | None:
    found: int | None = world.run.journal.fact_since_the_turn(REVISION)
    return found
