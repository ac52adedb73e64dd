"""Hands a request on and its answer back, piece by piece, so that watches and logs stream."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

# What belongs to one connection, and what aiohttp writes itself.
_OF_THE_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
    "transfer-encoding", "upgrade", "host", "content-length", "accept-encoding",
    "content-encoding", "date", "server",
})  # fmt: skip
_LOOK = 0.2


def without_hop(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that go on."""
    return {name: value for name, value in headers.items() if name.lower() not in _OF_THE_HOP}


async def handed_back(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    """Write an answer from further on to whoever asked here; one side's end is the other's, too."""
    response = web.StreamResponse(status=answer.status, headers=without_hop(answer.headers))
    try:
        await response.prepare(request)
        async for piece in _pieces(request, answer):
            await response.write(piece)
        await response.write_eof()
    except (ConnectionError, aiohttp.ClientError):
        if request.transport:
            request.transport.close()
    return response


async def _pieces(request: web.Request, answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Yield what comes, for as long as somebody reads it: in a watch nothing may come for long."""
    while True:
        reading = asyncio.ensure_future(answer.content.readany())
        try:
            piece = await _come(request, reading)
        finally:
            reading.cancel()
        if not piece:
            return
        yield piece


async def _come(request: web.Request, reading: asyncio.Future[bytes]) -> bytes:
    while not reading.done():
        await asyncio.wait({reading}, timeout=_LOOK)
        if request.transport is None or request.transport.is_closing():
            raise ConnectionResetError("nobody reads any more")
    return reading.result()
