"""The sandbox's port speaks TLS, and plain HTTP only where helm 3 leaves no choice."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from arcctl.sandbox.server import Sandbox

CATALOGUE = "/v2/azurearck8s/batch1/stable/azure-arc-k8sagents/tags/list"


async def _status(sandbox: Sandbox, scheme: str, path: str, host: str = "127.0.0.1") -> int:
    trust = ssl.create_default_context(cafile=sandbox.environment["SSL_CERT_FILE"])
    url = f"{scheme}://{host}:{sandbox.port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url, ssl=trust) as answer:
        return answer.status


async def test_charts_are_served_in_both_languages(sandbox: Sandbox) -> None:
    """The first byte of a connection decides."""
    assert await _status(sandbox, "https", CATALOGUE) == 200
    assert await _status(sandbox, "http", CATALOGUE) == 200


async def test_azure_is_never_served_in_the_clear(sandbox: Sandbox) -> None:
    """Tokens must not travel without TLS, so nothing but the registry answers plain HTTP."""
    path = "/metadata/endpoints?api-version=2022-09-01"
    assert await _status(sandbox, "https", path) == 200
    assert await _status(sandbox, "http", path) == 404


async def test_the_certificate_names_localhost_too(sandbox: Sandbox) -> None:
    """Whichever name of loopback a client takes, it finds a certificate that fits."""
    assert await _status(sandbox, "https", CATALOGUE, "localhost") == 200


async def test_a_caller_who_says_nothing_keeps_nobody_waiting(sandbox: Sandbox) -> None:
    """An idle connection, and one that breaks off in the handshake, leave the port open."""
    _, silent = await asyncio.open_connection("127.0.0.1", sandbox.port)
    _, rude = await asyncio.open_connection("127.0.0.1", sandbox.port)
    rude.write(b"\x16\x03\x01")
    await rude.drain()
    rude.close()
    assert await _status(sandbox, "https", CATALOGUE) == 200
    silent.close()


async def test_every_exchange_with_the_registry_is_in_the_journal(sandbox: Sandbox) -> None:
    """Faults and the journal work for charts as for everything else."""
    plan = {"service": "registry", "path": "tags", "action": {"status": 503}}
    fault = sandbox.world.faults.add(plan)
    assert await _status(sandbox, "https", CATALOGUE) == 503
    assert await _status(sandbox, "https", CATALOGUE) == 200
    assert sandbox.world.faults.happened(fault.id) == 1
    entries = sandbox.world.journal.select(service="registry")
    assert [entry.status for entry in entries] == [503, 200]
