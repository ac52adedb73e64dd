"""Questions about the Azure side: sign-in, providers, region, permission, the region's services."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from arcctl.checks.check import Answer, Check, check, failed, noted, passed, skipped
from arcctl.errors import AccessError, AzureError, NotFound, Refusal, UsageError
from arcctl.model.connected_cluster import never_connected
from arcctl.model.region import canonical, nearest

if TYPE_CHECKING:
    from arcctl.checks.sight import Sight
    from arcctl.model.connected_cluster import Body
    from arcctl.model.resource_id import ClusterId

KUBERNETES = "Microsoft.Kubernetes"
CONFIGURATION = "Microsoft.KubernetesConfiguration"
HYBRID_COMPUTE = "Microsoft.HybridCompute"
EXTENDED_LOCATION = "Microsoft.ExtendedLocation"
_WRITE_GROUP = "Microsoft.Resources/subscriptions/resourceGroups/write"
_WRITE = "Microsoft.Kubernetes/connectedClusters/write"


def registered(namespace: str, *, needed: bool = True) -> Check:
    """Ask whether a provider is registered; Registering is good enough (trap 23)."""

    @check(f"{namespace} is registered", code="AZK8S0408")
    async def ask(sight: Sight) -> Answer:
        provider = await sight.provider(namespace)
        if provider.state in ("Registered", "Registering"):
            return passed(provider.state)
        remedy = f"az provider register --namespace {namespace}"
        if not needed:
            return noted(f"{namespace} is {provider.state}: extensions and Flux need it", remedy)
        return failed(
            AzureError(
                f"the resource provider {namespace} is not registered in this subscription",
                code="AZK8S0408",
                why=f"its state is {provider.state}; registering it takes up to 10 minutes",
                hints=("add --register-providers", remedy),
            )
        )

    return ask


@check("the region offers connected clusters", code="AZK8S0104")
async def region_offered(sight: Sight) -> Answer:
    """The provider's own list decides; nothing is hard-coded."""
    region = await sight.region()
    offered = (await sight.provider(KUBERNETES)).regions("connectedClusters")
    if not offered or region in offered:
        return passed(region)
    close = nearest(region, offered)
    return failed(
        UsageError(
            f"connected clusters are not offered in {region}",
            code="AZK8S0104",
            why=(
                *((f"did you mean {' or '.join(close)}?",) if close else ()),
                "offered in " + ", ".join(sorted(offered)),
            ),
            hints="choose one with -l REGION",
        )
    )


@check("the resource is in the region that was asked for", code="location-is-fixed")
async def region_stays(sight: Sight) -> Answer:
    """Of all that `connect` can ask for, the region alone can never change, whatever its state."""
    if not sight.asked_region:
        return passed("no region was asked for")
    resource = await sight.resource()
    if resource is None:
        return passed("there is no resource yet")
    home = canonical(resource["location"])
    if home == sight.asked_region:
        return passed(home)
    return failed(_elsewhere(sight.cluster, resource, sight.asked_region))


def _elsewhere(cluster: ClusterId, resource: Body, asked: str) -> Refusal:
    home = canonical(resource["location"])
    connect, to = f"arcctl connect {cluster.named}", f"--target-region {asked}"
    there = f"arcctl move {cluster.named} {to}"
    if never_connected(resource):
        # Nothing could be moved: no agent has ever connected.
        there = f"arcctl delete {cluster.named} --azure-only && {connect} -l {asked}"
    return Refusal(
        f"{cluster.name} is in {home}, not in {asked}",
        code="location-is-fixed",
        why="the region of a connected cluster can never be changed in place",
        hints=(f"the region that it is in: -l {home}", there),
    )


@check("may create connected clusters", code="AuthorizationFailed")
async def may_register(sight: Sight) -> Answer:
    """The effective actions at the group; who may not read them is judged by the PUT itself."""
    cluster, wanted, scope = sight.cluster, [_WRITE], sight.cluster.group_path
    if not await sight.group():
        wanted, scope = [_WRITE_GROUP, _WRITE], f"/subscriptions/{cluster.subscription}"
    arm = await sight.clients.arm()
    listing = arm.items(f"{scope}/providers/Microsoft.Authorization/permissions")
    try:
        granted = [each async for each in listing]
    except (AccessError, NotFound) as error:
        return skipped(f"permissions cannot be read: {error.message}")
    lacking = [action for action in wanted if not any(allows(each, action) for each in granted)]
    return failed(_not_allowed(lacking[0], cluster.group)) if lacking else passed()


def _not_allowed(action: str, group: str) -> AccessError:
    if action == _WRITE_GROUP:
        return AccessError(
            f"resource group {group} does not exist, and you may not create it",
            code="AuthorizationFailed",
            why=f"the action {action} is not among your permissions in the subscription",
            hints=(
                f"have it made: az group create -n {group} -l REGION",
                "or name one that is there: -g GROUP",
            ),
        )
    return AccessError(
        f"you may not create connected clusters in group {group}",
        code="AuthorizationFailed",
        why=f"the action {action} is not among your permissions there",
        hints='ask for the role "Kubernetes Cluster - Azure Arc Onboarding"',
    )


def allows(permission: dict[str, Any], action: str) -> bool:
    """Tell whether one entry of a role, as ARM lists it, permits an action."""

    def matches(patterns: list[str] | None) -> bool:
        return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns or [])

    return matches(permission.get("actions")) and not matches(permission.get("notActions"))


@check("the region's configuration service answers", code="AZK8S0300", reaching=True)
async def data_plane(sight: Sight) -> Answer:
    """What serves chart and values; a blocked one is better found now (`connectedk8s.md` B.1.26)."""
    region = await sight.region()
    await (await sight.clients.data_plane()).healthy(region)
    return passed(region)


def private_link_scope(scope: str) -> Check:
    """Ask whether the scope lies in the cluster's region (`arm.md` 2.4)."""

    @check("the private link scope lies in the region", code="AZK8S0105")
    async def ask(sight: Sight) -> Answer:
        found = await (await sight.clients.arm()).get(scope)
        region = await sight.region()
        if canonical(found.get("location", "")) == region:
            return passed(region)
        return failed(
            Refusal(
                f"the private link scope lies in {found.get('location')}, the cluster in {region}",
                code="AZK8S0105",
                hints="use a scope of the same region: --private-link-scope-resource-id ID",
            )
        )

    return ask
