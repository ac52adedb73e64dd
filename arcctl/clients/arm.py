"""Azure Resource Manager, with plain JSON in and out so that nothing is lost (`arm.md` 1, 2).

Reads run on azure-core's pipeline alone. Writes that take time go through azure-mgmt-resource's
generic client on the same pipeline, and its import is paid for by them only.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from arcctl.clients import answers, arm_errors, arm_lists, arm_shapes, arm_versions
from arcctl.clients.channel import Channel, Pace, Token, host_of, read_json, with_query
from arcctl.clients.importing import load
from arcctl.errors import ArcctlError, AzureError, NotFound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from datetime import datetime

    from arcctl.clients.answers import Expected
    from arcctl.clients.arm_polling import Polling
    from arcctl.clients.cloud import Cloud
    from arcctl.clients.identity import Identity
    from arcctl.settings import Settings

    Progress = Callable[[str], None]
    Query = Mapping[str, str]

Result = TypeVar("Result")
_LOG = logging.getLogger("arcctl.arm")
_TYPE_AND_NAME = 2  # slashes after a provider's namespace, where one resource is named
_IN_PATH = "/:@!$&'()*+,;=~"

# A 404 with one of these is no missing resource: nothing of the kind could be there.
_WRONG_QUESTION = frozenset({
    "SubscriptionNotFound",
    "InvalidResourceType",
    "InvalidResourceNamespace",
    "NoRegisteredProviderFound",
})  # fmt: skip


class Arm:
    """One conversation with ARM: paths or URLs in, dicts out, ArcctlErrors for all else.

    `version` and `query` may be given to every call; without a version the pin of the resource
    type is used, and another that the provider lists where that is refused (`arm.md` 13).
    """

    def __init__(
        self, settings: Settings, cloud: Cloud, identity: Identity, *, pace: Pace | None = None
    ) -> None:
        self.settings = settings
        self.cloud = cloud
        self.identity = identity
        self.correlation_id = settings.correlation_id
        self._host = host_of(cloud.arm)
        self._pace = pace or Pace()
        token = Token(identity, cloud.audience, frozenset({self._host}))
        self._channel = Channel(settings, token, pace=self._pace)
        self._versions: dict[str, str] = {}
        self._client: Any = None

    def beside(self, audience: str, url: str) -> Channel:
        """Return a channel to another of the cloud's services, over the same connections."""
        return self._channel.beside(Token(self.identity, audience, frozenset({host_of(url)})))

    async def get(
        self, path_or_url: str, *, version: str | None = None, query: Query | None = None
    ) -> dict[str, Any]:
        """Return the JSON object at a path. Raises NotFound where there is none.

        An answer without `id`, or a resource without `properties`, is asked for again, and then
        AzureError `azure-unusable-answer`.
        """
        expected = _expected_at(path_or_url)
        return await self._ask("GET", path_or_url, None, version, query, expected)

    async def find_once(
        self, path_or_url: str, *, version: str | None = None, query: Query | None = None
    ) -> dict[str, Any] | None:
        """Return the JSON object at a path, None where one answer says that it does not exist.

        To be used only where another look follows. A subscription that does not exist is still an error: it is never what was meant. So is a
        404 in which ARM does not say what is missing: somebody else has answered.
        """
        try:
            return await self.get(path_or_url, version=version, query=query)
        except NotFound as error:
            if error.code in _WRONG_QUESTION:
                raise
            if error.code == NotFound.default_code:
                raise arm_errors.nameless("GET", path_or_url, error) from error
            return None

    async def find(
        self, path: str, *, version: str | None = None, query: Query | None = None
    ) -> dict[str, Any] | None:
        """Return the JSON object at a path, None where resource or group do not exist.

        No single 404 is taken for absence: one may come from a replica behind. What was not found
        is asked for again a second later (`Pace.again`), over a new connection.
        """
        with suppress(NotFound):
            if found := await self.find_once(path, version=version, query=query):
                return found
        return await self.find_again(path, version=version, query=query)

    async def find_again(
        self, path: str, *, version: str | None = None, query: Query | None = None
    ) -> dict[str, Any] | None:
        """Take the second of the two looks of `find`, where the first has found nothing."""
        await asyncio.sleep(self._pace.again)
        afresh = Arm(self.settings, self.cloud, self.identity, pace=self._pace)
        afresh._versions = self._versions
        try:
            return await afresh.find_once(path, version=version, query=query)
        finally:
            await afresh.close()

    async def exists(
        self, path: str, *, version: str | None = None, query: Query | None = None
    ) -> bool:
        """Ask with HEAD, which resource groups answer."""
        try:
            await self._ask("HEAD", path, None, version, query)
        except NotFound:
            return False
        return True

    async def items(
        self, path: str, *, version: str | None = None, query: Query | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield the elements of a list, page by page; `nextLink` is followed as it was sent.

        Each is told once. A page is a 200 with an array `value`, and anything else is asked for
        again, then AzureError `azure-unusable-answer`; `azure-unreliable-list` as in `arm_lists`.
        """

        expected = arm_shapes.page(path)

        async def page(link: str) -> dict[str, Any]:
            where = (link, None, None) if link else (path, version, query)
            return await self._ask("GET", where[0], None, *where[1:], expected)

        async for each in arm_lists.items(page, path):
            yield each

    async def rows(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return one page of Resource Graph's answer to a question, whose numbers agree."""
        return await self._ask("POST", path, body, None, None, answers.rows)

    async def time(self, path: str) -> datetime | None:
        """Return what ARM's clock says when it answers a GET of `path`; None where it does not."""
        from email.utils import parsedate_to_datetime

        query = {"api-version": self.version_of(path)}
        answer = await self._channel.send("GET", self.cloud.arm + with_query(path, query))
        try:
            return parsedate_to_datetime(answer.headers["Date"])
        except (LookupError, ValueError, TypeError, OverflowError):
            return None

    async def post(
        self,
        path: str,
        body: Any = None,
        *,
        version: str | None = None,
        query: Query | None = None,
    ) -> dict[str, Any]:
        """Carry out an action and return what it answers, {} for nothing."""
        return await self._ask("POST", path, body, version, query)

    def within(self, seconds: float) -> None:
        """Look at no long-running operation for longer than this."""
        self._pace = replace(self._pace, longest=min(self._pace.longest, seconds))

    async def put(
        self,
        path: str,
        body: dict[str, Any],
        *,
        version: str | None = None,
        wait: bool = True,
        progress: Progress | None = None,
        accepted: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        """Create or replace, and return the resource as it is in the end.

        `accepted` hears the first answer, `progress` the operation's status at every look. With
        `wait=False` the first answer is returned. Raises AzureError with the innermost cause
        where the operation fails later.
        """

        def heard(response: Any) -> None:
            if accepted:
                accepted(_object(read_json(response, response.request.url)))

        async def run(client: Any, chosen: str) -> dict[str, Any]:
            polling = self._polling(wait, progress, heard)
            return await _written(
                await client.resources.begin_create_or_update_by_id(
                    _as_id(path), parameters=body, api_version=chosen, polling=polling, cls=_raw
                )
            )

        return await self._whole(path, version, await self._write(path, version, run), wait)

    async def patch(
        self, path: str, body: dict[str, Any], *, version: str | None = None, wait: bool = True
    ) -> dict[str, Any]:
        """Merge `body` into a resource and return it; tags are replaced as a whole."""

        async def run(client: Any, chosen: str) -> dict[str, Any]:
            polling = self._polling(wait)
            return await _written(
                await client.resources.begin_update_by_id(
                    _as_id(path), parameters=body, api_version=chosen, polling=polling, cls=_raw
                )
            )

        return await self._whole(path, version, await self._write(path, version, run), wait)

    async def delete(
        self,
        path: str,
        *,
        version: str | None = None,
        wait: bool = True,
        query: Query | None = None,
        progress: Progress | None = None,
        accepted: Callable[[], None] | None = None,
    ) -> bool:
        """Delete, and return whether there was something to delete; `accepted` as for `put`."""

        def heard(_response: Any) -> None:
            if accepted:
                accepted()

        async def run(client: Any, chosen: str) -> bool:
            polling = self._polling(wait, progress, heard)
            poller = await client.resources.begin_delete_by_id(
                _as_id(path), api_version=chosen, polling=polling, params=dict(query or {})
            )
            await poller.wait()
            return not polling.found_nothing

        try:
            return await self._write(path, version, run)
        except NotFound as error:
            if error.code in _WRONG_QUESTION:
                raise
            if error.code == NotFound.default_code:
                raise arm_errors.nameless("DELETE", path, error) from error
            return False

    def version_of(self, path: str) -> str:
        """Return the api-version that calls for this type use: the one that worked, or the pin."""
        kind = arm_versions.kind_of(path)
        return self._versions.get(kind) or next(iter(arm_versions.pins(kind)), "")

    async def close(self) -> None:
        """Close all connections; what is under way ends with an error."""
        await self._channel.close()

    def _polling(
        self,
        wait: bool,
        progress: Progress | None = None,
        accepted: Callable[[Any], None] | None = None,
    ) -> Polling:
        from arcctl.clients.arm_polling import Polling

        return Polling(self._host, self._pace, wait=wait, progress=progress, accepted=accepted)

    async def _ask(
        self,
        method: str,
        path: str,
        body: Any,
        version: str | None,
        query: Query | None,
        expected: Expected | None = None,
    ) -> dict[str, Any]:
        async def send(url: str) -> dict[str, Any]:
            answer = await self._channel.send(method, url, body, expected=expected)
            return _object(answer.body)

        async def run(chosen: str) -> dict[str, Any]:
            url = f"{self.cloud.arm}{quote(path, safe=_IN_PATH)}"
            return await send(with_query(url, {"api-version": chosen, **(query or {})}))

        if "://" in path:
            return await send(path)
        return await self._versioned(path, version, run)

    async def _whole(
        self, path: str, version: str | None, written: dict[str, Any], wait: bool
    ) -> dict[str, Any]:
        """Read what was written where the write has answered without it, as it may."""
        wrong = wait and _expected_at(path)(written)
        return await self.get(path, version=version) if wrong else written

    async def _write(
        self,
        path: str,
        version: str | None,
        run: Callable[[Any, str], Awaitable[Result]],
    ) -> Result:
        client = self._resources()
        return await self._versioned(path, version, lambda chosen: run(client, chosen))

    def _resources(self) -> Any:
        """Make azure-mgmt-resource's client; given our pipeline, it brings no policy of its own."""
        if self._client is None:
            load("azure.mgmt.resource.resources.aio")
            from azure.mgmt.resource.resources.aio import ResourceManagementClient

            self._client = ResourceManagementClient(
                self.identity,
                "by-id",
                self.cloud.arm,
                credential_scopes=[],
                policies=[],
                pipeline=self._channel.pipeline,
            )
        return self._client

    async def _versioned(
        self, path: str, version: str | None, run: Callable[[str], Awaitable[Result]]
    ) -> Result:
        """Run with the version wanted, the one that worked before, or the best that is offered."""
        if version:
            return await run(version)
        kind = arm_versions.kind_of(path)
        first = self.version_of(path)
        try:
            if first:
                return await run(first)
        except ArcctlError as error:
            other = await self._listed(path, kind, first) if error.code in _REFUSED else None
            if other is None:
                raise
        else:
            other = await self._listed(path, kind, first)
        if other is None:
            raise AzureError(f"no api-version is known for {kind}", code="azure-no-version")
        self._versions[kind] = other
        _LOG.debug("%s: api-version %s instead of %s", kind, other, first or "a pin")
        return await run(other)

    async def _listed(self, path: str, kind: str, refused: str) -> str | None:
        subscription = arm_versions.subscription_of(path)
        if subscription is None or kind == "providers":
            return None
        namespace = arm_versions.namespace_of(kind)
        provider = await self.get(f"/subscriptions/{subscription}/providers/{namespace}")
        return arm_versions.choose(provider, kind, refused)


_REFUSED = arm_versions.REFUSED


def _expected_at(path: str) -> Expected:
    """Tell by a path what is to be found there; a URL may lead to anything, such as an operation."""
    if "://" in path:
        return answers.anything
    below = path.casefold().rpartition("/providers/")[2] if "/providers/" in path.lower() else ""
    found = answers.resource if below.count("/") >= _TYPE_AND_NAME else answers.document
    return arm_shapes.resource(path, found)


def _as_id(path: str) -> str:
    """Return the path as azure-mgmt-resource wants it, which puts the first slash itself."""
    return quote(path, safe=_IN_PATH).lstrip("/")


def _raw(pipeline_response: Any, _model: Any, _headers: Any) -> Any:
    response = pipeline_response.http_response
    return read_json(response, response.request.url)


async def _written(poller: Any) -> dict[str, Any]:
    return _object(await poller.result())


def _object(body: Any) -> dict[str, Any]:
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise AzureError(
            "Azure answered with something other than a JSON object", code="azure-not-an-object"
        )
    return body
