"""Changes of a resource that is there: patched, linked, put again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.flow.step import Step
from arcctl.model.connected_cluster import writable
from arcctl.operations.registration_body import patched, updated
from arcctl.operations.steps import seeing
from arcctl.operations.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.model.connected_cluster import Body
    from arcctl.operations.request import ConnectRequest, UpdateRequest


class Changing(Step[World]):
    """A step that remembers whether it had anything to do."""

    changed = False


class Patch(Changing):
    """Tags, distribution and benefit are as asked: one PATCH, and no need of the cluster."""

    name = "patch"
    title = "resource"

    def __init__(self, request: ConnectRequest) -> None:
        self._body = patched(request)

    async def observe(self, world: World) -> str | None:
        world.resource = await world.sight.resource() or {}
        same = self._is_done(world.resource)
        if "tags" in self._body:
            same = same and (world.resource.get("tags") or {}) == self._body["tags"]
        return f"{world.cluster.group}/{world.cluster.name} is as asked" if same else None

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        self.changed = True
        gone = (world.resource.get("tags") or {}).keys() - self._body.get("tags", {}).keys()
        world.resource = await seeing.patch(world, self._body, world.resource)
        if "tags" in self._body and gone:
            world.note(f"tags that were not named are gone: {', '.join(sorted(gone))}")
        return f"{world.cluster.group}/{world.cluster.name} patched"

    def _is_done(self, resource: Body) -> bool:
        """Tell whether all that was asked for is there; a tag besides may be somebody else's."""
        properties = resource.get("properties") or {}
        said = self._body.get("properties") or {}
        tagged = (self._body.get("tags") or {}).items() <= (resource.get("tags") or {}).items()
        return tagged and all(_alike(properties.get(name), value) for name, value in said.items())


def _alike(known: Any, asked: str) -> bool:
    """The service stores its own letter case, so a difference in case is no difference."""
    return str(known or "").lower() == asked.lower()


class Link(Changing):
    """The Arc gateway that was asked for is linked; "" is none."""

    name = "change-gateway"
    title = "gateway"

    def __init__(self, gateway: str) -> None:
        self._gateway = gateway

    async def observe(self, world: World) -> str | None:
        same = await seeing.linked_gateway(world) == self._gateway.casefold()
        return "linked as asked" if same else None

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        self.changed = True
        await seeing.link(world, self._gateway)
        return (
            f"linked to {self._gateway.rpartition('/')[2]}" if self._gateway else "linked to none"
        )


class Rewrite(Changing):
    """The resource says what was asked for, and whatever else it said before."""

    name = "rewrite"
    title = "resource"

    def __init__(self, request: UpdateRequest) -> None:
        self._request = request

    async def observe(self, world: World) -> str | None:
        current = await self._current(world)
        settled = current["properties"].get("provisioningState") in ("Succeeded", None)
        if not settled or updated(self._request, current) != writable(current):
            return None
        world.resource = current
        return f"{world.cluster.group}/{world.cluster.name} is as asked"

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        self.changed = True
        arm = await world.clients.arm()
        # Read anew: a tag that somebody has written meanwhile is not to be overwritten.
        before = await arm.get(world.cluster.path)
        seeing.require_same(world, await self._current(world), before)
        body = updated(self._request, before)
        world.resource = await seeing.put(world, body, before, progress=tell)
        return f"{world.cluster.group}/{world.cluster.name} brought up to date"

    async def _current(self, world: World) -> Body:
        """As it was patched, or as it was found."""
        return world.resource or await world.sight.resource() or {}
