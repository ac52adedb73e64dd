"""A whole sandbox in one process: Azure, registry, clusters, and the agents that live in them.

Everything of Azure's is on one HTTPS port (`arm.md` 14, 15); each embedded cluster has a port of
its own. All listen on loopback only.
"""

from __future__ import annotations

import asyncio
import base64
import os
import ssl
import traceback
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import trustme
from aiohttp import web

from arcctl.errors import SandboxError
from arcctl.sandbox import access, admin, authorities, diagnoser, registry
from arcctl.sandbox.agents import Agents
from arcctl.sandbox.azure import entra
from arcctl.sandbox.azure.routes import application as azure_application
from arcctl.sandbox.azure.seeds import SUBSCRIPTION
from arcctl.sandbox.clock import PROFILES
from arcctl.sandbox.door import Door
from arcctl.sandbox.environment import no_proxy
from arcctl.sandbox.home import Home
from arcctl.sandbox.kubernetes.cluster import Cluster
from arcctl.sandbox.kubernetes.routes import application as kubernetes_application
from arcctl.sandbox.relay import far
from arcctl.sandbox.wire import watch
from arcctl.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from arcctl.sandbox.options import Options

_NAMES = ("localhost", "127.0.0.1", "::1")


class Sandbox:
    """One sandbox; `running()` keeps it alive for as long as its block lasts.

    `clusters` holds the embedded ones by name, which is also their kubeconfig context.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.home = Home(options.home)
        self.world = _world(options)
        self.port = 0
        self.clusters: dict[str, Cluster] = {}
        self.environment: dict[str, str] = {}
        self._ways_in: list[access.Access] = []
        self._agents: list[asyncio.Task[None]] = []
        self._doors: list[Door] = []
        self._ca = trustme.CA()
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._ca.issue_cert(*_NAMES, *options.hosts).configure_cert(self._tls)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Sandbox]:
        async with AsyncExitStack() as stack:
            stack.enter_context(self.home.claimed())
            stack.push_async_callback(self._hang_up)
            self._write_certificates()
            self.port = await self._open_azure(stack)
            authority = self.options.authority(self.port)
            self.world.base_url = f"https://{authority}"
            self.world.agent_charts |= {
                train: registry.agent_chart(authority, train) for train in registry.TRAINS
            }
            await self._open_clusters(stack)
            stack.push_async_callback(self.stop_agents)
            self.start_agents()
            self.environment = self._environment()
            yield self

    def described(self) -> dict[str, Any]:
        """Return what other processes need to know, as `lifecycle.Running` reads it."""
        return {
            "process": os.getpid(),
            "url": f"https://127.0.0.1:{self.port}",
            "environment": self.environment,
            "sign_ins": entra.sign_ins(),
            "contexts": [*self.clusters] or [self.options.kube_context],
            "profile": self.options.profile,
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
        }

    def _write_certificates(self) -> None:
        own = self._ca.cert_pem.bytes().decode()
        self.home.write(self.home.ca, own)
        self.home.write(self.home.federated_token, entra.FULL_RIGHTS.assertion)
        trusted = authorities.bundle(own, os.environ, leave_out=self.home.bundle)
        self.home.write(self.home.bundle, trusted)

    async def _open_azure(self, stack: AsyncExitStack) -> int:
        app = azure_application(self.world)
        stock = registry.Registry(lambda: self.world.azure.unreachable)
        watched = watch(self.world, "registry")
        app.add_subapp("/v2", registry.application(stock, [watched]))
        app.add_subapp("/_sandbox", admin.application(self.world))
        far_end = far.application(self.world, self._ways_in, [watch(self.world, "relay")])
        app.add_subapp("/$hc", far_end)
        plain = web.Application()
        plain.add_subapp("/v2", registry.application(stock, [watched]))
        return await self._open(stack, app, plain, port=self.options.port)

    async def _open(
        self,
        stack: AsyncExitStack,
        app: web.Application,
        plain: web.Application | None = None,
        *,
        port: int = 0,
    ) -> int:
        """Serve an application on loopback, and another one to whoever speaks plain HTTP."""
        secure_server = await _server(stack, app)
        plain_server = await _server(stack, plain) if plain else None
        door = Door(self._tls, secure_server, plain_server)
        stack.push_async_callback(door.close)
        self._doors.append(door)
        try:
            return door.open(port)
        except OSError as error:
            raise _port_refused(port, error) from error

    async def _open_clusters(self, stack: AsyncExitStack) -> None:
        if context := self.options.kube_context:
            chosen = access.with_current(context, self.options.kube_config)
            self.home.write(self.home.kubeconfig, chosen)
            self._ways_in.append(access.by_context(context, self.options.kube_config))
            return
        ways_in = {}
        for number in range(1, self.options.clusters + 1):
            name = "sandbox" if number == 1 else f"sandbox-{number}"
            ways_in[name] = await self._open_cluster(stack, name)
        ca_data = base64.b64encode(self._ca.cert_pem.bytes()).decode()
        self.home.write(self.home.kubeconfig, access.kubeconfig(ways_in, ca_data))

    async def _open_cluster(self, stack: AsyncExitStack, name: str) -> tuple[str, str]:
        world = self.world
        cluster = Cluster(name, world.clock, world.delays, nodes=self.options.nodes)
        cluster.ca_certificate = self._ca.cert_pem.bytes().decode()
        found = diagnoser.written(cluster, lambda: world.azure.unreachable)
        cluster.programs[diagnoser.IMAGE] = found
        world.when_reset.append(cluster.reset)
        await stack.enter_async_context(cluster.running())
        watched = watch(world, "kubernetes")
        port = await self._open(stack, kubernetes_application(cluster, [watched]))
        url = f"https://127.0.0.1:{port}"
        self.clusters[name] = cluster
        self._ways_in.append(access.by_token(url, self.home.ca, cluster.token))
        return url, cluster.token

    def start_agents(self) -> None:
        """Let agents live in each cluster."""
        self._agents = [
            asyncio.create_task(self._live(Agents(self.world, way_in))) for way_in in self._ways_in
        ]

    async def stop_agents(self) -> None:
        """End all agents, whatever they are doing; what they knew goes with them."""
        for task in self._agents:
            task.cancel()
        await asyncio.gather(*self._agents, return_exceptions=True)

    async def _live(self, agents: Agents) -> None:
        """Let no task die unseen: tests ask the world for its crashes."""
        try:
            await agents.run()
        except Exception:
            self.world.crashes.append(traceback.format_exc())
            raise

    async def _hang_up(self) -> None:
        for door in self._doors:
            await door.hang_up()

    def _environment(self) -> dict[str, str]:
        base = self.world.base_url
        unproxied = no_proxy(self.options.hosts)
        return {
            "ARCCTL_CLOUD": base,
            "ARCCTL_RELAY_HOME": str(self.home.path / "relay"),
            "ARCCTL_RELAY_REGISTRY": base.partition("//")[2],
            "ARCCTL_SANDBOX_HOME": str(self.home.path),
            "ARCCTL_SANDBOX_SECRET": self.world.secret,
            "AZURE_AUTHORITY_HOST": base,
            "AZURE_CLIENT_ID": entra.FULL_RIGHTS.client_id,
            "AZURE_CLIENT_SECRET": entra.FULL_RIGHTS.secret,
            "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
            "AZURE_TENANT_ID": entra.TENANT,
            "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
            "IDENTITY_ENDPOINT": f"{base}/msi/token",
            "IDENTITY_HEADER": entra.IDENTITY_HEADER,
            "KUBECACHEDIR": str(self.home.path / "kube-cache"),
            "KUBECONFIG": str(self.home.kubeconfig),
            "NO_PROXY": unproxied,
            "REQUESTS_CA_BUNDLE": str(self.home.bundle),
            "SSL_CERT_FILE": str(self.home.bundle),
            "no_proxy": unproxied,
        }


def _world(options: Options) -> World:
    try:
        return World(PROFILES[options.profile], seed=options.seed)
    except ValueError as error:
        raise SandboxError("the sandbox cannot begin so", why=str(error)) from error


async def _server(stack: AsyncExitStack, app: web.Application) -> web.Server:
    # Access lines go to the journal, and a client that leaves must not hold up the end.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    assert runner.server is not None
    return runner.server


def _port_refused(port: int, error: OSError) -> SandboxError:
    hints = ("arcctl sandbox up --port 0",)
    if isinstance(error, PermissionError):
        return SandboxError(
            f"port {port} may not be opened",
            code="sandbox-port",
            why="ports below 1024 belong to root, unless the system says otherwise",
            hints=("sudo sysctl net.ipv4.ip_unprivileged_port_start=443", *hints),
        )
    return SandboxError(
        f"port {port} cannot be opened", code="sandbox-port", why=str(error), hints=hints
    )
