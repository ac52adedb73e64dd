"""What every request passes through on its way to Azure and back (`arm.md` 1.3, 10 and 11).

From the outside in: judge, retry, token, log, reach, and then the transport.
"""

from __future__ import annotations

import base64
import logging
import math
import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError as CoreError
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.core.pipeline import AsyncPipeline
from azure.core.pipeline.policies import (
    AsyncHTTPPolicy,
    AsyncRetryPolicy,
    HeadersPolicy,
    RequestIdPolicy,
)

from arcctl import __version__
from arcctl.clients import arm_errors, bodies
from arcctl.clients.channel import READ, parts_of, read_json
from arcctl.errors import AzureError
from arcctl.model.bounded import loads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.pipeline import PipelineRequest, PipelineResponse

    from arcctl.clients.channel import Pace, Token

    Request = PipelineRequest[Any]
    Response = PipelineResponse[Any, Any]

_LOG = logging.getLogger("arcctl.http")
_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
_EXPECTED = "arcctl.expected"
_SECONDS = re.compile(r"[0-9]{1,6}")  # `isdigit` and `float` take more, each its own
_GOOD = 200
_BAD = 300


def build(
    transport: Any, pace: Pace, *, correlation_id: str, token: Token | None
) -> AsyncPipeline[Any, Any]:
    """Put the policies in their order; `correlation_id` goes with every request, as the peer's.

    Without a `token` requests go out unsigned, and to any host.
    """
    headers = {
        "Accept": "application/json",
        "User-Agent": f"arcctl/{__version__}",
        "x-ms-return-client-request-id": "true",
    }
    policies: list[Any] = [
        _Judge(),
        RequestIdPolicy(request_id=correlation_id),
        HeadersPolicy(headers),
        _Retry(pace),
        *([_Bearer(token)] if token else []),
        _Log(),
        _Reach(),
    ]
    return AsyncPipeline(transport, policies)


class UnusableError(ServiceResponseError):
    """An answer that says nothing, which azure-core takes for one that was lost on its way."""

    def __init__(self, told: AzureError) -> None:
        super().__init__(told.message)
        self.told = told


class _Judge(AsyncHTTPPolicy[Any, Any]):
    """Turns what did not work into one of arcctl's errors."""

    async def send(self, request: Request) -> Response:
        url = request.http_request.url
        request.context[_EXPECTED] = request.context.options.pop("expected", None)
        try:
            response = await self.next.send(request)
        except UnusableError as error:
            raise error.told from error
        except CoreError as error:
            raise arm_errors.from_failure(error, url) from error
        answer = response.http_response
        # azure-core follows no redirect for us, and ARM sends none: it is somebody in between.
        if answer.status_code >= _BAD:
            text = answer.content.decode("utf-8", "replace")
            raise arm_errors.from_answer(
                answer.status_code, text, answer.headers, request.http_request
            )
        return response


class _Retry(AsyncRetryPolicy[Any, Any]):
    """azure-core's retries, bounded in total time, and never for a 4xx that will stay one."""

    def __init__(self, pace: Pace) -> None:
        super().__init__(
            retry_total=pace.retries,
            retry_status=pace.retries,
            retry_read=3,
            retry_connect=1,
            retry_backoff_factor=pace.backoff,
        )
        self._patience = pace.patience

    def configure_retries(self, options: dict[str, Any]) -> dict[str, Any]:
        return super().configure_retries(options) | {"give_up": time.monotonic() + self._patience}

    def is_retry(self, settings: dict[str, Any], response: Response) -> bool:
        """Differ from azure-core: a 429 for every method, a 4xx with Retry-After for none."""
        status = response.http_response.status_code
        if status not in _TRANSIENT:
            return False
        return status == 429 or bool(super().is_retry(settings, response))

    def increment(
        self,
        settings: dict[str, Any],
        response: Any = None,
        error: Exception | None = None,
    ) -> bool:
        """Say whether there is another try: both the count and the time must allow it."""
        if not super().increment(settings, response=response, error=error):
            return False
        asked = self.get_retry_after(response) if hasattr(response, "http_response") else None
        pause = asked or self.get_backoff_time(settings)
        return bool(time.monotonic() + pause < settings["give_up"])


class _Bearer(AsyncHTTPPolicy[Any, Any]):
    """Sends the token, to the right hosts only, and a fresh one where the first was refused."""

    def __init__(self, token: Token) -> None:
        super().__init__()
        self._identity = token.identity
        self._audience = token.audience
        self._hosts = token.hosts

    async def send(self, request: Request) -> Response:
        _must_be_ours(request.http_request.url, self._hosts)
        token = await self._identity.token(self._audience)
        request.http_request.headers["Authorization"] = f"Bearer {token.reveal()}"
        response = await self.next.send(request)
        if response.http_response.status_code != 401 or not self._identity.renewable:
            return response
        claims = claims_asked(response.http_response.headers.get("WWW-Authenticate", ""))
        token = await self._identity.renew(self._audience, token, claims=claims)
        request.http_request.headers["Authorization"] = f"Bearer {token.reveal()}"
        return await self.next.send(request)


def _must_be_ours(url: str, hosts: frozenset[str]) -> None:
    parts = parts_of(url)
    if parts.scheme != "https" or parts.netloc.lower() not in hosts:
        raise AzureError(
            f"Azure pointed to a foreign address: {parts.scheme}://{parts.netloc or '…'}",
            code="azure-foreign-host",
            why=f"the access token is meant for {', '.join(sorted(hosts))} alone; nothing was sent",
        )


def claims_asked(challenge: str) -> str | None:
    """Return the claims of a `WWW-Authenticate` header as JSON text.

    None where there are none, or what stands there is no JSON object in base64.
    """
    found = re.search(r'claims="([^"]+)"', challenge)
    if not found or "insufficient_claims" not in challenge:
        return None
    padded = found.group(1) + "=" * (-len(found.group(1)) % 4)
    try:
        claims = base64.urlsafe_b64decode(padded).decode()
        return claims if isinstance(loads(claims), dict) else None
    except ValueError:
        return None


class _Log(AsyncHTTPPolicy[Any, Any]):
    """Writes a line for `--debug`: method, address, status, time; no headers, no bodies."""

    async def send(self, request: Request) -> Response:
        began = time.monotonic()
        status = "no answer"
        try:
            response = await self.next.send(request)
            status = str(response.http_response.status_code)
        finally:
            spent = round((time.monotonic() - began) * 1000)
            url = redacted(request.http_request.url)
            _LOG.debug("%s %s %s %d ms", request.http_request.method, url, status, spent)
        return response


_SHOWN = ("api-version", "releasetrain", "forcedelete")


def redacted(url: str) -> str:
    """Return the URL without the values of its query, which may be signatures; a few are plain."""
    path, _, query = url.partition("?")
    shown = [
        pair if name.lower() in _SHOWN or name.startswith("$") else f"{name}=…"
        for pair in query.split("&")
        for name in [pair.partition("=")[0]]
    ]
    return f"{path}?{'&'.join(shown)}" if query else path


class _Reach(AsyncHTTPPolicy[Any, Any]):
    """Reads the whole body within the retry, and tells a cut or empty answer from a good one."""

    async def send(self, request: Request) -> Response:
        request.context.options["stream"] = False
        try:
            response = await self.next.send(request)
        except (ServiceRequestError, ServiceResponseError) as error:
            if arm_errors.untrusted(str(error)):
                raise arm_errors.from_failure(error, request.http_request.url) from error
            if type(error.inner_exception).__name__ == "ContentDecodingError":
                told = arm_errors.unusable(
                    request.http_request, 0, "a body that cannot be unpacked"
                )
                raise UnusableError(told) from error
            raise
        except CoreError as error:
            raise ServiceResponseError(str(error), error=error) from error
        except bodies.TooLong as error:
            raise arm_errors.unusable(request.http_request, 0, bodies.WRONG) from error
        headers = response.http_response.headers
        if not _SECONDS.fullmatch(headers.get("Retry-After", "0")):
            # HTTP allows a date here; azure-mgmt-resource reads a whole number or breaks.
            headers["Retry-After"] = str(math.ceil(retry_after(headers)))
        _must_be_usable(request, response.http_response)
        return response


def _must_be_usable(request: Request, answer: Any) -> None:
    """Raise UnusableError for an answer that a question cannot have, and for bytes that are no text.

    A DELETE is done whatever its answer holds.
    """
    asked, expected = request.http_request, request.context[_EXPECTED]
    if answer.status_code >= _BAD or asked.method in {"DELETE", "HEAD"}:
        return
    # A header that names another charset must not break azure's own reading of the body.
    answer.encoding = "utf-8"
    try:
        if not expected:
            answer.content.decode("utf-8")
            return
        request.context[READ] = body = read_json(answer, asked.url)
    except UnicodeDecodeError as error:
        wrong = "a body that is no UTF-8 text"
        raise UnusableError(arm_errors.unusable(asked, answer.status_code, wrong)) from error
    except AzureError as error:
        raise UnusableError(error) from error
    odd = f"status {answer.status_code}" if answer.status_code != _GOOD else ""
    if wrong := odd or expected(body):
        raise UnusableError(arm_errors.unusable(asked, answer.status_code, wrong))


def retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds that `Retry-After` asks for: a number or a date; 0 counts as absent.

    A date is read against the server's own clock, which may differ from ours.
    """
    value = headers.get("Retry-After") or ""
    if _SECONDS.fullmatch(value):
        return float(value)
    try:
        until = parsedate_to_datetime(value)
        now = parsedate_to_datetime(headers["Date"]) if "Date" in headers else datetime.now(UTC)
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError, OverflowError, LookupError):
        return 0.0
