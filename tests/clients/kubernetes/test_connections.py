"""A connection is verified, goes through proxies, and fails soon and clearly."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from arcctl.clients.kubernetes import Kubernetes, client
from arcctl.errors import ClusterError
from tests.clients.kubernetes.api import PODS, VERSION, Api, settings, write
from tests.clients.serving import authority, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


async def unreachable(cluster: Kubernetes) -> str:
    """Ask for the version, and return why that did not work."""
    with pytest.raises(ClusterError) as raised:
        await cluster.version()
    assert (raised.value.code, raised.value.status) == ("AZK8S0202", 0)
    assert cluster.server in raised.value.message
    return " ".join(raised.value.why)


async def test_a_refused_connection_says_so(tmp_path: Path) -> None:
    """Nothing listens there."""
    write(tmp_path / "config", {"server": "https://127.0.0.1:1"}, {})
    assert "refused" in await unreachable(await Kubernetes.open(settings(tmp_path / "config")))


async def test_a_name_that_does_not_resolve_says_so(tmp_path: Path) -> None:
    """The reserved top level domain has no names."""
    write(tmp_path / "config", {"server": "https://harbor.invalid"}, {})
    assert await unreachable(await Kubernetes.open(settings(tmp_path / "config")))


async def test_a_server_that_never_answers_is_given_up(tmp_path: Path) -> None:
    """It accepts the connection and says nothing; the first answer is bounded as a whole."""
    assert client.FIRST_ANSWER_SECONDS <= 10
    with socket.create_server(("127.0.0.1", 0)) as silent:
        write(tmp_path / "config", {"server": f"https://127.0.0.1:{silent.getsockname()[1]}"}, {})
        cluster = await Kubernetes.open(settings(tmp_path / "config"))
        async with asyncio.timeout(client.FIRST_ANSWER_SECONDS + 10):
            assert await unreachable(cluster) == "no answer in time"


async def test_plain_http_is_spoken_where_the_kubeconfig_says_so(tmp_path: Path) -> None:
    """`kubectl proxy` listens so."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"path": request.path})

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    async with serving(application) as port:
        write(tmp_path / "config", {"server": f"http://127.0.0.1:{port}/prefix/"}, {})
        cluster = await Kubernetes.open(settings(tmp_path / "config"))
        assert await cluster.version() == {"path": "/prefix/version"}
        await cluster.close()


async def test_a_foreign_certificate_is_refused(api: Api, tmp_path: Path) -> None:
    """TLS is verified against the kubeconfig's authority and no other."""
    (tmp_path / "other").mkdir()
    authority(tmp_path / "other")
    path = api.kubeconfig(cluster={"certificate-authority": "other/authority.pem"})
    assert "not trusted" in await unreachable(await api.client(path))
    assert not api.seen


async def test_verification_can_be_switched_off(api: Api, tmp_path: Path) -> None:
    """By the flag, and by the kubeconfig, and the client tells that it is."""
    flagged = await api.client(skip_ssl_verification=True)
    assert flagged.insecure
    await flagged.version()
    path = api.kubeconfig("insecure", {"insecure-skip-tls-verify": True})
    path.write_text(path.read_text().replace("certificate-authority: authority.pem", ""))
    told = await api.client(path)
    assert told.insecure
    await told.version()


async def test_the_servers_name_can_be_another(tmp_path: Path) -> None:
    """`tls-server-name` is asked for and checked instead of the address."""

    async def empty(request: web.Request) -> web.StreamResponse:
        return web.json_response(VERSION)

    api = Api(tmp_path, empty)
    async with api.running("harbor.example"):
        plain = await api.client()
        assert "not trusted" in await unreachable(plain)
        named = await api.client(api.kubeconfig(cluster={"tls-server-name": "harbor.example"}))
        assert await named.version() == VERSION


async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one CONNECT."""
    asked = (await reader.readuntil(b"\r\n\r\n")).decode()
    host, port = asked.split()[1].split(":")
    there, back = await asyncio.open_connection(host, int(port))
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")

    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(2**16):
            target.write(data)
        target.close()

    await asyncio.gather(copy(reader, back), copy(there, writer))


@pytest.fixture
async def proxy() -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy on loopback: its URL, and a note for every tunnel."""
    tunnels: list[str] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tunnels.append("tunnel")
        await tunnel(reader, writer)

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", tunnels
    server.close()


async def test_the_kubeconfigs_proxy_is_used(api: Api, proxy: tuple[str, list[str]]) -> None:
    """`proxy-url` counts, whatever the environment says."""
    url, tunnels = proxy
    path = api.kubeconfig(cluster={"proxy-url": url})
    cluster = await Kubernetes.open(settings(path, {"NO_PROXY": "*"}))
    await cluster.version()
    await cluster.close()
    assert tunnels == ["tunnel"]


async def test_the_environments_proxy_is_not_for_this_machine(
    api: Api, proxy: tuple[str, list[str]]
) -> None:
    """A cluster on loopback is reached directly, as kubectl does."""
    url, tunnels = proxy
    cluster = await Kubernetes.open(settings(api.kubeconfig(), {"HTTPS_PROXY": url}))
    await cluster.version()
    await cluster.close()
    assert tunnels == []


async def test_a_cancelled_request_does_not_hold_the_caller(api: Api) -> None:
    """Ctrl-C ends the wait, though the server still thinks."""
    asked = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.set()
        await asyncio.Event().wait()
        return web.json_response(VERSION)

    api.handle = answer
    cluster = await api.client()
    task = asyncio.create_task(cluster.get(PODS))
    await asked.wait()
    task.cancel()
    async with asyncio.timeout(2):
        with pytest.raises(asyncio.CancelledError):
            await task
