"""An API server of a few lines: HTTPS, a script of answers, a list of what was asked."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from aiohttp import web
from arcctl.clients.kubernetes import Kubernetes
from arcctl.settings import Flags, Settings
from tests.clients.serving import authority, serving, tls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PODS = "/api/v1/namespaces/harbor/pods"
VERSION = {"gitVersion": "v1.36.3"}


@dataclass
class Api:
    """Answers every request by `handle`, which a test sets; `seen` holds the requests."""

    folder: Path
    handle: Handler
    port: int = 0
    seen: list[web.Request] = field(default_factory=list)
    clients: list[Kubernetes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.authority = authority(self.folder)

    @asynccontextmanager
    async def running(self, *names: str) -> AsyncIterator[None]:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        async with serving(application, tls(self.authority, *names)) as self.port:
            yield
            for client in self.clients:
                await client.close()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        return await self.handle(request)

    def kubeconfig(
        self, name: str = "config", cluster: dict[str, Any] | None = None, **user: Any
    ) -> Path:
        """Write a kubeconfig with one context named harbor, and return its path."""
        about = {
            "server": f"https://127.0.0.1:{self.port}",
            "certificate-authority": "authority.pem",
        }
        path = self.folder / name
        write(path, about | (cluster or {}), user)
        return path

    async def client(self, path: Path | None = None, **flags: Any) -> Kubernetes:
        """Open the client that is under test."""
        client = await Kubernetes.open(settings(path or self.kubeconfig(), **flags))
        self.clients.append(client)
        return client


def settings(path: Path | None, environ: dict[str, str] | None = None, **flags: Any) -> Settings:
    """What a command line with `--kube-config path` comes to."""
    named = str(path) if path else None
    return Settings(environ=environ or {"PATH": "/bin"}, flags=Flags(kube_config=named, **flags))


def write(path: Path, cluster: dict[str, Any], user: dict[str, Any], name: str = "harbor") -> None:
    """Write a kubeconfig with one context."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": f"{name}-cluster", "user": name}}],
        "clusters": [{"name": f"{name}-cluster", "cluster": cluster}],
        "users": [{"name": name, "user": user}],
    }
    path.write_text(yaml.safe_dump(content))


def status(code: int, reason: str, message: str, **headers: str) -> web.Response:
    """A Status object, as the API server sends with every refusal."""
    body = {"kind": "Status", "status": "Failure", "code": code}
    body |= {"reason": reason, "message": message}
    return web.json_response(body, status=code, headers=headers)


def pod(name: str, version: int = 1) -> dict[str, Any]:
    """A pod of namespace harbor."""
    metadata = {"name": name, "namespace": "harbor", "resourceVersion": str(version)}
    return {"metadata": metadata}


def pod_list(*names: str, version: int = 1, token: str = "") -> web.Response:
    """One page of a list of pods."""
    metadata = {"resourceVersion": str(version), "continue": token}
    items = [pod(name) for name in names]
    return web.json_response(
        {"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items}
    )


async def events(request: web.Request, *sent: dict[str, Any], hold: bool = False) -> web.Response:
    """Stream watch events, then end the stream, or hold it open until the client goes."""
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    for event in sent:
        await response.write(json.dumps(event).encode() + b"\n")
    if hold:
        await asyncio.Event().wait()
    return response  # type: ignore[return-value]  # a stream is a response all the same


def event(kind: str, name: str, version: int) -> dict[str, Any]:
    """One watch event about a pod."""
    return {"type": kind, "object": pod(name, version)}
