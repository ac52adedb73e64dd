"""A proxy on the way out, as the environment names it."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest
from arcctl import settings as settings_module
from arcctl.clients.arm import Arm
from arcctl.clients.identity import Identity
from arcctl.errors import AzureError
from arcctl.settings import Flags
from tests.clients.arm.conftest import FAST
from tests.clients.arm.server import CLUSTER, FOUND, Azure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from arcctl.clients.cloud import Cloud


class Proxy:
    """Opens a tunnel to wherever it is asked, or refuses with the status it is given."""

    def __init__(self) -> None:
        self.url = ""
        self.refuse = ""
        self.asked: list[str] = []
        self._piping: set[asyncio.Task[None]] = set()

    async def tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer CONNECT and carry bytes both ways."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head.splitlines()[0])
        if self.refuse:
            writer.write(f"HTTP/1.1 {self.refuse}\r\n\r\n".encode())
            await writer.drain()
            writer.close()
            return
        host, _, port = head.split()[1].rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for source, target in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(carry(source, target))
            self._piping.add(task)
            task.add_done_callback(self._piping.discard)

    async def close(self) -> None:
        """End all tunnels."""
        for task in self._piping:
            task.cancel()
        await asyncio.gather(*self._piping, return_exceptions=True)


async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Copy until one side ends."""
    try:
        while block := await source.read(65536):
            target.write(block)
    except ConnectionError:
        pass
    finally:
        target.close()


@pytest.fixture
async def proxy(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxy]:
    """A proxy that HTTPS_PROXY names and that nothing is exempt from."""
    proxy = Proxy()
    listening = await asyncio.start_server(proxy.tunnel, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "elsewhere.example")
    yield proxy
    listening.close()
    await proxy.close()


@pytest.fixture
async def arm(azure: Azure, cloud: Cloud, proxy: Proxy) -> AsyncIterator[Arm]:
    """A client that must go through it."""
    settings = settings_module.read(dict(os.environ), Flags())
    arm = Arm(settings, cloud, Identity(settings, cloud), pace=FAST)
    yield arm
    await arm.close()


async def test_requests_go_through_the_proxy(azure: Azure, arm: Arm, proxy: Proxy) -> None:
    """A tunnel is opened, and the certificate behind it is verified as always."""
    azure.say("GET", CLUSTER, FOUND)

    assert await arm.get(CLUSTER) == FOUND
    assert [line.split()[:2] for line in proxy.asked] == [
        ["CONNECT", azure.url.removeprefix("https://")]
    ]


async def test_a_proxy_that_refuses_is_told(azure: Azure, arm: Arm, proxy: Proxy) -> None:
    """The reason names the proxy and what it answered."""
    proxy.refuse = "407 Proxy Authentication Required"

    with pytest.raises(AzureError) as caught:
        await arm.get(CLUSTER)

    assert caught.value.code == "azure-unreachable"
    assert caught.value.why[0].startswith("the proxy: ")
    assert "407" in caught.value.why[0]
