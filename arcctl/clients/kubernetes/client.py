"""The cluster: plain JSON objects by path, lists, watches, logs.

Paths are the API's own, such as `/api/v1/namespaces/azure-arc/pods`; query parameters are the
API's own too, as keywords.
"""

from __future__ import annotations

import asyncio
import functools
import json
import re
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import quote

from arcctl.clients import fence
from arcctl.clients.importing import load
from arcctl.clients.kubernetes import answers, listing, trouble, watching
from arcctl.clients.kubernetes.background import aside
from arcctl.clients.kubernetes.kubeconfig import unusable
from arcctl.clients.kubernetes.watching import Relist, Stream
from arcctl.errors import ClusterError
from arcctl.model.bounded import loads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from arcctl.clients.kubernetes.answers import Expected
    from arcctl.clients.kubernetes.sign_in import Session
    from arcctl.clients.kubernetes.transport import Request, Transport
    from arcctl.clients.kubernetes.watching import Change
    from arcctl.settings import Settings

Answer = TypeVar("Answer")
PatchKind = Literal["merge", "strategic", "json", "apply"]
PATCH_TYPES: dict[PatchKind, str] = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
    "apply": "application/apply-patch+yaml",
}
METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

# Names that do not resolve, hosts with many addresses, servers that accept and fall silent:
# whatever it is, a server that has never answered is given up after this long.
FIRST_ANSWER_SECONDS = 10.0
PLUGIN_SECONDS = 60.0
BETWEEN_ANSWERS = (0.0, 0.1, 0.3)  # seconds, after an answer that says nothing


class Kubernetes:
    """One cluster as one context of the kubeconfig sees it.

    Every request may raise ClusterError (AZK8S0202 where the server was not reached, otherwise
    with `status`) or AccessError (`kube-unauthorized`, `kube-forbidden`).
    """

    def __init__(self, session: Session, transport: Transport) -> None:
        chosen = session.chosen
        self.server = chosen.server
        self.context = chosen.context
        self.cluster_name = chosen.cluster_name
        self.files = chosen.files
        self.plugin = chosen.plugin
        self.token_ends = chosen.token_ends
        self.insecure = session.insecure
        self._transport = transport

    @classmethod
    async def open(cls, settings: Settings) -> Kubernetes:
        """Read the kubeconfig and sign in; raise ClusterError AZK8S0200. No request is sent."""
        # A plug-in that may talk to a person is given the person's time.
        limit = None if settings.streams.stdout.isatty() else PLUGIN_SECONDS
        try:
            async with asyncio.timeout(limit):
                return await aside(cls._open, settings)
        except TimeoutError as error:
            raise unusable("the kubeconfig's credential plug-in does not end") from error

    @classmethod
    def _open(cls, settings: Settings) -> Kubernetes:
        load("arcctl.clients.kubernetes.sign_in", "arcctl.clients.kubernetes.transport")
        from arcctl.clients.kubernetes import sign_in
        from arcctl.clients.kubernetes.transport import Transport

        session = sign_in.load(settings)
        try:
            transport = Transport(session, settings.environ)
        except (OSError, ValueError, AssertionError) as error:
            context = session.chosen.context
            raise unusable(
                f"the certificates or proxy of {context} cannot be used", str(error)
            ) from error
        return cls(session, transport)

    async def version(self) -> dict[str, Any]:
        """Return `/version`: gitVersion, major, minor, platform."""
        return await self.get("/version")

    async def time(self) -> datetime | None:
        """Return what the API server's clock says, from an answer; None where it does not say."""
        from email.utils import parsedate_to_datetime

        from arcctl.clients.kubernetes.transport import Request

        said = await self._patiently(self._transport.date_of, Request("GET", "/version"))
        try:
            return parsedate_to_datetime(said)
        except (LookupError, ValueError, TypeError, OverflowError):
            return None

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Return one object; one that is not the object asked for is asked for again.

        In the end that is a ClusterError `kube-unusable-answer`.
        """
        return await self._question("GET", path, query, answers.single)

    async def find(self, path: str, **query: Any) -> dict[str, Any] | None:
        """Return one object, or None where two requests have found none: one 404 proves nothing."""
        for _ in range(2):
            try:
                return await self.get(path, **query)
            except ClusterError as error:
                if error.status != 404:
                    raise
        return None

    async def create(self, path: str, body: dict[str, Any], **query: Any) -> dict[str, Any]:
        """POST an object to a collection; 409 where it exists."""
        return await self._json("POST", path, query, body)

    async def replace(self, path: str, body: dict[str, Any], **query: Any) -> dict[str, Any]:
        """PUT an object; 409 where `resourceVersion` is not the newest."""
        return await self._json("PUT", path, query, body)

    async def patch(
        self, path: str, body: Any, *, kind: PatchKind = "merge", **query: Any
    ) -> dict[str, Any]:
        """PATCH an object; `apply` is server-side apply, with arcctl as the field manager."""
        if kind == "apply":
            query = {"fieldManager": "arcctl"} | query
        return await self._json("PATCH", path, query, body, {"Content-Type": PATCH_TYPES[kind]})

    async def delete(
        self, path: str, *, body: dict[str, Any] | None = None, **query: Any
    ) -> dict[str, Any] | None:
        """DELETE an object; return what the server says of it, or None where there was none."""
        try:
            return await self._json("DELETE", path, query, body)
        except ClusterError as error:
            if error.status == 404:
                return None
            raise

    async def items(
        self, path: str, *, limit: int = 500, metadata_only: bool = False, **query: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield the objects of a collection, `limit` in memory at a time.

        With `metadata_only` the server leaves spec, status and data out.
        """
        get = functools.partial(self._page, path, query, metadata_only)
        try:
            async for each in listing.items(get, limit):
                yield each
        except Relist as error:
            raise ClusterError(f"{path} cannot be listed to its end", status=410) from error

    async def collection(
        self, path: str, *, metadata_only: bool = False, **query: Any
    ) -> list[dict[str, Any]] | None:
        """Return the objects of a kind that the cluster may not know; None where it does not.

        Two requests must say so, as for `find`.
        """
        for _ in range(2):
            try:
                return [
                    each async for each in self.items(path, metadata_only=metadata_only, **query)
                ]
            except ClusterError as error:
                if error.status != 404:
                    raise
        return None

    def watch(
        self, path: str, *, since: str, **query: Any
    ) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Yield ADDED, MODIFIED, DELETED with their objects, from version `since` on.

        Streams that end are taken up again; Relist is raised once `since` has expired. Leaving
        the iteration, by cancellation too, closes the connection at once.
        """
        return watching.watch(functools.partial(self._stream, path, query), since=since)

    def follow(self, path: str, *, limit: int = 500, **query: Any) -> AsyncIterator[Change]:
        """Yield ("SYNCED", objects) at each (re)list, and each change after it."""
        get = functools.partial(self._page, path, query, False)
        return listing.follow(get, lambda since: self.watch(path, since=since, **query), limit)

    async def log(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        tail: int | None = None,
        limit: int | None = None,
        previous: bool = False,
    ) -> str:
        """Return what the container has written, or its last `tail` lines.

        Of these the first `limit` bytes, as the API has it. `previous` is the container that ran
        before the last restart; ClusterError 400 where there was none.
        """
        # A name that is none, from a server that is none, must not lead elsewhere.
        path = f"/api/v1/namespaces/{namespace}/pods/{quote(pod, safe='')}/log"
        headers = {"Accept": "*/*"}
        query: dict[str, Any] = {"container": container}
        if tail is not None:
            query["tailLines"] = tail
        if limit is not None:
            query["limitBytes"] = limit
        if previous:
            query["previous"] = "true"
        written = await self._send("GET", path, query, None, headers)
        return written.decode("utf-8", "replace")

    async def may(
        self,
        verb: str,
        resource: str,
        *,
        group: str = "",
        namespace: str | None = None,
        name: str | None = None,
    ) -> bool:
        """Ask whether we may; `resource` may name a subresource, as in `pods/log`."""
        main, _, subresource = resource.partition("/")
        asked = {"verb": verb, "group": group, "resource": main, "subresource": subresource}
        asked |= {"namespace": namespace or "", "name": name or ""}
        api = "authorization.k8s.io/v1"
        review = {
            "apiVersion": api,
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {key: value for key, value in asked.items() if value}},
        }
        path = f"/apis/{api}/selfsubjectaccessreviews"
        answer = await self._question("POST", path, {}, answers.review, review)
        return bool(answer["status"]["allowed"])

    def through_cluster_connect(self) -> str | None:
        """Return the hash in a cluster-connect proxy's address, or None (`connectedk8s.md` B.2).

        It is the SHA-256 of the lower-cased ARM id of the cluster at the other end.
        """
        found = re.fullmatch(r"https://127\.0\.0\.1:\d+/([0-9a-f]{64})", self.server.lower())
        return found.group(1) if found else None

    async def close(self) -> None:
        """Let the connections go."""
        self._transport.close()

    async def _page(
        self, path: str, query: dict[str, Any], metadata_only: bool, paging: dict[str, Any]
    ) -> dict[str, Any]:
        headers = {"Accept": f"{METADATA_ONLY},application/json"} if metadata_only else {}
        try:
            return await self._question("GET", path, query | paging, answers.listed, None, headers)
        except ClusterError as error:
            if error.status == 410:
                raise Relist from error
            raise

    def _stream(self, path: str, query: dict[str, Any], since: str) -> Stream:
        from arcctl.clients.kubernetes.transport import Request

        asked = query | {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": since,
            "timeoutSeconds": watching.STREAM_SECONDS,
        }
        request = Request("GET", path, asked)
        silence = watching.STREAM_SECONDS * 1.25
        return Stream(functools.partial(self._transport.stream, request, read=silence))

    async def _json(
        self,
        method: str,
        path: str,
        query: dict[str, Any],
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        encoded = None if body is None else json.dumps(body).encode()
        answer = await self._send(method, path, query, encoded, headers)
        try:
            found = loads(answer)
        except ValueError as error:
            raise trouble.unreachable(self.server, trouble.NO_SERVER) from error
        if not isinstance(found, dict):
            raise trouble.unusable(method, path, "no object")
        return found

    async def _question(
        self,
        method: str,
        path: str,
        query: dict[str, Any],
        expected: Expected,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """Ask what changes nothing, again where the answer says nothing; then raise."""
        for pause in (*BETWEEN_ANSWERS, None):
            try:
                found = await self._json(method, path, query, body, headers)
                if not (wrong := expected(path, found)):
                    return found
                raise trouble.unusable(method, path, wrong)
            except ClusterError as error:
                if pause is None or not trouble.says_nothing(error):
                    raise
            await asyncio.sleep(pause)
        raise AssertionError

    async def _send(
        self,
        method: str,
        path: str,
        query: dict[str, Any],
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        from arcctl.clients.kubernetes.transport import Request

        await fence.passed(method)
        request = Request(method, path, query, body, headers or {})
        return await self._patiently(self._transport.send, request)

    async def _patiently(self, send: Callable[[Request], Answer], request: Request) -> Answer:
        """Send in a thread; give up a server that has never answered."""
        try:
            limit = None if self._transport.answered else FIRST_ANSWER_SECONDS
            async with asyncio.timeout(limit):
                return await aside(send, request)
        except TimeoutError as error:
            raise trouble.unreachable(self.server, "no answer in time") from error
