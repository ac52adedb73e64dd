"""Enable and disable the features that live in the agents' helm values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.clients.graph import CUSTOM_LOCATIONS_APP
from arcctl.errors import AzureError, Refusal
from arcctl.flow.runner import run
from arcctl.model.agent_features import (
    AZURE_RBAC,
    CLUSTER_CONNECT,
    CUSTOM_LOCATIONS,
    FEATURES,
    custom_locations_oid,
    disabling,
    enabling,
    features_on,
)
from arcctl.model.helm_values import layered
from arcctl.model.installed import Aim
from arcctl.operations.changing import bring_about, installed, looking
from arcctl.operations.steps.features import CustomLocations

if TYPE_CHECKING:
    from arcctl.model.helm_values import Values
    from arcctl.operations.request import FeaturesRequest
    from arcctl.operations.world import World


@dataclass(frozen=True, slots=True)
class Switched:
    """The features that were switched, whether that took a change, and what is on now."""

    features: tuple[str, ...]
    changed: bool
    on: tuple[str, ...]


async def enable(request: FeaturesRequest, world: World) -> Switched:
    """Enable features; custom locations bring cluster connect along, which they work through."""
    _note_unused(request, world)
    await run(looking(world), world, world.observer)
    wanted = set(request.features)
    if CUSTOM_LOCATIONS in wanted:
        wanted.add(CLUSTER_CONNECT)
    await _refuse_under_private_link(world, wanted)
    if CUSTOM_LOCATIONS in wanted and not await _object_id(request, world):
        wanted = set(request.features) - {CUSTOM_LOCATIONS}
        if not wanted:
            raise _no_object_id()
        world.warn("custom locations stay off, as nobody knows the object id of their app")
    features = _ordered(wanted)
    change = enabling(
        features,
        oid=world.custom_locations_oid,
        skip_list=request.skip_azure_rbac_list,
    )
    return await _switch(request, world, "enable-features", features, change)


async def disable(request: FeaturesRequest, world: World) -> Switched:
    """Disable features, after asking; what is off already is success."""
    await run(looking(world), world, world.observer)
    on = features_on((await installed(world)).effective)
    going = set(request.features)
    if CLUSTER_CONNECT in going and CUSTOM_LOCATIONS in set(on) - going:
        raise _needed(world)
    if named := [feature for feature in on if feature in going]:
        cluster = world.cluster
        world.confirm(
            f"Disable {' and '.join(named)} of {cluster.name} in group {cluster.group}? "
            "Whoever works through them is cut off."
        )
    features = _ordered(going)
    return await _switch(request, world, "disable-features", features, disabling(features))


def _ordered(features: set[str]) -> tuple[str, ...]:
    return tuple(feature for feature in FEATURES if feature in features)


async def _switch(
    request: FeaturesRequest, world: World, verb: str, features: tuple[str, ...], change: Values
) -> Switched:
    was = await installed(world)
    aim = Aim(was.version, change)
    changed = await bring_about(world, verb, aim, request.charts, request.timeout)
    return Switched(features, changed, features_on(layered(was.effective, change)))


async def _object_id(request: FeaturesRequest, world: World) -> str:
    known = custom_locations_oid((await installed(world)).effective)
    given = request.custom_locations_oid or known
    await run([CustomLocations(given)], world, world.observer)
    return world.custom_locations_oid


def _note_unused(request: FeaturesRequest, world: World) -> None:
    unused = {
        "--custom-locations-oid": request.custom_locations_oid and CUSTOM_LOCATIONS,
        "--skip-azure-rbac-list": request.skip_azure_rbac_list and AZURE_RBAC,
    }
    for flag, feature in unused.items():
        if feature and feature not in request.features:
            world.warn(f"{flag} has no effect, as {feature} is not enabled here")


async def _refuse_under_private_link(world: World, wanted: set[str]) -> None:
    resource = await world.sight.resource() or {}
    state = str((resource.get("properties") or {}).get("privateLinkState") or "")
    named = [each for each in (CLUSTER_CONNECT, CUSTOM_LOCATIONS) if each in wanted]
    if state.lower() == "enabled" and named:
        raise Refusal(
            f"under private link {' and '.join(named)} cannot be enabled",
            code="private-link",
            why="neither goes over a private link, and this cluster has been given one",
            hints="leave them out of --features",
        )


def _no_object_id() -> AzureError:
    return AzureError(
        "custom locations cannot be enabled",
        code="custom-locations-enable-failed",
        why="Microsoft.ExtendedLocation is not registered, or Graph tells no object id of their app",
        hints=(
            "az provider register --namespace Microsoft.ExtendedLocation",
            f"the ID for --custom-locations-oid ID: az ad sp show --id {CUSTOM_LOCATIONS_APP} --query id",
        ),
    )


def _needed(world: World) -> Refusal:
    cluster = world.cluster.named
    return Refusal(
        "cluster-connect cannot be disabled while custom-locations is on",
        code="feature-needed",
        why="custom locations reach the cluster through cluster connect",
        hints=f"arcctl disable-features {cluster} --features cluster-connect custom-locations",
    )
