"""One port that speaks TLS and, to whoever does not, plain HTTP (`dependencies.md` 1).

A chart has one reference for every client, but helm 3 speaks plain HTTP to a registry on loopback
and never tries TLS there, while helm 4 insists on TLS. The first byte of a connection tells them
apart: a TLS handshake starts with 0x16, no HTTP method does.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Coroutine

    Protocols = Callable[[], asyncio.BaseProtocol]

_TLS_HANDSHAKE = b"\x16"


class Door:
    """Sends each connection to the protocol of its language; `plain` is None where all is TLS."""

    def __init__(self, tls: ssl.SSLContext, secure: Protocols, plain: Protocols | None) -> None:
        self._tls = tls
        self._secure = secure
        self._plain = plain
        self._tasks: set[asyncio.Task[None]] = set()
        self._sockets: list[socket.socket] = []
        self._connections: WeakSet[asyncio.Transport] = WeakSet()

    def open(self, port: int) -> int:
        """Listen on loopback, and return the port, which the system chooses when `port` is 0."""
        port = self._listen(socket.AF_INET, "127.0.0.1", port)
        # `localhost` means this one first on some machines; others do not have it at all.
        with contextlib.suppress(OSError):
            self._listen(socket.AF_INET6, "::1", port)
        return port

    def _listen(self, family: socket.AddressFamily, address: str, port: int) -> int:
        listener = socket.create_server((address, port), family=family, backlog=256)
        listener.setblocking(False)
        self._sockets.append(listener)
        self._start(self._accept(listener))
        return int(listener.getsockname()[1])

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for listener in self._sockets:
            listener.close()

    async def hang_up(self) -> None:
        """End the connections that the servers, which are closed by now, have left half closed."""
        for each in list(self._connections):
            each.abort()
        # TLS lets go of a connection in one turn of the loop, the socket is closed in the next.
        for _ in range(3):
            await asyncio.sleep(0)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(listener)
            self._start(self._greet(connection))

    async def _greet(self, connection: socket.socket) -> None:
        """Hand the connection on; a caller who breaks off in the handshake is nobody's error."""
        loop = asyncio.get_running_loop()
        protocol: Protocols = self._secure
        tls: ssl.SSLContext | None = self._tls
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._plain and await _first_byte(connection) != _TLS_HANDSHAKE:
                protocol, tls = self._plain, None
            transport, _ = await loop.connect_accepted_socket(protocol, connection, ssl=tls)
            self._connections.add(transport)
        except BaseException as error:
            connection.close()
            if not isinstance(error, OSError):
                raise


async def _first_byte(connection: socket.socket) -> bytes:
    """Look at the first byte without taking it."""
    loop = asyncio.get_running_loop()
    readable = loop.create_future()
    loop.add_reader(connection, _settle, readable)
    try:
        await readable
    finally:
        loop.remove_reader(connection)
    return connection.recv(1, socket.MSG_PEEK)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
