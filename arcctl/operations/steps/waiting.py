"""Waiting for what others do, with the reason when they do not."""

from __future__ import annotations

import asyncio
from itertools import chain, repeat
from typing import TYPE_CHECKING

from arcctl.checks.agents import triage
from arcctl.errors import AzureError, ClusterError
from arcctl.flow.step import Step
from arcctl.model import cluster as names
from arcctl.model.connected_cluster import agent_errors, status
from arcctl.model.duration import spoken
from arcctl.operations.steps.holdings import holdings
from arcctl.operations.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.connected_cluster import Body
    from arcctl.model.resource_id import ClusterId

NAMESPACES = (names.AGENT_NAMESPACE, names.RELEASE_NAMESPACE)


def _pauses() -> Iterator[float]:
    """Quick while the first heartbeat may come any moment, a second ever after."""
    return chain((0.05, 0.1, 0.2, 0.4, 0.8), repeat(1.0))


class UntilConnected(Step[World]):
    """ARM says Connected, which means that an agent of this cluster has spoken to it."""

    name = "until-connected"
    title = "connectivity"
    intent = "wait until Azure receives heartbeats from the agents"
    estimate = 60

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        await world.agents_ready.wait()
        arm = await world.clients.arm()
        for pause in _pauses():
            world.resource = await arm.get(world.cluster.path)
            now = status(world.resource)
            heard = world.resource["properties"].get("lastConnectivityTime")
            if now == "Connected" and (world.heard_before is None or heard != world.heard_before):
                return now
            if now == "Expired":
                raise expired(world.cluster)
            tell(f"{now} · first heartbeat usually 35 to 70 s after the agents start")
            await asyncio.sleep(pause)
        raise AssertionError("the pauses never end")


def expired(which: ClusterId) -> AzureError:
    """Make the error for a cluster that nothing but connecting it anew can help."""
    cluster = which.named
    return AzureError(
        "the cluster's identity certificate has expired, and agents cannot renew an expired one",
        code="AZK8S0309",
        hints=(f"arcctl delete {cluster}", f"arcctl connect {cluster}"),
    )


class UntilAgentState(Step[World]):
    """The service has settled the workload identity features (trap 12: null is no success)."""

    name = "until-agent-state"
    title = "agent state"

    def __init__(self, *, patience: int = 900) -> None:
        self._patience = patience

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        try:
            async with asyncio.timeout(world.at_most(self._patience)):
                await self._poll(world, tell)
        except TimeoutError:
            raise AzureError(
                f"the agents did not settle within {spoken(world.at_most(self._patience))}",
                code="AZK8S0506",
            ) from None
        return _settled(world.resource)

    async def _poll(self, world: World, tell: Callable[[str], None]) -> None:
        arm = await world.clients.arm()
        for pause in _pauses():
            world.resource = await arm.get(world.cluster.path)
            profile = world.resource["properties"].get("arcAgentProfile") or {}
            if (state := profile.get("agentState")) in ("Succeeded", "Failed"):
                return
            tell(str(state or "not reported yet"))
            await asyncio.sleep(pause)


def _settled(resource: Body) -> str:
    profile = resource["properties"]["arcAgentProfile"]
    if profile["agentState"] == "Succeeded":
        return "Succeeded"
    raise AzureError(
        "the agents could not apply what was asked",
        code="AZK8S0506",
        why=agent_errors(resource),
    )


class UntilNamespacesSettled(Step[World]):
    """No namespace of Arc is still dying from an earlier delete (traps 29 and 30)."""

    name = "namespaces-settled"
    title = "namespaces"

    def __init__(self, *, patience: int = 180) -> None:
        self._patience = patience

    async def observe(self, world: World) -> str | None:
        seen = [await world.sight.namespace(name) for name in NAMESPACES]
        return None if any(map(dying, seen)) else ""

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        tell("waiting for what an earlier delete left behind")
        patience = world.at_most(self._patience)
        await until_gone(await world.clients.kubernetes(), patience, tell, dying_only=True)
        world.sight.forget()
        return "an earlier delete has ended"


def dying(namespace: Body | None) -> bool:
    """Tell whether a namespace is on its way out."""
    return ((namespace or {}).get("status") or {}).get("phase") == "Terminating"


async def until_gone(
    kubernetes: Kubernetes,
    patience: float,
    tell: Callable[[str], None],
    *,
    dying_only: bool = False,
    wanted: Collection[str] = NAMESPACES,
) -> None:
    """Watch until these namespaces are gone; raise ClusterError that names what holds them."""
    left: dict[str, Body] = {}

    async def watch() -> None:
        async for spaces in holdings(kubernetes, "/api/v1/namespaces"):
            left.clear()
            left.update({name: each for name, each in spaces.items() if name in wanted})
            if not [each for each in left.values() if dying(each) or not dying_only]:
                return
            tell(holding(left))

    try:
        async with asyncio.timeout(patience):
            await watch()
    except TimeoutError:
        raise still_there("namespaces", sorted(left), patience, holding(left)) from None


def still_there(what: str, names: Iterable[str], patience: float, why: str) -> ClusterError:
    """Return the error of what will not go; `why` says what holds it."""
    return ClusterError(
        f"{what} still there after {spoken(patience)}: {', '.join(names)}",
        code="AZK8S0205",
        why=why,
        hints="to strip the finalizers, and delete what others keep in the namespaces: --force",
    )


def holding(namespaces: dict[str, Body]) -> str:
    """Say what the API server says keeps these namespaces from ending."""
    reasons = [
        f"{name}: {condition['message']}"
        for name, each in sorted(namespaces.items())
        for condition in (each.get("status") or {}).get("conditions") or []
        if condition.get("status") == "True" and condition["type"].endswith("Remaining")
    ]
    return " · ".join(reasons) or "waiting for " + ", ".join(sorted(namespaces))


async def overdue(world: World, patience: float) -> ClusterError:
    """Explain a connect that did not end in time: which pod, which event, which class."""
    evidence: tuple[str, ...]
    if world.agents_ready.is_set():
        found_code, cause, evidence = (
            "no-heartbeat",
            "all agents are ready, but none has reached Azure",
            (
                "the cluster's way out to Azure is blocked, or the resource's key is not the cluster's",
            ),
        )
    else:
        found = await triage(world.sight)
        found_code, cause, evidence = found.code, found.cause, found.evidence
    cluster = world.cluster.named
    return ClusterError(
        f"not connected after {spoken(patience)}: {cause}",
        code=found_code,
        why=(*evidence, "nothing was lost: the same command goes on from here"),
        hints=(f"arcctl check {cluster}", f"arcctl connect {cluster}"),
    )
