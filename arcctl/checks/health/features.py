"""Questions about cluster connect's relay and custom locations (`arc.md` A14, T13, T15, T38)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.checks.azure import EXTENDED_LOCATION
from arcctl.checks.check import Answer, check, passed, skipped, wrong
from arcctl.checks.health.sayings import relay_obstacle_in
from arcctl.clients.graph import CUSTOM_LOCATIONS_APP
from arcctl.model.agent_features import CLUSTER_CONNECT, CUSTOM_LOCATIONS

if TYPE_CHECKING:
    from arcctl.checks.health.sight import HealthSight

_AGENT = "clusterconnect-agent"
_TELL = f"as a user who may read Graph: az ad sp show --id {CUSTOM_LOCATIONS_APP} --query id -o tsv"


@check("cluster connect reaches its relay", code="relay-obstacle")
async def relayed(sight: HealthSight) -> Answer:
    """T15: the newest line of the agent's log that names the relay tells whether it got there."""
    if _AGENT not in [each["metadata"]["name"] for each in await sight.deployments()]:
        return passed("cluster connect is off")
    found = relay_obstacle_in(await sight.log_of(_AGENT))
    if found is None:
        return passed()
    cause, remedy, line = found
    return wrong(
        f"{_AGENT} cannot open its websocket to the relay: {cause}",
        remedy,
        f"arcctl check {sight.named} --inside",
        why=f"{_AGENT}: {line}",
    )


@check("custom locations can work", code="custom-locations-off")
async def custom_locations(sight: HealthSight) -> Answer:
    """T38, T13: they need the feature, cluster connect, and the object id of their app."""
    if await sight.installed() is None:
        return skipped("no agents are in this cluster")
    on, standing = await sight.features(), await sight.custom_locations()
    if CUSTOM_LOCATIONS not in on:
        return await _off(sight, [str(each.get("name")) for each in standing])
    if CLUSTER_CONNECT not in on:
        return wrong(
            "custom locations are on, and cluster connect, which they work through, is off",
            f"arcctl enable-features {sight.named} --features cluster-connect",
        )
    if not await sight.custom_locations_oid():
        return wrong(
            "custom locations are on without the object id of their app, so nothing may be made",
            *await _enabling(sight),
            why="a service principal that may not read Graph has enabled them",
        )
    return await _judged(sight)


async def _off(sight: HealthSight, standing: list[str]) -> Answer:
    if not standing:
        return passed("no custom location")
    return wrong(
        f"custom locations stand on this cluster, and the feature is off: {', '.join(standing)}",
        *await _enabling(sight),
        why="Microsoft.ExtendedLocation may not make anything in the cluster until it is on",
    )


async def _judged(sight: HealthSight) -> Answer:
    """The feature is on and has an id: is it this directory's, and is the provider there?"""
    known, given = await sight.custom_locations_app(), await sight.custom_locations_oid()
    if known and known != given:
        return wrong(
            f"custom locations were enabled with object id {given}; their app has {known} here",
            f"arcctl enable-features {sight.named} --features custom-locations",
        )
    state = (await sight.provider(EXTENDED_LOCATION)).state
    if state not in ("Registered", "Registering"):
        return wrong(
            f"{EXTENDED_LOCATION} is {state}, and custom locations need it",
            f"az provider register --namespace {EXTENDED_LOCATION}",
        )
    return passed("" if known else "Graph may not be asked, so their object id was not compared")


async def _enabling(sight: HealthSight) -> tuple[str, ...]:
    """The command that enables them; whoever may not read Graph needs the id from somebody else."""
    command = f"arcctl enable-features {sight.named} --features custom-locations"
    if await sight.custom_locations_app():
        return (command,)
    return (f"{command} --custom-locations-oid ID", _TELL)


ASKED = (relayed, custom_locations)
