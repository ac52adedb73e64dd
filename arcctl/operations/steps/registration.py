"""The Azure side: providers, the group, the resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.errors import AzureError, Refusal
from arcctl.flow.step import Step
from arcctl.model.bundle import difference, marked
from arcctl.model.connected_cluster import never_connected, public_key, writable
from arcctl.operations.registration_body import desired
from arcctl.operations.steps import seeing
from arcctl.operations.steps.whose import require_same
from arcctl.operations.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.model.connected_cluster import Body
    from arcctl.operations.request import ConnectRequest, DeleteRequest


def _unfinished(tell: Callable[[str], None]) -> Callable[[str], None]:
    """Pass on the states of an operation that is under way; its end is told by the step."""
    ends = ("succeeded", "failed", "canceled", "cancelled")
    return lambda state: None if state.lower() in ends else tell(state)


class RegisterProviders(Step[World]):
    """The providers that Arc needs are registered in the subscription."""

    name = "register-providers"
    title = "providers"

    def __init__(self, *namespaces: str) -> None:
        self._namespaces = namespaces

    async def observe(self, world: World) -> str | None:
        return None if await self._missing(world) else "registered"

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        from arcctl.clients.providers import register

        missing = await self._missing(world)
        for namespace in missing:
            tell(f"registering {namespace}, which takes up to 10 minutes")
            arm = await world.clients.arm()
            await register(arm, world.cluster.subscription, namespace, progress=tell)
        world.sight.forget()
        return "registered " + ", ".join(missing)

    async def _missing(self, world: World) -> list[str]:
        states = {name: (await world.sight.provider(name)).state for name in self._namespaces}
        return [
            name for name, state in states.items() if state not in ("Registered", "Registering")
        ]


class EnsureGroup(Step[World]):
    """The resource group is there."""

    name = "ensure-group"

    async def observe(self, world: World) -> str | None:
        return "there already" if await world.sight.group() else None

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        region = await world.sight.region()
        arm = await world.clients.arm()
        await arm.put(world.cluster.group_path, {"location": region})
        world.note(f"resource group {world.cluster.group} created in {region}")
        return f"created in {region}"


class Register(Step[World]):
    """The resource says what was asked for, and holds the public half of the cluster's key.

    A resource that is not there yet is made as `template` says, where there is one.
    """

    name = "register"
    title = "resource"

    def __init__(self, request: ConnectRequest, template: Body | None = None) -> None:
        self._request = request
        self._template = template

    async def observe(self, world: World) -> str | None:
        resource = await self.there(world)
        if not resource or await self._desired(world) != writable(resource):
            return None
        if resource["properties"].get("provisioningState") not in ("Succeeded", None):
            return None
        world.resource = resource
        world.take(resource)
        return f"{world.cluster.group}/{world.cluster.name} is as asked"

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        existed = await self._anew(world)
        world.resource = await seeing.put(
            world,
            await self._desired(world),
            existed,
            progress=_unfinished(tell),
            accepted=world.take,
        )
        what = "brought up to date" if existed else f"created in {world.resource['location']}"
        return f"{world.cluster.group}/{world.cluster.name} {what}"

    async def there(self, world: World) -> Body | None:
        """Return the resource as it is now, or None."""
        return await world.sight.resource()

    def wanted(self, world: World, found: Body) -> Body:
        """Return what a resource that is there is to become, beside what the flags say."""
        return found

    def require_ours(self, world: World, found: Body) -> None:
        """Raise Refusal where what was not there before is somebody else's."""
        if not world.key or public_key(found) == world.key.public:
            return
        raise Refusal(
            f"somebody else has made or connected {world.cluster.name} in group "
            f"{world.cluster.group} meanwhile",
            code="AZK8S0404",
            why="its key is not this cluster's, so it is left as it is",
            hints=f"arcctl show {world.cluster.named}",
        )

    async def _anew(self, world: World) -> Body | None:
        """Look directly before the PUT: what others have written meanwhile is kept."""
        before, arm = await self.there(world), await world.clients.arm()
        if found := await arm.find_once(world.cluster.path):
            world.sight.learn("resource", found)
        now = await self.there(world)
        if now and (not before or _taken_since(before, now)):
            self.require_ours(world, now)
        return now

    async def _desired(self, world: World) -> Body:
        assert world.key
        there = await self.there(world)
        resource = self.wanted(world, there) if there else self._template
        nodes = await world.sight.nodes()
        region = await world.sight.region()
        return desired(self._request, resource, region=region, key=world.key.public, nodes=nodes)


def _taken_since(judged: Body, now: Body) -> bool:
    """Tell whether others have made the resource anew, or connected it, since it was judged."""
    connected = never_connected(judged) and not never_connected(now)
    return connected or bool(difference(marked(judged), now))


class See(Step[World]):
    """Azure shows the resource: its yes is no proof, and nobody waits until it is Connected."""

    name = "see-resource"

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        world.resource = await seeing.made(world)
        return "there"


class Deregister(Step[World]):
    """The resource is gone from ARM, and its children with it.

    `last` says that nobody looks before or after this: another resource of the name is refused,
    and a deletion that did nothing is an error.
    """

    name = "deregister"
    title = "resource"

    def __init__(self, *, wait: bool, force: bool, last: bool = False) -> None:
        self._wait = wait
        self._last = last
        self._query = {"force": "True"} if force else None

    async def observe(self, world: World) -> str | None:
        return None if await world.sight.resource_surely() else "gone already"

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        arm = await world.clients.arm()
        if self._last:
            await require_same(world)
        try:
            await arm.delete(
                world.cluster.path,
                wait=self._wait,
                query=self._query,
                progress=_unfinished(tell),
                accepted=world.deregistering.set if self._wait else None,
            )
        except AzureError as error:
            if world.deregistering.is_set():
                error.hints = (_once_more(world),)
            raise
        undone = _not_deleted(world, agents=self._wait) if self._last else None
        before = await world.sight.resource()
        # Otherwise a connect right after would take it for somebody else's cluster.
        await seeing.forgotten(world, before, awaited=self._wait, error=undone)
        world.deregistering.set()
        return f"{world.cluster.group}/{world.cluster.name} deleted" + (
            "" if self._wait else " (not awaited)"
        )


def _not_deleted(world: World, *, agents: bool) -> AzureError:
    """Return the error; `agents` says that they were being removed meanwhile."""
    return seeing.not_deleted(world, _once_more(world) if agents else "the same command again")


def _once_more(world: World) -> str:
    """Azure took the deletion and failed later; without agents nothing proves whose it was."""
    return (
        f"now that the agents have been removed: arcctl delete {world.cluster.named} --azure-only"
    )


class UntilDeregistering(Step[World]):
    """ARM has taken the deletion, so nothing stands in the way of removing the agents."""

    name = "until-deregistering"

    def __init__(self, request: DeleteRequest) -> None:
        self._azure = not request.cluster_only

    async def observe(self, world: World) -> str | None:
        asked = self._azure and await world.sight.resource()
        return None if asked else "nothing to wait for"

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        await world.deregistering.wait()
        return "taken"


class LinkGateway(Step[World]):
    """The Arc gateway is linked to the resource (`connectedk8s.md` B.1.25).

    `proved` says that the end of the run looks at the link again, so that its loss stops nothing.
    """

    name = "link-gateway"
    title = "gateway"

    def __init__(self, gateway: str, *, proved: bool = True) -> None:
        self.gateway = gateway
        self._proved = proved

    async def observe(self, world: World) -> str | None:
        return None if self.gateway else ""

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        try:
            await seeing.link(world, self.gateway)
        except AzureError as error:
            if error.code != "azure-not-done" or not self._proved:
                raise
        # Read anew: a tag that somebody has written meanwhile is not to be overwritten.
        before = await (await world.clients.arm()).get(world.cluster.path)
        body = writable(before)
        body["properties"]["gateway"] = {"enabled": True}
        world.resource = await seeing.put(world, body, before, progress=tell)
        return f"linked to {self.gateway.rpartition('/')[2]}"
