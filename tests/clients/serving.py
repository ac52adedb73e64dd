"""Serves an aiohttp application over HTTPS on loopback, for as long as a block lasts."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import trustme
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


def tls(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    """A server's context, which also looks at client certificates that are shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*(names or ("localhost", "127.0.0.1"))).configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def authority(folder: Path) -> trustme.CA:
    """A new authority, whose certificate stands in `folder` as authority.pem."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(folder / "authority.pem"))
    return made


@asynccontextmanager
async def serving(
    application: web.Application, context: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Yield the port."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield runner.addresses[0][1]
    finally:
        port = runner.addresses[0][1]
        await runner.cleanup()
        await _cut(port)


async def _cut(port: int) -> None:
    """End what still hangs on a port: TLS closes in several turns of a loop that ends with the test.

    The runner knows none of those that were left in the middle of their handshake.
    """
    transports = asyncio.get_running_loop()._transports  # type: ignore[attr-defined]  # asyncio has no public name for it
    for transport in list(transports.values()):
        if (transport.get_extra_info("sockname") or (0, 0))[1] == port:
            transport.abort()
    for _ in range(3):
        await asyncio.sleep(0)
