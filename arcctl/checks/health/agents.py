"""Questions about the agents' pods: what keeps them from running (`arc.md` A3, A14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.checks.agents import (
    PULL_REASONS,
    alive,
    all_ready,
    available,
    containers_of,
    has_gateway,
    short_name,
    unplaced,
    waiting_for,
)
from arcctl.checks.check import Answer, check, noted, passed, skipped, wrong
from arcctl.errors import AccessError
from arcctl.model.agents import SPACES, is_agent, replicas, scaling_back

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.checks.health.sight import HealthSight

Body = dict[str, Any]
_MANY_RESTARTS = 3


async def _unwell(sight: HealthSight) -> list[Body]:
    return [pod for pod in await sight.pods() if alive(pod) and not all_ready(pod)]


async def _having(sight: HealthSight, reason: Callable[[Body], str]) -> list[str]:
    """Return `agent: reason` for each pod that is not ready for such a reason."""
    said = [(short_name(pod), reason(pod)) for pod in await _unwell(sight)]
    return [f"{name}: {why}"[:240] for name, why in said if why]


def _of(facts: list[str]) -> str:
    agents = sorted({fact.partition(":")[0] for fact in facts})
    return ", ".join(agents)


@check("every agent is there", code="agent-missing")
async def all_there(sight: HealthSight) -> Answer:
    """T14: a Deployment that belongs to the cluster's features is missing."""
    if not await sight.deployments():
        return skipped("no agents are in this cluster")
    lacking = [
        agent.name for agent in await sight.agents() if agent.reason == "the Deployment is missing"
    ]
    if not lacking:
        return passed(f"{len(await sight.deployments())} agents")
    return wrong(f"somebody removed {', '.join(lacking)}", f"arcctl connect {sight.named}")


@check("the Arc gateway has its agent", code="gateway-agent-missing")
async def gateway_agent(sight: HealthSight) -> Answer:
    """Only Azure knows of the gateway, so this is a question of its own."""
    resource = await sight.resource()
    if resource is None or not await sight.deployments():
        return skipped("there is no resource, or no agent is here")
    names = [each["metadata"]["name"] for each in await sight.deployments()]
    if not has_gateway(resource):
        return passed("no gateway")
    if any(name.startswith("arc-proxy") for name in names):
        return passed()
    return wrong(
        "the resource uses an Arc gateway, and the agent that leads there is missing",
        f"arcctl connect {sight.named}",
    )


@check("no agent is scaled to zero", code="agents-asleep")
async def awake(sight: HealthSight) -> Answer:
    """A move scales agents to zero, and one that a person has closed leaves them so.

    To wake them while a run is unfinished lets them hear that their resource is deleted; `check`
    leaves these remedies out then.
    """
    own = [each for each in await sight.deployments() if is_agent(each) and not replicas(each)]
    try:
        asleep = [*own, *(each for each in await sight.flux_agents() if not replicas(each))]
    except AccessError:
        if not own:
            raise
        asleep = own
    if not asleep:
        return passed()
    heal = f"if you are certain that this is its cluster: arcctl connect {sight.named} --skip-cluster-check"
    return wrong(
        f"these agents are scaled to zero: {', '.join(e['metadata']['name'] for e in asleep)}",
        *scaling_back(asleep),
        # It installs the agents of `azure-arc` only.
        *([heal] if own else []),
    )


@check("images can be pulled", code="AZK8S0513")
async def pulled(sight: HealthSight) -> Answer:
    """T07: the nodes, not this machine, must reach the registry."""

    def reason(pod: Body) -> str:
        said = waiting_for(pod)
        return said if said.startswith(PULL_REASONS) else ""

    facts = await _having(sight, reason)
    if not facts:
        return passed()
    return wrong(
        f"an image cannot be pulled: {_of(facts)}",
        "allow mcr.microsoft.com and *.data.mcr.microsoft.com from the nodes",
        f"where nodes need a proxy: arcctl update {sight.named} --proxy-https URL",
        why=tuple(facts[:3]),
    )


@check("every pod finds a node", code="AZK8S0512")
async def placed(sight: HealthSight) -> Answer:
    """T02: too little cpu or memory, taints, no linux node."""
    facts = await _having(sight, unplaced)
    if not facts:
        return passed()
    return wrong(
        f"no node has room for {_of(facts)}",
        "add a node, free cpu and memory, or remove the taint",
        "kubectl describe nodes",
        why=tuple(facts[:3]),
    )


@check("every pod may be made", code="pods-refused")
async def made(sight: HealthSight) -> Answer:
    """T04, T11: an admission policy, SCC or quota refuses the pod; kube-aad-proxy needs hostPath."""
    short = [each["metadata"]["name"] for each in await sight.deployments() if not available(each)]
    facts = [
        f"{about}: {event.get('message', '')}"[:240]
        for event in await sight.events()
        if event.get("reason") == "FailedCreate"
        and (about := _owner(event, short))
        and event.get("type") == "Warning"
    ]
    if not facts:
        return passed()
    return wrong(
        f"a pod is refused: {_of(facts)}",
        "exempt namespace azure-arc from the policy, or raise its quota",
        "on OpenShift: oc adm policy add-scc-to-user privileged -z azure-arc-kube-aad-proxy-sa -n azure-arc",
        why=tuple(facts[:3]),
    )


def _owner(event: Body, deployments: list[str]) -> str:
    name = str((event.get("involvedObject") or {}).get("name", ""))
    return next((each for each in deployments if name.startswith(f"{each}-")), "")


@check("no agent crashes", code="agent-crashes")
async def no_crash(sight: HealthSight) -> Answer:
    """T03 among them: agents that need the identity crash until it is there."""

    def reason(pod: Body) -> str:
        said = waiting_for(pod)
        return said if said.startswith("CrashLoopBackOff") and not _out_of_memory(pod) else ""

    facts = await _having(sight, reason)
    if not facts:
        return passed()
    agent = facts[0].partition(":")[0]
    return wrong(
        f"an agent crashes again and again: {_of(facts)}",
        f"kubectl logs -n azure-arc deployment/{agent} --all-containers --previous",
        why=tuple(facts[:3]),
    )


@check("no agent runs out of memory", code="agent-memory")
async def enough_memory(sight: HealthSight) -> Answer:
    """The kernel ends a container at its limit; more nodes and objects need more."""
    facts = [
        f"{short_name(pod)}: OOMKilled, {_restarts(pod)} restarts"
        for pod in await sight.pods()
        if alive(pod) and _out_of_memory(pod)
    ]
    if not facts:
        return passed()
    agent = facts[0].partition(":")[0]
    return wrong(
        f"an agent runs out of memory: {_of(facts)}",
        f"until the next upgrade: kubectl set resources -n azure-arc deployment/{agent} --limits=memory=1Gi",
        why=tuple(facts[:3]),
    )


def _out_of_memory(pod: Body) -> bool:
    states = [
        (each.get(when) or {}).get("terminated") or {}
        for each in containers_of(pod)
        for when in ("state", "lastState")
    ]
    return any(state.get("reason") == "OOMKilled" for state in states)


def _restarts(pod: Body) -> int:
    return sum(each.get("restartCount", 0) for each in containers_of(pod))


@check("every agent is ready", code="AZK8S0514")
async def ready(sight: HealthSight) -> Answer:
    """Whatever else may be wrong with it; the questions before this one know the usual causes."""
    if not await sight.deployments():
        return skipped("no agents are in this cluster")
    agents = await sight.agents()
    facts = [
        f"{each.name}: {each.reason or f'{each.ready} of {each.total} containers are ready'}"[:240]
        for each in agents
        if not each.healthy
    ]
    spaces = {each.space for each in agents if not each.healthy}
    if facts:
        return wrong(
            f"{len(facts)} of {len(agents)} agents are not ready: {_of(facts)}",
            *(f"kubectl describe pods -n {space}" for space in SPACES if space in spaces),
            f"arcctl show {sight.named} --agents",
            why=tuple(facts[:8]),
        )
    restless = [each for each in agents if each.restarts >= _MANY_RESTARTS]
    if restless:
        names = ", ".join(f"{each.name} ({each.restarts})" for each in restless)
        return noted(f"ready, after many restarts: {names}")
    return passed(f"{len(agents)} of {len(agents)}")


ASKED = (all_there, gateway_agent, awake, pulled, placed, made, no_crash, enough_memory, ready)
