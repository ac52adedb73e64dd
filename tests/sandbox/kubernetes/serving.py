"""Puts a cluster on a TLS port of its own, with a kubeconfig, as the sandbox does."""

from __future__ import annotations

import json
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
import trustme
from arcctl.sandbox.kubernetes import Cluster, application
from tests.clients import serving as ports
from tests.sandbox.programs import output, ran

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Answer:
    """What came back over the wire."""

    status: int
    body: Any
    headers: dict[str, str]


@dataclass
class Served:
    """A cluster that answers on a port; `call` speaks to it as curl would."""

    cluster: Cluster
    server: str
    kubeconfig: Path
    session: aiohttp.ClientSession

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        token: str | None = None,
        **headers: str,
    ) -> Answer:
        """Send one request; a body that is not bytes goes out as JSON."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {token or self.cluster.token}"} | headers
        if data is not None:
            sent["Content-Type"] = content_type
        async with self.session.request(
            method, f"{self.server}{path}", data=data, headers=sent
        ) as answer:
            text = await answer.text()
            is_json = answer.content_type == "application/json" and "watch=" not in path
            return Answer(
                answer.status, json.loads(text) if is_json else text, dict(answer.headers)
            )

    async def watch(self, path: str, **headers: str) -> list[Any]:
        """Read a watch to its end and return its events."""
        answer = await self.call("GET", path, **headers)
        return [json.loads(line) for line in str(answer.body).splitlines()]

    async def run(self, program: Path, *arguments: object, stdin: str = "") -> str:
        """Run helm or kubectl against this cluster, insist on success, return stdout."""
        environment = {"KUBECONFIG": str(self.kubeconfig)}
        return await output(program, *arguments, environment=environment, stdin=stdin)

    async def attempt(self, program: Path, *arguments: object, stdin: str = "") -> Any:
        """Run helm or kubectl and return exit code, stdout and stderr."""
        environment = {"KUBECONFIG": str(self.kubeconfig)}
        return await ran(program, *arguments, environment=environment, stdin=stdin)


def write_kubeconfig(path: Path, server: str, ca_file: Path, token: str) -> Path:
    """Write a kubeconfig that signs in with a bearer token."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "sandbox",
        "clusters": [
            {
                "name": "sandbox",
                "cluster": {"server": server, "certificate-authority": str(ca_file)},
            }
        ],
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": "admin"}}],
        "users": [{"name": "admin", "user": {"token": token}}],
    }
    path.write_text(json.dumps(content))
    path.chmod(0o600)
    return path


@asynccontextmanager
async def serving(cluster: Cluster, folder: Path) -> AsyncIterator[Served]:
    """Serve a cluster over TLS as long as the block lasts."""
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST).configure_cert(context)
    cluster.ca_certificate = ca_file.read_text()
    async with ports.serving(application(cluster), context) as port:
        server = f"https://{HOST}:{port}"
        kubeconfig = write_kubeconfig(folder / "kubeconfig", server, ca_file, cluster.token)
        trusting = ssl.create_default_context(cafile=str(ca_file))
        connector = aiohttp.TCPConnector(ssl=trusting)
        async with cluster.running(), aiohttp.ClientSession(connector=connector) as session:
            yield Served(cluster, server, kubeconfig, session)
