"""Connect a Kubernetes cluster to Azure Arc, or make a half-done connection whole."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from arcctl.checks.azure import (
    CONFIGURATION,
    HYBRID_COMPUTE,
    KUBERNETES,
    data_plane,
    may_register,
    private_link_scope,
    region_offered,
    region_stays,
    registered,
)
from arcctl.checks.cluster import BEFORE_CONNECT
from arcctl.errors import AccessError, Refusal, UsageError
from arcctl.flow.runner import run
from arcctl.flow.step import Within, in_turn, together
from arcctl.model import cluster as names
from arcctl.model.agents import FLUX_NAMESPACE, replicas, scaling_back
from arcctl.model.connected_cluster import never_connected, public_key, status
from arcctl.model.next_command import adopting
from arcctl.operations import proofs
from arcctl.operations.aftermath import Aftermath, telling
from arcctl.operations.changing import confirm_benefit, refuse_issuer
from arcctl.operations.keeping.alone import alone
from arcctl.operations.standing import Standing, judge
from arcctl.operations.steps import (
    agents,
    diagnostics,
    features,
    foreign,
    keys,
    kinds,
    leftovers,
    looks,
    registration,
    release,
    seeing,
    waiting,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from arcctl.checks.check import Check
    from arcctl.flow.step import Move
    from arcctl.model.connected_cluster import Body
    from arcctl.operations.request import ConnectRequest
    from arcctl.operations.world import World


async def connect(request: ConnectRequest, world: World) -> Body:
    """Connect, and return the resource as it is at the end; running it again goes on or changes nothing."""
    choose = keys.Choose(request.private_key, keys.Generating(world.make_key))
    world.sight.supplied_key = keys.supplied(request.private_key)
    await run(looking(request, world), world, world.observer)
    await world.clients.within(request.onboarding_timeout)
    world.standing = await judge(world.sight)
    await _may_go_on(request, world)
    async with _alone(request, world):
        if world.standing is Standing.STALE:
            await run(clearing(), world, world.observer)
            world.sight.forget()
        diagnose = request.diagnostics and world.standing is not Standing.OURS
        await run(preparing(request, choose, diagnose=diagnose), world, world.observer)
        with telling(lambda: _half_done(world)):
            await run(registering(request, choose), world, world.observer)
            await run(installing(request), world, world.observer)
    await run(settling(request), world, world.observer)
    await _warn_of_flux(world)
    return world.resource


async def _warn_of_flux(world: World) -> None:
    """Name Arc's half of Flux where it is at zero: helm's release of the agents lacks it.

    It is not scaled back here, as it removes what it does not find in Azure.
    """
    try:
        asleep = [each for each in await world.sight.flux_agents() if not replicas(each)]
    except AccessError:
        return
    for command in scaling_back(asleep):
        named = ", ".join(each["metadata"]["name"] for each in asleep)
        world.warn(
            f"{named} of {FLUX_NAMESPACE} scaled to zero; connect does not scale them back. They "
            f"remove what they do not find in Azure; once all of it is there: {command}"
        )


@asynccontextmanager
async def _alone(request: ConnectRequest, world: World) -> AsyncIterator[None]:
    """Hold the cluster's Lease while the block runs, where it changes anything in the cluster.

    What was judged before is judged again: a question may have stood for hours. Raise Refusal
    `agents-changed`, or as `judge`; AzureError `azure-made-again` for another resource.
    """
    if await _as_asked(request, world):
        yield
        return
    was = world.standing, await world.sight.release()
    resource = await world.sight.resource() or {}
    async with alone(world.clients, f"connect of {world.cluster.name}"):
        world.sight.forget()
        world.standing = await judge(world.sight)
        seeing.require_same(world, resource, await world.sight.resource() or {})
        if was != (world.standing, await world.sight.release()):
            told = ("the resource or the agents' release is not what was read before",)
            raise release.changed(told, world.cluster.named)
        yield


async def _as_asked(request: ConnectRequest, world: World) -> bool:
    """Tell whether the cluster itself is as asked, so that only Azure may have to be changed."""
    if world.standing is not Standing.OURS or request.private_key:
        return False
    held = await world.sight.readable_key()
    known = public_key(await world.sight.resource())
    return bool(held and held.public == known and await agents.whole(world, request))


def looking(request: ConnectRequest, world: World) -> list[Move[World]]:
    """Everything that is cheap to know, side by side, before the first change."""
    first: list[Move[World]] = [looks.Room()]
    if request.register_providers:
        first += [registration.RegisterProviders(*_providers(request))]
    return [
        *first,
        together(looks.SignedIn(), looks.Cluster(), looks.MakeHelmReady()),
        looks.NoRunUnderWay(),
        looks.Require(before_connect(request, world)),
    ]


def _half_done(world: World) -> Aftermath:
    """Say what is there already where the agents could not be installed."""
    if not world.accepted.done():
        return Aftermath()
    cluster = world.cluster
    return Aftermath(
        (f"{cluster.group}/{cluster.name} is in Azure; its agents are not all as asked yet",),
        (
            "run the same command again: it goes on from here",
            f"or take it back: arcctl delete {cluster.named}",
        ),
        (f"{cluster.name} was there a moment ago: somebody has deleted or moved it meanwhile",),
    )


def clearing() -> list[Move[World]]:
    """Take out agents whose resource is gone."""
    return [
        leftovers.Uninstall(hooks=False),
        leftovers.RemoveNamespaces(wait=True, force=True),
        kinds.RemoveKinds(wait=True, force=True),
    ]


def preparing(request: ConnectRequest, choose: keys.Choose, *, diagnose: bool) -> list[Move[World]]:
    """Settle what must be so before Azure is told anything."""
    return [
        # A key that was given may be refused, which must come before the job that writes.
        *([choose] if request.private_key else []),
        together(waiting.UntilNamespacesSettled(), kinds.UntilKindsSettled()),
        *([diagnostics.Diagnose(request)] if diagnose else []),
    ]


def registering(request: ConnectRequest, choose: keys.Choose) -> list[Move[World]]:
    """Make the resource, with the key in the cluster first; meanwhile fetch and sweep."""
    oid = request.custom_locations_oid
    registered = in_turn(
        *([] if request.private_key else [choose]),
        registration.EnsureGroup(),
        keys.Place(),
        together(
            registration.Register(request),
            agents.FetchChart(request),
            *([features.CustomLocations(oid)] if oid and not request.private_link else []),
        ),
    )
    return [together(registered, diagnostics.Sweep())]


def installing(request: ConnectRequest) -> list[Move[World]]:
    """Put the agents that speak for the resource into the cluster."""
    custom_locations = bool(request.custom_locations_oid and not request.private_link)
    return [
        *([registration.LinkGateway(request.gateway, proved=False)] if request.gateway else []),
        agents.Install(request, custom_locations=custom_locations),
        agents.RestartForNewKey(),
    ]


def settling(request: ConnectRequest) -> list[Move[World]]:
    """Both ends say so: every agent ready, and the resource Connected, whichever comes last."""
    if not request.wait:
        return [registration.See()]
    issues = request.oidc_issuer and not request.self_hosted_issuer
    both = together(agents.UntilReady(), waiting.UntilConnected())
    return [
        Within(request.onboarding_timeout, waiting.overdue, [both]),
        *([waiting.UntilAgentState()] if request.workload_identity or issues else []),
    ]


def _providers(request: ConnectRequest) -> tuple[str, ...]:
    extra = (HYBRID_COMPUTE,) if request.gateway else ()
    return (KUBERNETES, CONFIGURATION, *extra)


def before_connect(request: ConnectRequest, world: World) -> tuple[Check, ...]:
    """Return the questions that must be answered well before anything is changed."""
    strict = bool(request.oidc_issuer or request.workload_identity)
    return (
        *BEFORE_CONNECT,
        registered(KUBERNETES),
        registered(CONFIGURATION, needed=strict),
        *((registered(HYBRID_COMPUTE),) if request.gateway else ()),
        region_offered,
        may_register,
        data_plane,
        *((private_link_scope(request.private_link_scope),) if request.private_link_scope else ()),
        looks.belongs_to_nobody_else,
        region_stays,
        *proofs.before_connect(request, world),
    )


async def _may_go_on(request: ConnectRequest, world: World) -> None:
    """Refuse, or ask, where the branch is one that a person must choose."""
    await _refuse_issuer(request, world)
    cluster = world.cluster
    if world.standing is Standing.ADOPTABLE and not request.adopt:
        resource = await world.sight.resource() or {}
        raise Refusal(
            f"{cluster.name} exists in group {cluster.group}, but no agent has ever connected",
            code="AZK8S0404",
            why=f"its status is {status(resource)}: made by Terraform, Bicep or a run elsewhere",
            hints=adopting(cluster),
        )
    if world.standing is Standing.STALE:
        world.confirm(
            f"The agents in this cluster belong to a resource that is gone ({cluster.name} or an "
            "earlier one). Remove them and connect anew?"
        )
    if world.standing is not Standing.OURS:
        await _may_share(world)
    await _may_change_key(request, world)
    _confirm_consequences(request, world)
    if request.adopt and world.standing is Standing.OURS:
        await _note_adopted(world)


async def _may_share(world: World) -> None:
    """Ask where somebody else uses the agents' namespace already."""
    space = names.AGENT_NAMESPACE
    if not await world.sight.namespace(space):
        return
    found = await foreign.look(world, space)
    if found.foreign:
        world.confirm(
            f"Namespace {space} is in use by others: {found.said}. The agents would share it, and "
            "arcctl delete would leave the namespace. Go on?"
        )


async def _may_change_key(request: ConnectRequest, world: World) -> None:
    """Ask before a resource gets another key: whoever made it may hold the old one in a file."""
    resource, held = await world.sight.resource(), await world.sight.readable_key()
    known = public_key(resource)
    if not known or request.private_key or (held and known == held.public):
        return
    name = world.cluster.name
    files = "A Terraform or Bicep file that names its key must then name the new one"
    if world.standing is Standing.OURS:
        world.warn(f"the cluster has lost its key, so {name} gets another one. {files}")
    elif world.standing is Standing.ADOPTABLE and not request.new_key:
        question = (
            f"{name} was made with a key that this cluster does not hold. Replace it? {files}."
        )
        try:
            world.confirm(question, only="--new-key")
        except UsageError as error:
            error.hints = adopting(world.cluster)
            raise


def _confirm_consequences(request: ConnectRequest, world: World) -> None:
    """Ask what the peer asks: two flags mean more than they say (`connectedk8s.md` A.1, A.2)."""
    if request.private_link:
        world.confirm(
            "Private link turns cluster connect and custom locations off for this cluster. Go on?"
        )
        if request.custom_locations_oid:
            world.warn("--custom-locations-oid has no effect under private link")
    confirm_benefit(request, world)


async def _note_adopted(world: World) -> None:
    resource = await world.sight.resource()
    if resource and not never_connected(resource):
        world.note("--adopt changes nothing here: the resource and this cluster belong together")


async def _refuse_issuer(request: ConnectRequest, world: World) -> None:
    from arcctl.model.distribution import distribution

    if request.oidc_issuer:
        kind = request.distribution or distribution(await world.sight.nodes())
        refuse_issuer(request, kind)
