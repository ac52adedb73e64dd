"""The little of the Kubernetes API that the agents' controller uses: read, write, and mirror.

The same code talks to the embedded Kubernetes and to a real one, so nothing here may lean on
what only one of them does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import aiohttp
from yarl import URL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from types import TracebackType

    from arcctl.sandbox.access import Access

    Object = dict[str, Any]

log = logging.getLogger(__name__)

_JSON, _MERGE = "application/json", "application/merge-patch+json"
_PATIENCE = aiohttp.ClientTimeout(total=30)
_WATCH_SECONDS = 300
_STREAM = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=_WATCH_SECONDS + 30)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_LAST_WAIT, _LAST_WAITS = 0.005, 100


class RefusedError(Exception):
    """The API server answered with an error; `status` is its HTTP status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text[:200]}")
        self.status = status


class ClusterApi:
    """A session with one API server."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=access.tls, limit=0, socket_factory=self._new_socket
            ),
            read_bufsize=2**20,
            headers={"User-Agent": "azure-arc-agents"},
        )

    async def __aenter__(self) -> ClusterApi:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()
        await self._hang_up()

    async def get(self, path: str) -> Object:
        return await self._ask("GET", path)

    async def find(self, path: str) -> Object | None:
        """Return an object, or None where there is none, or no such kind."""
        try:
            return await self.get(path)
        except RefusedError as refusal:
            if refusal.status != 404:
                raise
            return None

    async def create(self, collection: str, thing: Object) -> Object:
        return await self._ask("POST", collection, thing)

    async def write(self, collection: str, thing: Object) -> None:
        """Create an object, or replace the one of that name."""
        try:
            await self._ask("POST", collection, thing)
        except RefusedError as refusal:
            if refusal.status != 409:
                raise
            path = f"{collection}/{thing['metadata']['name']}"
            version = (await self.get(path))["metadata"]["resourceVersion"]
            metadata = {**thing["metadata"], "resourceVersion": version}
            await self.replace(path, {**thing, "metadata": metadata})

    async def replace(self, path: str, thing: Object) -> Object:
        return await self._ask("PUT", path, thing)

    async def patch(self, path: str, changes: Object) -> Object:
        """Lay changes over an object; null removes."""
        return await self._ask("PATCH", path, changes, _MERGE)

    async def remove(self, path: str) -> None:
        """Delete an object in the background; one that is not there is well deleted."""
        try:
            await self._ask("DELETE", path, {"propagationPolicy": "Background"})
        except RefusedError as refusal:
            if refusal.status != 404:
                raise

    async def events(self, collection: str, version: str) -> AsyncIterator[Object]:
        """Yield the watch events after `version`, until the server ends the stream."""
        query = {
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(_WATCH_SECONDS),
        }
        async with self._session.get(
            self._access.server + collection, params=query, headers=self._headers(), timeout=_STREAM
        ) as answer:
            if answer.status != 200:
                raise RefusedError(answer.status, await answer.text())
            async for line in answer.content:
                yield json.loads(line)

    def handed_on(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> aiohttp.client._RequestContextManager:
        """Send somebody else's request as it came, as whoever its headers say."""
        url = URL(self._access.server + path, encoded=True)
        # A body of no bytes would get a Content-Type, which a real API server refuses in a GET.
        return self._session.request(
            method, url, headers=headers, data=body or None, timeout=_STREAM
        )

    def own_authorization(self) -> str:
        """Return the header's value by which the sandbox itself enters the cluster."""
        return self._access.authorization() or ""

    async def _ask(
        self, method: str, path: str, body: Object | None = None, content: str = _JSON
    ) -> Object:
        async with self._session.request(
            method,
            self._access.server + path,
            json=body,
            headers=self._headers() | ({"Content-Type": content} if body is not None else {}),
            timeout=_PATIENCE,
        ) as answer:
            text = await answer.text()
            if answer.status >= 400:
                raise RefusedError(answer.status, text)
            document: Object = json.loads(text)
            return document

    def _new_socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, *_ = address
        made = socket.socket(family, kind, protocol)
        self._sockets.add(made)
        return made

    async def _hang_up(self) -> None:
        """Close what aiohttp leaves open: a server that is busy with a request that nobody waits
        for any more keeps TLS's farewell back, for longer than the sandbox's event loop lives.
        """
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for _ in range(_LAST_WAITS):
            if all(each.fileno() < 0 for each in self._sockets):
                return
            await asyncio.sleep(_LAST_WAIT)

    def _headers(self) -> dict[str, str]:
        authorization = self._access.authorization()
        return {"Authorization": authorization} if authorization else {}


class Mirror:
    """A collection as it is now, kept by list and watch; sets `changed` at each change.

    The key of an object is its name, or `namespace/name` where all namespaces are mirrored.
    """

    def __init__(self, api: ClusterApi, collection: str, changed: asyncio.Event) -> None:
        self.objects: dict[str, Object] = {}
        self._api = api
        self._collection = collection
        self._changed = changed

    async def follow(self) -> None:
        """Keep up for ever; a server that is away is asked again, ever more patiently."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._once()
                pause = _FIRST_PAUSE
            except (aiohttp.ClientError, RefusedError, TimeoutError, ValueError) as error:
                log.info("%s: %s; asking again in %.1f s", self._collection, error, pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _once(self) -> None:
        listed = await self._api.get(self._collection)
        self.objects = {self._key(thing): thing for thing in listed["items"]}
        self._changed.set()
        version = listed["metadata"]["resourceVersion"]
        while version:
            version = await self._watch(version)

    async def _watch(self, version: str) -> str:
        """Follow one stream; return where to go on, or nothing when a new list is needed."""
        async for event in self._api.events(self._collection, version):
            kind, thing = event["type"], event["object"]
            if kind == "ERROR":
                return ""
            version = thing["metadata"]["resourceVersion"]
            if kind != "BOOKMARK":
                self._take(kind, thing)
        return version

    def _key(self, thing: Object) -> str:
        metadata = thing["metadata"]
        if "/namespaces/" in self._collection or "namespace" not in metadata:
            return str(metadata["name"])
        return f"{metadata['namespace']}/{metadata['name']}"

    def _take(self, kind: str, thing: Object) -> None:
        name = self._key(thing)
        if kind == "DELETED":
            self.objects.pop(name, None)
        else:
            self.objects[name] = thing
        self._changed.set()
