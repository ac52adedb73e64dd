"""Hands a request on and its answer back, piece by piece, so that watches and logs stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

# What belongs to one connection, and what aiohttp writes itself.
_OF_THE_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
    "transfer-encoding", "upgrade", "host", "content-length", "accept-encoding",
    "content-encoding", "date", "server",
})  # fmt: skip


def without_hop(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that go on."""
    return {name: value for name, value in headers.items() if name.lower() not in _OF_THE_HOP}


async def handed_back(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    """Write an answer from further on to whoever asked here."""
    response = web.StreamResponse(status=answer.status, headers=without_hop(answer.headers))
    # Either side may leave in the midst of a watch; then the other one is cut off, too.
    try:
        await response.prepare(request)
        async for piece in answer.content.iter_any():
            await response.write(piece)
        await response.write_eof()
    except (ConnectionError, aiohttp.ClientError):
        if request.transport:
            request.transport.close()
    return response
