"""The connections beneath azure-core: `requests`, in threads, with four habits of its own mended.

It would rewrite the signed URLs of long-running operations, prefer a password from `.netrc` to
our bearer token, read the bundle of authorities again for every connection, and keep a stopped
command waiting until the server has answered.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import requests
from azure.core.pipeline.transport import AsyncioRequestsTransport
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from arcctl.clients import bodies, fence
from arcctl.clients.channel import closed

if TYPE_CHECKING:
    import ssl

    from arcctl.clients.channel import Pace


class Transport(AsyncioRequestsTransport):  # type: ignore[misc] # loaded by a module's __getattr__
    """azure-core's transport over our session; closing it cuts what is under way."""

    def __init__(self, authorities: ssl.SSLContext, pace: Pace) -> None:
        self._adapter = _Adapter(authorities)
        session = _Session()
        session.mount("https://", self._adapter)
        super().__init__(session=session, connection_timeout=(pace.connect, pace.read))

    def open(self) -> None:
        """Refuse to start anew after closing; azure-core would, with a session that is not ours."""
        if self.session is None:
            raise closed()
        super().open()

    async def send(self, request: Any, **options: Any) -> Any:
        """Send each try of a request past the fence; a question sent as POST is one more glance."""
        await fence.passed(request.method)
        return await super().send(request, **options)

    async def close(self) -> None:
        """Close every connection, so that no thread waits for an answer nobody wants."""
        self._adapter.cut()
        AsyncioRequestsTransport.close(self)


class _Session(requests.Session):
    def __init__(self) -> None:
        super().__init__()
        self.auth = _keep_authorization

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Send the URL as it was given: the signature in a poll URL covers its bytes."""
        prepared = super().prepare_request(request)
        prepared.url = request.url if isinstance(request.url, str) else prepared.url
        return prepared

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        """Read the body in parts where requests would take it whole, however long; raise TooLong."""
        in_parts = how.get("stream")
        response = super().send(request, **how | {"stream": True})
        return response if in_parts else _read(response)


def _read(response: requests.Response) -> requests.Response:
    try:
        if bodies.packed_twice(response.headers):
            raise requests.exceptions.ContentDecodingError("packed several times")
        # Where requests itself keeps a body that it has read.
        response._content = bodies.whole(response.iter_content(bodies.PART))
        response._content_consumed = True  # type: ignore[attr-defined] # no public way
    except BaseException:
        response.close()
        raise
    return response


def _keep_authorization(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    return prepared


class _Adapter(HTTPAdapter):
    """Opens connections under one TLS context and remembers them."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._open: WeakSet[HTTPSConnection] = WeakSet()
        self._lock = threading.Lock()
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)
        self._count(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs, ssl_context=self._context)
        self._count(manager)
        return manager

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        """Leave trust to the context, which has read the bundle once."""
        host, _ = super().build_connection_pool_key_attributes(request, True, cert)
        return host, {"cert_reqs": "CERT_REQUIRED"}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        conn.cert_reqs = "CERT_REQUIRED"

    def cut(self) -> None:
        """End every connection; a thread that reads from one gets an error at once."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            if connection.sock is not None:
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def _count(self, manager: Any) -> None:
        opened, lock = self._open, self._lock

        class Connection(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                with lock:
                    opened.add(self)

        class Pool(HTTPSConnectionPool):
            ConnectionCls = Connection

        manager.pool_classes_by_scheme = {"http": HTTPConnectionPool, "https": Pool}
