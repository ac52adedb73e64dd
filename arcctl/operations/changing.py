"""What the changes of a connected cluster share: what must be so, and how agents are changed."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from arcctl.checks.check import Answer, check, failed, passed, skipped
from arcctl.checks.cluster import direct, may_bind_roles, may_read_releases, reachable
from arcctl.errors import AzureError, ClusterError, NotFound, UsageError
from arcctl.flow.runner import run
from arcctl.flow.step import together
from arcctl.model.ownership import Verdict
from arcctl.operations import ownership, proofs, standing
from arcctl.operations.keeping.alone import alone as holding
from arcctl.operations.steps import looks, release, seeing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from arcctl.checks.check import Check
    from arcctl.checks.sight import Sight
    from arcctl.flow.step import Move
    from arcctl.model.installed import Aim, Installed
    from arcctl.model.resource_id import ClusterId
    from arcctl.operations.request import Charts, ConnectRequest
    from arcctl.operations.world import World

_SELF_HOSTED = ("gke", "eks", "aks")


@check("the resource is there, and arcctl's to change", code="AZK8S0405")
async def manageable(sight: Sight) -> Answer:
    """Kinds that other services own are left to them."""
    resource = await sight.resource_surely()
    if resource is None:
        return failed(missing(sight.cluster))
    standing.refuse_kind(resource)
    return passed(str(resource["location"]))


@check("the kubeconfig leads to this resource's cluster", code="AZK8S0406")
async def leads_there(sight: Sight) -> Answer:
    """By all evidence together (traps 7 to 9)."""
    resource = await sight.resource_surely()
    if not resource:
        return skipped("there is no resource")
    if not await sight.installed():
        return failed(_no_agents(sight.cluster))
    found = await ownership.look(sight, resource)
    heal = f"if its agents are down: arcctl connect {sight.cluster.named} {ownership.SURE}"
    ways = (heal,) if found.verdict is Verdict.ASKS else ()
    error = ownership.refusal(sight, found, *ways)
    return failed(error) if error else passed()


@check("the kubeconfig does not lead to another cluster", code="AZK8S0406")
async def not_elsewhere(sight: Sight) -> Answer:
    """For a change in Azure alone, where a person has named a kubeconfig all the same."""
    resource = await sight.resource_surely()
    if not resource:
        return skipped("there is no resource")
    found = await ownership.look(sight, resource)
    if found.verdict is Verdict.REFUSES:
        return failed(ownership.contradicted(sight.cluster, found))
    return passed()


BEFORE_CHANGE = (reachable, direct, manageable, leads_there, may_bind_roles, may_read_releases)


def looking(world: World, *checks: Check) -> list[Move[World]]:
    """Everything that is cheap to know before agents are changed, side by side."""
    asked = (*BEFORE_CHANGE, *proofs.before_change(world), *checks)
    return [
        looks.Room(),
        # Before all else: while a move is under way the resource may be nowhere.
        looks.NoRunUnderWay(),
        together(looks.SignedIn(), looks.Cluster(), looks.MakeHelmReady()),
        looks.Require(asked),
    ]


async def installed(world: World) -> Installed:
    """Return what is deployed, once `looking` has seen that something is."""
    found = await world.sight.installed()
    assert found
    return found


async def chart_path(world: World, charts: Charts) -> str:
    """Return where the newest chart of the train lies: `registry/path/name:version`."""
    if charts.registry:
        return charts.registry
    service = await world.clients.data_plane()
    try:
        return await service.latest_chart(await world.sight.region(), charts.train)
    except AzureError as error:
        error.hints = error.hints or (f"is there a release train {charts.train}? See RELEASETRAIN",)
        raise


@asynccontextmanager
async def alone(world: World, verb: str) -> AsyncIterator[None]:
    """Hold the cluster's Lease while the block runs, for a change that is no run.

    What was read before is read again: a question may have stood for hours. Raise Refusal
    `agents-changed` where somebody has changed the agents since, AzureError `azure-made-again`
    for another resource, or as `leads_there`.
    """
    if world.alone:
        yield
        return
    was, resource = await installed(world), await world.sight.resource() or {}
    async with holding(world.clients, f"{verb} of {world.cluster.name}"):
        world.sight.forget()
        world.resource = {}
        seeing.require_same(world, resource, await world.sight.resource() or {})
        await looks.Require((manageable, leads_there)).do(world, world.note)
        release.require_same(was, await installed(world), world.cluster.named)
        world.alone = True
        try:
            yield
        finally:
            world.alone = False


async def bring_about(
    world: World, verb: str, aim: Aim, charts: Charts, patience: int, path: str | None = None
) -> bool:
    """Change the agents, or only wait for them where all is so and there already; tell which.

    Where the chart lies is asked of the service, unless `path` says it. `verb` is told to others
    that would change the same cluster meanwhile.
    """
    await world.clients.within(patience)
    was = await installed(world)
    if aim.reached(was) and not await world.sight.gone_or_asleep():
        await run([release.Ready(patience)], world, world.observer)
        return False
    if path is None:
        path = await chart_path(world, charts)
    # A chart that cannot be had leaves nothing behind, not even the namespace of the Lease.
    await run([release.Pull(path, aim.version, charts)], world, world.observer)
    async with alone(world, verb):
        await run([release.Change(was, aim, patience)], world, world.observer)
    return True


def confirm_benefit(request: ConnectRequest, world: World) -> None:
    """Ask what the peer asks (`connectedk8s.md` A.1)."""
    if request.azure_hybrid_benefit == "True":
        world.confirm(
            "Azure Hybrid Benefit is for those who hold Windows Server licences with Software "
            "Assurance or a subscription. Do you?"
        )


def refuse_issuer(request: ConnectRequest, kind: str) -> None:
    """Managed clouds have no API server whose issuer could be set (`connectedk8s.md` A.2).

    The service re-cases the distribution that it is told, so case does not count.
    """
    if request.oidc_issuer and not request.self_hosted_issuer and kind.lower() in _SELF_HOSTED:
        raise UsageError(
            f"--enable-oidc-issuer on {kind} needs the issuer that {kind} itself offers",
            code="AZK8S0100",
            hints="--self-hosted-issuer URL",
        )


def missing(cluster: ClusterId) -> NotFound:
    """Return the error of a resource that is not there."""
    return NotFound(
        f"no connected cluster {cluster.name} in group {cluster.group}",
        code="AZK8S0405",
        hints=f"arcctl list {cluster.group_named}",
    )


def _no_agents(cluster: ClusterId) -> ClusterError:
    return ClusterError(
        f"no agents of {cluster.name} are in this cluster",
        code="AZK8S0201",
        hints=(
            "choose the right cluster with --kube-context NAME",
            f"arcctl connect {cluster.named}",
        ),
    )
