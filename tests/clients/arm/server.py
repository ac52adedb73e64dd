"""A small Azure of one port, which answers as it is told and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import trustme
from aiohttp import web
from tests.clients.serving import serving

if TYPE_CHECKING:
    from pathlib import Path

TENANT = "11111111-0000-4000-8000-0000000000aa"
SUBSCRIPTION = "22222222-0000-4000-8000-000000000001"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/edge"
CLUSTER = f"{GROUP}/providers/Microsoft.Kubernetes/connectedClusters/harbor"

HARBOR: dict[str, Any] = {"id": CLUSTER, "name": "harbor", "location": "eastus"}
FOUND = HARBOR | {"properties": {}}
"""A resource of which nothing matters but that it is one."""

AUTHORITY = trustme.CA()
_CERTIFICATE = AUTHORITY.issue_cert("127.0.0.1", "localhost")


@dataclass
class Say:
    """One answer: a status, a body (JSON, or raw text), headers; `cut` closes the socket instead.

    `cut` is "before" (nothing is sent) or "mid" (half of the body is). `hold` waits for the event.
    """

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: str | bytes | None = None
    cut: str = ""
    hold: asyncio.Event | None = None

    @property
    def content(self) -> bytes:
        if isinstance(self.raw, bytes):
            return self.raw
        text = self.raw or ("" if self.body is None else json.dumps(self.body))
        return text.encode()


@dataclass(frozen=True)
class Asked:
    """One request as it came over the wire; `target` is the path with its query, byte by byte.

    `peer` is the client's end of the connection: requests over one connection have the same.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: str
    peer: str

    @property
    def token(self) -> str | None:
        value = self.headers.get("Authorization")
        return value.removeprefix("Bearer ") if value else None


class Azure:
    """Answers are queued per method and path; the last one of a queue is repeated."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self.arrived = asyncio.Event()
        self._said: dict[tuple[str, str], list[Say]] = defaultdict(list)
        self._open = AsyncExitStack()
        self.tokens = 0
        self.lifetime = 3600
        self.sign_in_error: dict[str, Any] | None = None

    def say(self, method: str, path: str, *answers: Say | dict[str, Any]) -> None:
        """Queue answers; a dict stands for a 200 with that body."""
        queue = self._said[method, path.lower()]
        queue.extend(each if isinstance(each, Say) else Say(each) for each in answers)

    def say_only(self, method: str, path: str, *answers: Say | dict[str, Any]) -> None:
        """Drop what is queued, and queue these."""
        self._said.pop((method, path.lower()), None)
        self.say(method, path, *answers)

    def forget(self) -> None:
        """Begin to count anew."""
        self.asked.clear()
        self.arrived.clear()

    def targets(self, method: str = "") -> list[str]:
        """What was asked, in order, sign-in and metadata left aside."""
        return [
            each.target
            for each in self.asked
            if method in {"", each.method} and "/oauth2/" not in each.target
        ]

    async def __aenter__(self) -> Self:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certify(context)
        app = web.Application()
        app.router.add_route("*", "/{anything:.*}", self._answer)
        port = await self._open.enter_async_context(serving(app, context))
        self.url = f"https://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        peer = str(request.transport and request.transport.get_extra_info("peername"))
        self.asked.append(
            Asked(request.method, request.raw_path, dict(request.headers), body, peer)
        )
        self.arrived.set()
        path = request.raw_path.partition("?")[0].lower()
        answer = self._built_in(path)
        queue = self._said.get((request.method, path))
        if queue:
            answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if answer is None:
            answer = Say({"error": {"code": "ResourceNotFound", "message": f"no {path}"}}, 404)
        return await self._send(request, answer)

    async def _send(self, request: web.Request, answer: Say) -> web.StreamResponse:
        if answer.hold:
            await answer.hold.wait()
        if answer.cut == "before":
            _abort(request)
        headers = {"Content-Type": "application/json", **answer.headers}
        if answer.cut == "mid":
            headers["Content-Length"] = str(len(answer.content))
            response = web.StreamResponse(status=answer.status, headers=headers)
            await response.prepare(request)
            await response.write(answer.content[: len(answer.content) // 2])
            _abort(request)
            return response
        return web.Response(status=answer.status, body=answer.content, headers=headers)

    def _built_in(self, path: str) -> Say | None:
        if path.endswith("/metadata/endpoints"):
            return Say(self.metadata())
        if path.endswith("/openid-configuration"):
            base = f"{self.url}/{TENANT}"
            return Say(
                {
                    "issuer": f"{base}/v2.0",
                    "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{base}/oauth2/v2.0/token",
                }
            )
        return self._token() if path.endswith("/oauth2/v2.0/token") else None

    def metadata(self) -> dict[str, Any]:
        """What `/metadata/endpoints` says of this cloud."""
        return {
            "name": "HarborCloud",
            "portal": f"{self.url}/portal/",
            "authentication": {
                "loginEndpoint": f"{self.url}/",
                "audiences": [f"{self.url}/"],
                "tenant": "common",
            },
            "resourceManager": f"{self.url}/",
            "microsoftGraphResourceId": f"{self.url}/graph/",
            "dataplaneEndpoints": {"arcConfigEndpoint": f"{self.url}/dp/"},
        }

    def _token(self) -> Say:
        if self.sign_in_error:
            return Say(self.sign_in_error, 401)
        self.tokens += 1
        return Say(
            {
                "token_type": "Bearer",
                "expires_in": self.lifetime,
                "ext_expires_in": self.lifetime,
                "access_token": f"token-{self.tokens}",
            }
        )


def _abort(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()


def certify(context: ssl.SSLContext) -> None:
    """Let a server speak for 127.0.0.1 and localhost."""
    _CERTIFICATE.configure_cert(context)


def trust(folder: Path) -> Path:
    """Write the authority where REQUESTS_CA_BUNDLE can point to."""
    path = folder / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(str(path))
    return path
