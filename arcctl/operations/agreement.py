"""What a person agrees to when a cluster is deleted, and that it is still so once they have."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError
from arcctl.operations.keeping import free
from arcctl.operations.steps import foreign, looks, whose
from arcctl.operations.steps.waiting import NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arcctl.model.connected_cluster import Body
    from arcctl.operations.request import DeleteRequest
    from arcctl.operations.world import World

_CHILDREN = {
    "extensions": "extension",
    "fluxConfigurations": "Flux configuration",
    "sourceControlConfigurations": "source control configuration",
}


async def reach(request: DeleteRequest, world: World) -> None:
    """Ask, look again, and ask again where other children hang on the resource by then, or with
    `--force` others keep something else in Arc's namespaces.

    A question may stand for hours. Raise Refusal `resource-replaced` where another resource bears
    the name by then, `run-in-progress` or `run-unfinished` where a run has begun meanwhile. With
    `--yes` no children were shown, so all that are there go; what of others goes is warned of.
    """
    known = free.open_here(world.clients, world.cluster)
    in_azure = bool(await world.sight.resource()) and not request.cluster_only
    shown = await _hanging(world) if in_azure else Hanging()
    kept = {} if request.azure_only else await _kept(request, world)
    while True:
        world.confirm(await _question(request, world, shown, kept, in_azure=in_azure))
        await _require_no_run(request, world, known)
        if not request.cluster_only:
            await whose.require_same(world)
        now = await _hanging(world) if in_azure else shown
        # Without --force they are looked at again as the last thing before a namespace goes.
        kept_now = await _kept(request, world) if request.force and not request.azure_only else kept
        if (now, kept_now) == (shown, kept):
            break
        shown, kept = now, kept_now
    for said in _said_of_others(kept, force=True) if request.force else ():
        world.warn(said)


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


async def _kept(request: DeleteRequest, world: World) -> dict[str, str]:
    """Return what others keep in each of Arc's namespaces; with `--force` what cannot be read is
    no obstacle, and is said too.
    """
    if await world.sight.resource():
        world.releases |= await _extension_releases(world)
    found = {}
    for space in NAMESPACES:
        try:
            found[space] = (await foreign.look(world, space)).said
        except ArcctlError as error:
            if not request.force:
                raise
            found[space] = f"not known, since it cannot be read ({error.message})"
    return {space: said for space, said in found.items() if said}


async def _question(
    request: DeleteRequest, world: World, shown: Hanging, kept: Mapping[str, str], *, in_azure: bool
) -> str:
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
    return " ".join((f"Delete {what}?", *_said_of_others(kept, force=request.force)))


def _said_of_others(kept: Mapping[str, str], *, force: bool) -> Iterator[str]:
    for space, said in kept.items():
        if force:
            yield f"Namespace {space} is deleted with what others keep in it: {said}."
        else:
            yield f"Namespace {space} stays, since others use it: {said}."
