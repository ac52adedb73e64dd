"""The near end of cluster connect (`connectedk8s.md` B.6): two ports on loopback.

    https   GET /identity/poppublickey · POST /identity/at · * /HASH/… (the cluster's API)
    http    POST /subscriptions/…/connectedClusters/NAME/register?api-version=2020-10-01

It takes exactly what the real one is sent, and says with 400 what else it got. The far end is the
sandbox (`far.py`), found by the configuration alone; there every token is judged, at every
request, by the sandbox's clock.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import signal
import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import trustme
import yaml
from aiohttp import web

from arcctl.model.resource_id import ClusterId
from arcctl.sandbox.relay.far import AUDIENCE, TOKEN_HEADER, address_of
from arcctl.sandbox.relay.passing import handed_back, without_hop
from arcctl.sandbox.relay.words import (
    API_VERSION,
    Config,
    Malformed,
    read_proof,
    read_registration,
)

_PATIENCE = aiohttp.ClientTimeout(total=None, sock_connect=10)


@dataclass
class Near:
    """One session's program. `key` is the key that access tokens must be bound to."""

    config: Config
    ca: trustme.CA
    session: aiohttp.ClientSession
    key: str = ""
    access_token: str = ""
    connection: dict[str, Any] = field(default_factory=dict)
    address: str = ""
    # So that nobody else on this machine gets in through the port.
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    async def public_key(self, _request: web.Request) -> web.Response:
        self.key = self.key or secrets.token_hex(16)
        return web.json_response({"publicKey": {"kid": self.key, "kty": "RSA", "alg": "RS256"}})

    async def identify(self, request: web.Request) -> web.Response:
        """Take an access token that is bound to our key."""
        proof = read_proof(await request.read(), self.config, AUDIENCE)
        if not self.key or proof["kid"] != self.key:
            return web.Response(status=500, text="public key expired")
        asked = {
            **{name: proof[name] for name in ("accessToken", "kid", "tenantID")},
            "clientID": self.config.client,
        }
        async with self.session.post(f"{self.config.relay}/$hc/proof", json=asked) as answer:
            if answer.status == 410:
                self.key = ""
                return web.Response(status=500, text="public key expired")
            if answer.status != 204:
                return web.Response(status=401, text="the access token does not fit")
        self.access_token = proof["accessToken"]
        return web.json_response({})

    async def register(self, request: web.Request) -> web.Response:
        """Open the connection that the credential is for, and say how kubectl gets to it."""
        cluster = _cluster_of(request)
        registration = read_registration(await request.read())
        if self.config.client and not self.access_token:
            raise Malformed("nobody has said who is asking")
        connection = registration.connection
        where = f"{self.config.relay}/$hc/{connection['hybridConnectionName']}"
        headers = {TOKEN_HEADER: connection["token"]}
        async with self.session.get(where, headers=headers) as answer:
            if answer.status != 204:
                return web.Response(status=401, text=await answer.text())
        self.connection, self.address = connection, address_of(cluster.path)
        config = self._pointed_here(registration.kubeconfig)
        value = base64.b64encode(yaml.safe_dump(config).encode()).decode()
        return web.json_response({"kubeconfigs": [{"name": "Kubeconfig", "value": value}]})

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        """Send a request to the cluster through the connection."""
        address, _, _ = request.path[1:].partition("/")
        if not self.connection or f"/{address}" != self.address:
            return web.Response(status=404, text="no such cluster is registered here")
        headers = without_hop(request.headers) | {TOKEN_HEADER: self.connection["token"]}
        if self.config.client:
            if headers.get("Authorization") != f"Bearer {self.password}":
                return web.Response(status=401, text="not from the kubeconfig of this session")
            headers["Authorization"] = f"Bearer {self.access_token}"
        name = self.connection["hybridConnectionName"]
        path = request.rel_url.raw_path_qs.removeprefix(self.address)
        url = f"{self.config.relay}/$hc/{name}{path}"
        asked = self.session.request(
            request.method, url, headers=headers, data=await request.read() or None
        )
        async with asked as answer:
            return await handed_back(request, answer)

    def _pointed_here(self, config: dict[str, Any]) -> dict[str, Any]:
        server = f"https://127.0.0.1:{self.config.https_port}{self.address}"
        authority = base64.b64encode(self.ca.cert_pem.bytes()).decode()
        config["clusters"][0]["cluster"] = {
            "server": server,
            "certificate-authority-data": authority,
        }
        if self.config.client:
            config["users"][0]["user"] = {"token": self.password}
        return config


def _cluster_of(request: web.Request) -> ClusterId:
    if request.query.get("api-version") != API_VERSION:
        raise Malformed(f"api-version must be {API_VERSION}")
    return ClusterId.parse(request.path.removesuffix("/register"))


@web.middleware
async def _say_what_is_wrong(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        answer: web.StreamResponse = await handler(request)
        return answer
    except Malformed as malformed:
        return web.json_response({"error": str(malformed)}, status=400)
    except aiohttp.ClientError as error:
        return web.Response(status=502, text=f"the relay cannot be reached: {error}")


def _applications(near: Near) -> tuple[web.Application, web.Application]:
    """Return what answers on the http port, and on the https port."""
    inner, outer = (web.Application(middlewares=[_say_what_is_wrong]) for _ in range(2))
    inner.router.add_post("/{cluster:subscriptions/.+}/register", near.register)
    outer.router.add_get("/identity/poppublickey", near.public_key)
    outer.router.add_post("/identity/at", near.identify)
    outer.router.add_route("*", "/{path:.*}", near.pass_on)
    return inner, outer


async def live(config: Config) -> None:
    """Keep both ports open until SIGTERM or SIGINT."""
    over, ca = asyncio.Event(), trustme.CA()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("localhost", "127.0.0.1").configure_cert(tls)
    async with AsyncExitStack() as stack:
        session = aiohttp.ClientSession(timeout=_PATIENCE, read_bufsize=2**20)
        near = Near(config, ca, await stack.enter_async_context(session))
        inner, outer = _applications(near)
        for app, port, context in (
            (inner, config.http_port, None),
            (outer, config.https_port, tls),
        ):
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
        await over.wait()
