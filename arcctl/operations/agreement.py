"""What a person agrees to when a cluster is deleted, and that it is still so once they have."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError
from arcctl.model import cluster as names
from arcctl.operations.keeping import free
from arcctl.operations.steps import foreign, looks, whose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.model.connected_cluster import Body
    from arcctl.operations.request import DeleteRequest
    from arcctl.operations.world import World

_CHILDREN = {
    "extensions": "extension",
    "fluxConfigurations": "Flux configuration",
    "sourceControlConfigurations": "source control configuration",
}


async def reach(request: DeleteRequest, world: World) -> None:
    """Ask, look again, and ask anew where other children hang on the resource by then.

    A question may stand for hours. Raise Refusal `resource-replaced` where another resource bears
    the name by then, `run-in-progress` or `run-unfinished` where a run has begun meanwhile. With
    `--yes` no children were shown, so all that are there go.
    """
    known = free.open_here(world.clients, world.cluster)
    in_azure = bool(await world.sight.resource()) and not request.cluster_only
    shown = await _hanging(world) if in_azure else Hanging()
    while True:
        if not request.azure_only and await world.sight.resource():
            world.releases |= await _extension_releases(world)
        world.confirm(await _question(request, world, shown, in_azure=in_azure))
        await _require_no_run(request, world, known)
        if not request.cluster_only:
            await whose.require_same(world)
        now = await _hanging(world) if in_azure else shown
        if now == shown:
            break
        shown = now


@dataclass(frozen=True, slots=True)
class Hanging:
    """The children by kind; None stands for a list that cannot be had."""

    names: tuple[frozenset[str] | None, ...] = ()

    @property
    def said(self) -> str:
        """What will be deleted with the resource; a count that cannot be had is said too."""
        named = []
        for found, word in zip(self.names, _CHILDREN.values(), strict=False):
            if found is None:
                named.append(f"{word}s, uncounted")
            elif found:
                named.append(f"{len(found)} {word}{'' if len(found) == 1 else 's'}")
        return " with " + " and ".join(named) if named else ""


async def _hanging(world: World) -> Hanging:
    return Hanging(tuple(await asyncio.gather(*(_named(world, kind) for kind in _CHILDREN))))


async def _named(world: World, kind: str) -> frozenset[str] | None:
    try:
        return frozenset(str(each["name"]) for each in await _listed(world, kind))
    except ArcctlError:
        return None


async def _listed(world: World, kind: str) -> list[Body]:
    arm = await world.clients.arm()
    return [each async for each in arm.items(world.cluster.child(kind))]


async def _extension_releases(world: World) -> frozenset[str]:
    """Return the extensions that live in Arc's own namespaces, while Azure can still name them."""
    try:
        found = await _listed(world, "extensions")
    except ArcctlError:
        return frozenset()
    return foreign.released(
        (str(each["name"]), (each.get("properties") or {}).get("scope") or {}) for each in found
    )


async def _require_no_run(
    request: DeleteRequest, world: World, known: Mapping[str, object]
) -> None:
    """Without a cluster only this machine is asked, and what was open before is no news."""
    if request.azure_only:
        free.require_none_since(world.clients, world.cluster, known)
    elif not request.force:
        await looks.NoRunUnderWay().do(world, lambda _: None)


async def _question(request: DeleteRequest, world: World, shown: Hanging, *, in_azure: bool) -> str:
    named = f"{world.cluster.name} in group {world.cluster.group}"
    if request.azure_only:
        return (
            f"Delete {named} from Azure only{shown.said}? "
            "Agents that still run in a cluster stay there without a resource."
        )
    kubernetes = await world.clients.kubernetes()
    what = f"the agents in context {kubernetes.context}"
    if in_azure:
        what = f"{named}{shown.said}, and {what}"
    if request.force:
        return f"Delete {what}?"
    shared = await foreign.look(world, names.AGENT_NAMESPACE)
    stays = f" Namespace {names.AGENT_NAMESPACE} stays, since others use it: {shared.said}."
    return f"Delete {what}?{stays if shared.foreign else ''}"
