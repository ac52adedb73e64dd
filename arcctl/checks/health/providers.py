"""Questions about the subscription's providers, the region, and the resource itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.checks.azure import CONFIGURATION, KUBERNETES, region_offered, registered
from arcctl.checks.check import Answer, check, failed, noted, passed, skipped, wrong
from arcctl.errors import NotFound
from arcctl.model.connected_cluster import status
from arcctl.model.next_command import adopting

if TYPE_CHECKING:
    from arcctl.checks.health.sight import HealthSight

_BUSY = ("Creating", "Updating", "Accepted", "Provisioning", "Deleting")


@check("the resource is in Azure", code="AZK8S0405")
async def is_there(sight: HealthSight) -> Answer:
    """A 404 where agents run means that somebody deleted it in the portal (`arc.md` B3)."""
    resource = await sight.resource()
    if resource:
        return passed(status(resource))
    cluster = sight.cluster
    return failed(
        NotFound(
            f"no connected cluster {cluster.name} in group {cluster.group}",
            code="AZK8S0405",
            why="it was never connected, was deleted, or has another name, group or subscription",
            hints=(f"arcctl list {cluster.group_named}", f"arcctl connect {sight.named}"),
        )
    )


@check("Azure has finished its work on the resource", code="provisioning-failed")
async def provisioned(sight: HealthSight) -> Answer:
    """T21: what failed stays failed until it is written again."""
    resource = await sight.resource()
    if resource is None:
        return skipped("there is no resource")
    state = str(resource["properties"].get("provisioningState") or "Succeeded")
    if state == "Succeeded":
        return passed()
    if state in _BUSY:
        return noted(f"the resource is {state}", f"in a minute: arcctl show {sight.named}")
    return wrong(
        f"the resource is {state}",
        f"arcctl connect {sight.named}",
        "where that fails too: https://azure.status.microsoft",
    )


@check("agents were installed for the resource", code="agent-not-installed")
async def has_agents(sight: HealthSight) -> Answer:
    """T34: Terraform, Bicep and the portal make the resource alone."""
    resource = await sight.resource()
    if resource is None:
        return skipped("there is no resource")
    if status(resource) != "AgentNotInstalled":
        return passed()
    return wrong(
        "the resource was made without agents",
        *adopting(sight.cluster),
        why="no agent has ever connected",
    )


@check("no other service owns it", code="AZK8S0003")
async def ours(sight: HealthSight) -> Answer:
    """Kinds whose life belongs to the service that made them (`arm.md` 2.3)."""
    resource = await sight.resource()
    kind = (resource or {}).get("kind")
    if not kind:
        return passed()
    return noted(f"it is of kind {kind}: the service that made it looks after it")


@check("agents have told Azure about the cluster", code="metadata-missing")
async def told(sight: HealthSight) -> Answer:
    """T57: normal for ten minutes after connecting, then a broken sync."""
    resource = await sight.resource()
    if resource is None or status(resource) != "Connected":
        return skipped("the resource is not Connected")
    lacking = [
        name
        for name in ("kubernetesVersion", "totalNodeCount", "agentVersion")
        if resource["properties"].get(name) is None
    ]
    if not lacking:
        return passed()
    return noted(
        f"Azure does not know {', '.join(lacking)}: normal for ten minutes after connecting",
        "kubectl logs -n azure-arc deployment/resource-sync-agent --all-containers",
    )


ASKED = (
    registered(KUBERNETES),
    registered(CONFIGURATION, needed=False),
    region_offered,
    is_there,
    provisioned,
    has_agents,
    ours,
    told,
)
