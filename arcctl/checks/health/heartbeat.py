"""Questions about what Azure hears of the agents (`arc.md` B1, B3)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from arcctl.checks.check import Answer, check, noted, passed, skipped, wrong
from arcctl.model.connected_cluster import status
from arcctl.model.duration import spoken
from arcctl.model.overall import Inside
from arcctl.model.times import read

if TYPE_CHECKING:
    from arcctl.checks.health.sight import HealthSight
    from arcctl.model.connected_cluster import Body

# Agents beat every five minutes; after fifteen of silence the service says Offline.
_LATE = 10 * 60


@check("Azure receives heartbeats from the agents", code="no-heartbeat")
async def ever_heard(sight: HealthSight) -> Answer:
    """T33: Connecting for more than a quarter of an hour."""
    resource = await sight.resource()
    if resource is None:
        return skipped("there is no resource")
    if status(resource) != "Connecting":
        return passed()
    return wrong(
        "no agent has reached Azure since the resource was made",
        f"arcctl check {sight.named} --only identity --only agents --inside",
        f"if no agents are there: arcctl connect {sight.named}",
        why=(
            "the first heartbeat comes 35 to 70 s after the agents start",
            "the cluster's way out to Azure is blocked, or the proxy was not told to the agents",
        ),
    )


@check("Azure receives heartbeats now", code="egress-lost")
async def heard_now(sight: HealthSight) -> Answer:
    """T32: Offline though the pods are well means that the way out is gone."""
    resource = await sight.resource()
    if resource is None or status(resource) != "Offline":
        return passed() if resource else skipped("there is no resource")
    inside = await sight.inside()
    if inside is Inside.READY:
        return wrong(
            "the agents are ready, but Azure has received no heartbeat for 15 minutes or more",
            f"arcctl check {sight.named} --inside",
            "restore the way out before the certificate's 90 days are over",
            why=_last(resource),
        )
    return wrong(
        "Azure has received no heartbeat from the agents for 15 minutes or more",
        f"arcctl show {sight.named} --agents",
        f"arcctl connect {sight.named}",
        why="the agents are not well, or not there",
    )


def _last(resource: Body) -> tuple[str, ...]:
    heard = read(resource["properties"].get("lastConnectivityTime"))
    if heard is None:
        return ()
    return (f"last heartbeat {spoken(max((datetime.now(UTC) - heard).total_seconds(), 0))} ago",)


@check("the last heartbeat is fresh", code="heartbeat-late")
async def fresh(sight: HealthSight) -> Answer:
    """Connected is said for fifteen minutes after the last heartbeat."""
    resource = await sight.resource()
    if resource is None or status(resource) != "Connected":
        return skipped("the resource is not Connected")
    last = read(resource["properties"].get("lastConnectivityTime"))
    if last is None:
        return skipped("Azure shows no time of the last heartbeat")
    age = (datetime.now(UTC) - last).total_seconds()
    if age <= _LATE:
        return passed(f"{spoken(max(age, 0))} ago")
    return noted(
        f"the last heartbeat came {spoken(age)} ago: Azure will soon say Offline",
        f"arcctl check {sight.named} --inside",
    )


@check("the agents applied what was asked", code="AZK8S0506")
async def applied(sight: HealthSight) -> Answer:
    """T60: a failed agent state is a failure, whatever the status says (trap 12)."""
    resource = await sight.resource()
    profile = ((resource or {}).get("properties") or {}).get("arcAgentProfile") or {}
    errors = [f"{e.get('component')}: {e.get('message')}" for e in profile.get("agentErrors") or ()]
    if profile.get("agentState") != "Failed" and not errors:
        return passed(str(profile.get("agentState") or ""))
    return wrong(
        "the agents could not apply what was asked of them",
        f"once the cause is gone: arcctl connect {sight.named}",
        why=tuple(errors),
    )


@check("cluster connect is on", code="cluster-connect-off")
async def cluster_connect(sight: HealthSight) -> Answer:
    """T14: without it `proxy` and every tool that comes through Azure finds no agent."""
    data = await sight.identity_map()
    if data is None:
        return skipped("the cluster's ConfigMap is not there")
    if data.get("CLUSTER_CONNECT_AGENT_ENABLED", "true") == "true":
        return passed()
    return noted(
        "cluster connect is off: nobody reaches this cluster through Azure",
        f"arcctl enable-features {sight.named} --features cluster-connect",
    )


ASKED = (ever_heard, heard_now, fresh, applied, cluster_connect)
