"""JSON over HTTPS to Azure, under arcctl's rules for tokens, retries, headers and errors.

Built on azure-core's pipeline with the transport of `requests` (`dependencies.md` 5), which is
imported when the first request is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, quote, urlsplit

from arcctl.clients import authorities
from arcctl.clients.importing import load
from arcctl.errors import AzureError
from arcctl.model.bounded import loads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.pipeline import AsyncPipeline

    from arcctl.clients.answers import Expected
    from arcctl.clients.identity import Identity
    from arcctl.clients.transport import Transport
    from arcctl.settings import Settings

_IN_QUERY = "$'(),"
READ = "arcctl.read"  # where the pipeline leaves the JSON that it has read to judge it
_QUESTIONS = frozenset({"GET", "HEAD", "POST"})


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait, in seconds; tests pass shorter times.

    `polls` are the pauses between looks at a long-running operation where Azure names none, the
    last one repeated: looks at 1, 2, 3, 5, 7, 10, 15, … s, because most of Arc's operations end
    after 5 to 9 s (`connectedk8s.md` G.2); `longest` is when arcctl stops looking. A request is
    tried again at most `retries` times and never after `patience`; the pauses are 0, 2, 4, 8, …
    times `backoff`. What was not found is looked for again after `again`.
    """

    polls: tuple[float, ...] = (1, 1, 1, 2, 2, 3, 5)
    longest: float = 3600
    retries: int = 5
    backoff: float = 0.2
    patience: float = 60
    again: float = 1
    connect: float = 5
    read: float = 70


HURRIED = Pace(retries=0, connect=1, read=2)
"""For a person in the midst of typing: what is not there at once does not matter."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: HTTP status, headers in any case, the JSON body (None where it was empty)."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Token:
    """Whose token, for what audience, and the hosts (`name` or `name:port`) that may see it."""

    identity: Identity
    audience: str
    hosts: frozenset[str]


class Channel:
    """A way to some hosts. Without a token every host may be asked, and none learns who asks."""

    def __init__(
        self, settings: Settings, token: Token | None = None, *, pace: Pace | None = None
    ) -> None:
        self._settings = settings
        self._token = token
        self._pace = pace or Pace()
        self._pipeline: AsyncPipeline[Any, Any] | None = None
        self._transport: Transport | None = None
        self._root: Channel = self
        self._closed = False
        self._authorities = authorities.reading(settings.environ)

    def beside(self, token: Token) -> Channel:
        """Return a channel for another token over the same connections, which this one closes."""
        other = Channel(self._settings, token, pace=self._pace)
        other._root = self._root
        return other

    @property
    def pipeline(self) -> AsyncPipeline[Any, Any]:
        """The pipeline itself, for azure's own clients to run on; made at first use."""
        if self._pipeline is None:
            load("arcctl.clients.pipeline")
            from arcctl.clients import pipeline

            self._pipeline = pipeline.build(
                self._root._connections(),
                self._pace,
                correlation_id=self._settings.correlation_id,
                token=self._token,
            )
        return self._pipeline

    async def send(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        expected: Expected | None = None,
        **options: Any,
    ) -> Answer:
        """Ask, and return what came back; raise an ArcctlError for every status from 300 on.

        With `expected` it is a question: an answer other than a 200 with such a body is asked for
        again, and in the end an AzureError. `options` are azure-core's.
        """
        from azure.core.rest import HttpRequest

        request = HttpRequest(method, url, json=body)
        if expected:
            options |= {"expected": expected, "retry_on_methods": _QUESTIONS}
        ran = await self.pipeline.run(request, **options)
        response = ran.http_response
        read = ran.context[READ] if expected and method != "HEAD" else read_json(response, url)
        return Answer(response.status_code, response.headers, read)

    async def close(self) -> None:
        """Close all connections, also those that still wait for an answer."""
        self._closed = True
        if self._transport is not None:
            await self._transport.close()

    def _connections(self) -> Transport:
        if self._closed:
            raise closed()
        if self._transport is None:
            load("arcctl.clients.transport")
            from arcctl.clients.transport import Transport

            self._transport = Transport(self._authorities.result(), self._pace)
        return self._transport


def read_json(response: Any, url: str) -> Any:
    """Return the JSON body, None for an empty one; raise AzureError for anything else."""
    try:
        # JSON is UTF-8, whatever the headers say of it.
        text = response.content.decode("utf-8-sig")
        return loads(text) if text.strip() else None
    except ValueError as error:
        begins = response.content[:400].decode("utf-8", "replace")
        raise AzureError(
            f"{urlsplit(url).netloc} answered with something that is not JSON",
            status=response.status_code,
            code="azure-not-json",
            why=f"it begins: {' '.join(begins.split())[:80]}",
            hints="a proxy or a sign-in page may stand between: look at HTTPS_PROXY",
        ) from error


def with_query(path: str, query: Mapping[str, str]) -> str:
    """Append a query, encoded as ARM expects it: `$` and quotes stay, a blank becomes `%20`."""
    pairs = [f"{quote(key, safe='$')}={quote(query[key], safe=_IN_QUERY)}" for key in query]
    return f"{path}?{'&'.join(pairs)}" if pairs else path


def host_of(url: str) -> str:
    """Return `name` or `name:port` of a URL, in lower case."""
    return parts_of(url).netloc.lower()


def parts_of(url: str) -> SplitResult:
    """Return the parts of a URL that somebody else has written, empty ones for what is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def closed() -> AzureError:
    """Return the error of who asks after the end; arcctl's own doing, so nothing to repair."""
    return AzureError("the conversation with Azure has been closed", code="azure-closed")
