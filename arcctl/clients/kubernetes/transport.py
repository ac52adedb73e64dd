"""One API server over one pool of connections: bytes in, bytes out.

Blocking, made for threads. Importing this module imports urllib3 and the `kubernetes` package.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import urllib3
from kubernetes.client.rest import is_socks_proxy_url, should_bypass_proxies
from kubernetes.utils.keepalive import tcp_keepalive_socket_options

import arcctl
from arcctl.clients import bodies
from arcctl.clients.kubernetes import trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.clients.kubernetes.sign_in import Session

log = logging.getLogger("arcctl.kubernetes")

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
CONNECTIONS = 16
PATIENCE = 3  # times that "later" (429, or 503 with Retry-After) is taken for an answer
LONGEST_WAIT = 10.0
LATER = (429, 503)


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `query` values may be lists, `headers` win over the usual ones."""

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """Path and query as they stand in the request line."""
        return f"{self.path}?{urlencode(self.query, doseq=True)}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer that has been read to its end."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    def close(self) -> None:
        """Nothing is open any more."""


def _whole(response: Any) -> Answer:
    try:
        if bodies.packed_twice(response.headers):
            raise urllib3.exceptions.DecodeError("packed several times")
        body = bodies.whole(response.stream(bodies.PART))
    except BaseException:
        response.close()
        raise
    return Answer(response.status, response.headers, body)


class Transport:
    """Sends requests with the session's credentials and the kubeconfig's TLS and proxy."""

    def __init__(self, session: Session, environ: Mapping[str, str]) -> None:
        self.server = session.chosen.server
        self.answered = False
        self._session = session
        self._environ = environ
        self._pool = self._connect()

    def _connect(self) -> urllib3.PoolManager:
        configuration = self._session.configuration
        options: dict[str, Any] = {
            "maxsize": CONNECTIONS,
            "ssl_context": self._session.tls,
            "socket_options": tcp_keepalive_socket_options(),
        }
        if configuration.tls_server_name:
            options["server_hostname"] = configuration.tls_server_name
        if self._session.insecure:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        proxy = self._proxy()
        if not proxy:
            return urllib3.PoolManager(**options)
        if is_socks_proxy_url(proxy):
            from urllib3.contrib.socks import SOCKSProxyManager

            return SOCKSProxyManager(proxy, **options)
        return urllib3.ProxyManager(proxy, **options)

    def _proxy(self) -> str | None:
        """Return the kubeconfig's own proxy, which knows no exceptions, or the environment's."""
        if named := self._session.chosen.cluster.get("proxy-url"):
            return str(named)
        url = urlsplit(self.server)
        name = f"{url.scheme}_proxy"
        found = self._environ.get(name) or self._environ.get(name.upper())
        spared = self._environ.get("no_proxy") or self._environ.get("NO_PROXY") or ""
        local = url.hostname == "localhost" or (url.hostname or "").startswith("127.")
        return None if local or should_bypass_proxies(self.server, spared) else found

    def send(self, request: Request) -> bytes:
        """Return the body of a good answer; raise as `trouble` says for any other.

        "Later" (429, or 503 that names a time) is waited for, a few times.
        """
        response = self._answered(request)
        for _ in range(PATIENCE):
            wait = response.headers.get("Retry-After", "")
            if response.status not in LATER or not wait.isdecimal():
                break
            time.sleep(min(float(wait), LONGEST_WAIT))
            response = self._answered(request)
        if response.status >= 400:
            raise trouble.from_status(request.method, request.path, response.status, response.data)
        return bytes(response.data)

    def date_of(self, request: Request) -> str:
        """Return when the server says that it answered, "" where it does not say."""
        response = self._answered(request)
        if response.status >= 400:
            raise trouble.from_status(request.method, request.path, response.status, response.data)
        return str(response.headers.get("Date", ""))

    def stream(self, request: Request, *, read: float) -> Any:
        """Open an answer that is read as it comes; the caller closes the response."""
        response = self._answered(request, stream=read)
        if response.status >= 400:
            body = response.read(bodies.REFUSAL)
            response.close()
            raise trouble.from_status(request.method, request.path, response.status, body)
        return response

    def _answered(self, request: Request, stream: float | None = None) -> Any:
        """Ask, and once more where a credential or a pooled connection had gone stale."""
        try:
            response = self._asked(request, stream)
        except urllib3.exceptions.ProtocolError as error:
            if request.method != "GET":
                raise trouble.from_failure(self.server, error) from error
            response = self._asked_again(request, stream)
        if response.status == 401 and self._session.renew():
            response.close()
            self._pool = self._connect()
            response = self._asked_again(request, stream)
        return response

    def _asked_again(self, request: Request, stream: float | None) -> Any:
        try:
            return self._asked(request, stream)
        except urllib3.exceptions.ProtocolError as error:
            raise trouble.from_failure(self.server, error) from error

    def _asked(self, request: Request, stream: float | None) -> Any:
        began = time.monotonic()
        try:
            response = self._pool.request(
                request.method,
                self.server + request.target,
                body=request.body,
                headers=self._headers(request),
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=stream or READ_SECONDS),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            self.answered = True
            found = response if stream else _whole(response)
        except urllib3.exceptions.ProtocolError:
            raise
        except urllib3.exceptions.HTTPError as error:
            raise trouble.from_failure(self.server, error) from error
        except bodies.TooLong as error:
            raise trouble.unusable(request.method, request.path, bodies.WRONG) from error
        except (ValueError, TypeError, AttributeError, AssertionError, LookupError) as error:
            # What the kubeconfig asks for cannot be sent; the library's words may quote secrets.
            raise trouble.unsendable(self.server, error) from None
        spent = 1e3 * (time.monotonic() - began)
        log.debug("%s %s: %d, %.0f ms", request.method, request.path, response.status, spent)
        return found

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": f"arcctl/{arcctl.__version__}"}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        if authorization := self._session.authorization():
            headers["Authorization"] = authorization
        return headers | dict(request.headers)

    def close(self) -> None:
        """Close every connection that is not in use."""
        self._pool.clear()
