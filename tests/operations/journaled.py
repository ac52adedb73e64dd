"""A small change that survives interruption, made to the sandbox's small Kubernetes."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web
from arcctl.checks.sight import Sight
from arcctl.clients import Clients
from arcctl.errors import ClusterError
from arcctl.flow import runner
from arcctl.flow.no_return import PointOfNoReturn
from arcctl.flow.step import Step
from arcctl.model.keys import generate
from arcctl.model.resource_id import ClusterId
from arcctl.operations.runs import opened, taken_up
from arcctl.operations.world import World
from arcctl.sandbox.kubernetes import Cluster, application
from arcctl.settings import Flags, Settings
from tests.clients.kubernetes.api import write
from tests.clients.serving import authority, serving, tls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.flow.events import Event
    from arcctl.flow.step import Move
    from arcctl.operations.runs import Run

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HARBOR = ClusterId("s-1", "edge", "harbor")
MAPS = "/api/v1/namespaces/default/configmaps"
SECRETS = "/api/v1/namespaces/arcctl/secrets"
LEASE = "/apis/coordination.k8s.io/v1/namespaces/arcctl/leases/arcctl"


class Put(Step[World]):
    """A ConfigMap is there; taken back, it is gone."""

    def __init__(self, word: str) -> None:
        self.name = self.title = word  # type: ignore[misc] # one class for many steps

    async def observe(self, world: World) -> str | None:
        """So already when it is there."""
        kubernetes = await world.clients.kubernetes()
        return "there already" if await kubernetes.find(f"{MAPS}/{self.name}") else None

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        """Make it."""
        kubernetes = await world.clients.kubernetes()
        await kubernetes.create(MAPS, {"metadata": {"name": self.name}, "data": {}})
        return f"{self.name} made"

    async def undo(self, world: World, tell: Callable[[str], None]) -> str | None:
        """Remove it."""
        await (await world.clients.kubernetes()).delete(f"{MAPS}/{self.name}")
        return f"{self.name} removed"


class Break(Put):
    """Fails after it has begun."""

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        """Fail."""
        raise ClusterError("no", code="broken")


PLAIN: tuple[Move[World], ...] = (Put("a"), PointOfNoReturn(), Put("b"))


@dataclass
class Machine:
    """A process on some machine: its own state folder, its own clients."""

    state: Path
    kubeconfig: Path
    heard: list[Event] = field(default_factory=list)

    def clients(self) -> Clients:
        """New ones, as a new process has."""
        flags = Flags(kube_config=str(self.kubeconfig))
        settings = Settings(environ={"PATH": "/bin"}, flags=flags, state_home=self.state)
        return Clients(settings, note=lambda text: None)

    @asynccontextmanager
    async def world(self) -> AsyncIterator[World]:
        """What the steps of a run share."""
        clients = self.clients()

        def confirm(question: str, only: str = "") -> None:
            raise AssertionError(question)

        sight, heard = Sight(clients, HARBOR, None), self.heard.append
        yield World(clients, HARBOR, sight, heard, generate, confirm, self.state)
        await clients.close()

    async def start(self, *moves: Move[World], clean: bool = True, **documents: Any) -> str:
        """Open a run of these steps, carry it out, and return its id."""
        async with self.world() as world:
            async with opened(world, "move", {"to": "b"}, moves, documents) as run:
                await runner.run(moves, world, world.observer, run.journal)
                await run.ended("done", clean=clean)
            return run.id

    async def resume(self, run_id: str, *moves: Move[World], take_over: bool = False) -> Run:
        """Take it up, carry it to its end, and return it."""
        async with (
            self.world() as world,
            taken_up(world.clients, run_id, world.observer, take_over=take_over) as run,
        ):
            run.require_known(moves)
            await runner.run(moves, world, world.observer, run.journal)
            await run.ended("done", clean=True)
            return run

    async def ask(self, path: str) -> dict[str, Any] | None:
        """Look at one object of the cluster."""
        clients = self.clients()
        found = await (await clients.kubernetes()).find(path)
        await clients.close()
        return found

    async def kept(self) -> list[str]:
        """Name the Secrets and Leases of namespace `arcctl`: none once every run has ended well."""
        clients = self.clients()
        kubernetes = await clients.kubernetes()
        found = [
            each["metadata"]["name"]
            for path in (SECRETS, LEASE.rpartition("/")[0])
            async for each in kubernetes.items(path)
        ]
        await clients.close()
        return found


async def left_behind(machine: Machine, holder: str, seconds: int) -> None:
    """Put a Lease there as a killed process leaves it."""
    then = datetime.now(UTC) - timedelta(seconds=seconds)
    at = then.isoformat(timespec="microseconds").replace("+00:00", "Z")
    spec = {"holderIdentity": holder, "leaseDurationSeconds": 60, "renewTime": at}
    body = {"metadata": {"name": "arcctl"}, "spec": spec | {"acquireTime": at}}
    clients = machine.clients()
    await (await clients.kubernetes()).create(LEASE.rpartition("/")[0], body)
    await clients.close()


@dataclass
class Place:
    """A cluster, and the machines that reach it."""

    cluster: Cluster
    folder: Path
    away: int = 0
    """How many of the next requests get no answer"""
    witness: Callable[[str, str], None] = lambda when, asked: None
    """Told of each request, `before` and `after` it is answered"""
    _machines: list[Machine] = field(default_factory=list)

    def machine(self) -> Machine:
        """Set up one more machine, whose state folder is empty."""
        state = self.folder / f"machine-{len(self._machines)}"
        self._machines.append(Machine(state, self.folder / "config"))
        return self._machines[-1]

    @web.middleware
    async def door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request in, or be away."""
        if self.away:
            self.away -= 1
            return web.Response(status=503)
        asked = f"{request.method} {request.path}"
        self.witness("before", asked)
        answer = await handler(request)
        self.witness("after", asked)
        return answer

    async def kubernetes(self) -> Kubernetes:
        """Open a client beside all machines; the caller closes it."""
        return await Machine(self.folder, self.folder / "config").clients().kubernetes()


@asynccontextmanager
async def place(folder: Path) -> AsyncIterator[Place]:
    """Put up a cluster for as long as the block lasts."""
    cluster = Cluster()
    context = tls(authority(folder))
    found = Place(cluster, folder)
    served = application(cluster)
    served.middlewares.append(found.door)
    async with cluster.running(), serving(served, context) as port:
        server = {"server": f"https://127.0.0.1:{port}", "certificate-authority": "authority.pem"}
        write(folder / "config", server, {"token": cluster.token})
        yield found


if __name__ == "__main__":
    # A process of its own, for whoever wants to kill one.
    asyncio.run(Machine(Path(sys.argv[1]), Path(sys.argv[2])).start(*PLAIN, bundle={"x": 1}))
