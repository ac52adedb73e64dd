"""A proxy between arcctl and a service, with a certificate of its own: it reads bytes, and may lie.

It knows HTTP and nothing of the sandbox; what happens to an exchange is for a `Mind` to say.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tests.chaos.wire import Answer, Request, chunk, chunks, read_answer, read_head, read_request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Pass = Callable[[], Awaitable[Answer]]

_LIMIT = 2**24
_LINGER = struct.pack("ii", 1, 0)


class Reset(Exception):
    """The connection is to be broken here and now, after so many bytes of an answer."""

    def __init__(self, sent: bytes = b"") -> None:
        super().__init__("reset")
        self.sent = sent


class Mind(Protocol):
    """Decides what becomes of an exchange."""

    async def exchange(self, wire: str, request: Request, hand_on: Pass) -> Answer:
        """Return the answer; raise Reset to break the connection. `hand_on` may be called."""

    async def stream(self, wire: str, request: Request) -> int:
        """Return after how many chunks a stream breaks off; -1 for never. Raise Reset at once."""


@dataclass
class Proxy:
    """One listening port before one service."""

    wire: str
    upstream: int
    mind: Mind
    own: ssl.SSLContext
    trust: ssl.SSLContext
    port: int = 0
    troubles: list[str] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(self) -> None:
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", 0, ssl=self.own, limit=_LIMIT, backlog=256
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server
        self._server.close()
        for each in tuple(self._tasks):
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        except asyncio.CancelledError:
            pass
        except Exception as error:  # noqa: BLE001 - a proxy that fails must not go unseen
            self.troubles.append(repr(error))
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with _Upstream(self.upstream, self.trust) as upstream:
            while request := await read_request(reader):
                try:
                    await self._one(request, upstream, writer)
                except Reset as reset:
                    await _break(writer, reset.sent)
                    return
                if request.head.get("Connection").lower() == "close":
                    return

    async def _one(
        self, request: Request, upstream: _Upstream, writer: asyncio.StreamWriter
    ) -> None:
        if request.streams:
            await self._stream(request, upstream, writer)
            return
        answer = await self.mind.exchange(self.wire, request, lambda: upstream.ask(request))
        writer.write(answer.encoded())
        await writer.drain()

    async def _stream(
        self, request: Request, upstream: _Upstream, writer: asyncio.StreamWriter
    ) -> None:
        left = await self.mind.stream(self.wire, request)
        reader = await upstream.begin(request)
        head = await read_head(reader)
        if head is None:
            raise Reset
        writer.write(head.encoded())
        if not head.is_chunked:
            writer.write(await reader.readexactly(int(head.get("Content-Length") or 0)))
            await writer.drain()
            return
        async for each in chunks(reader):
            if left == 0:
                raise Reset
            left -= 1
            writer.write(chunk(each))
            await writer.drain()
        writer.write(chunk(b""))
        await writer.drain()


class _Upstream:
    """The connection on to the service; a new one wherever the last is spent."""

    def __init__(self, port: int, trust: ssl.SSLContext) -> None:
        self._port, self._trust = port, trust
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> _Upstream:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._drop()

    async def begin(self, request: Request) -> asyncio.StreamReader:
        """Send a request, and return where its answer is to be read."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                "127.0.0.1", self._port, ssl=self._trust, limit=_LIMIT
            )
        reader, writer = self._streams
        request.head.drop("Transfer-Encoding", "Expect")
        if request.body or request.writes:
            request.head.put("Content-Length", str(len(request.body)))
        writer.write(request.head.encoded() + request.body)
        await writer.drain()
        return reader

    async def ask(self, request: Request) -> Answer:
        """Hand a request on, and return what came back."""
        for last in (False, True):
            fresh = self._streams is None
            answer = await read_answer(await self.begin(request), request.method)
            if answer is None:
                self._drop()
                if fresh or last:
                    raise Reset
                continue
            if answer.head.get("Connection").lower() == "close":
                self._drop()
            return answer
        raise Reset

    def _drop(self) -> None:
        if self._streams:
            self._streams[1].transport.abort()
        self._streams = None


async def _break(writer: asyncio.StreamWriter, sent: bytes) -> None:
    """Send what is left to be sent, then end the connection with a TCP reset."""
    if sent:
        writer.write(sent)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
            # TLS has taken it; give the loop a turn to put it on the wire.
            await asyncio.sleep(0.02)
    raw = writer.transport.get_extra_info("socket")
    if raw is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    writer.transport.abort()
