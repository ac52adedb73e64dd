"""Serves an aiohttp application over HTTPS on loopback, for as long as a block lasts."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager, suppress
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
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield runner.addresses[0][1]
    finally:
        assert runner.server is not None
        open_ones = [each.transport for each in runner.server.connections if each.transport]
        await runner.cleanup()
        # TLS closes in several turns of a loop that ends with the test; abort needs two.
        for transport in open_ones:
            # Python 3.11.2 has forgotten, by now, what it would abort.
            with suppress(AttributeError):
                transport.abort()
        for _ in range(3):
            await asyncio.sleep(0)
