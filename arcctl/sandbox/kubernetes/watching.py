"""Watches: changes as lines of JSON, from a revision on, with bookmarks and the end of history (testbed.md 3)."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from aiohttp import web

from arcctl.sandbox.kubernetes import answers, problems
from arcctl.sandbox.kubernetes.selectors import selection
from arcctl.sandbox.kubernetes.store import Document, Event, HistoryGone, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.sandbox.kubernetes.cluster import Cluster
    from arcctl.sandbox.kubernetes.store import Obj
    from arcctl.sandbox.kubernetes.target import Target

BOOKMARK_EVERY = 60.0
LONGEST = (1800, 3600)


@dataclass(slots=True, eq=False)
class Watch:
    """One client's watch. None in `queue` means: end the stream."""

    cluster: Cluster
    target: Target
    matches: Callable[[Obj], bool]
    shape: answers.Shape
    bookmarks: bool
    until: float
    queue: asyncio.Queue[Event | None] = field(default_factory=asyncio.Queue)

    def wanted(self, event: Event) -> bool:
        namespace = self.target.namespace
        return not namespace or event.document["metadata"].get("namespace") == namespace

    def hear(self, event: Event) -> None:
        if self.wanted(event):
            self.queue.put_nowait(event)

    def line(self, event: Event) -> bytes:
        """Encode an event as this watcher sees it: entering or leaving its selection counts."""
        was = event.previous is not None and self.matches(event.previous)
        is_now = event.change != "DELETED" and self.matches(event.document)
        if not was and not is_now:
            return b""
        change = "MODIFIED" if was and is_now else "ADDED" if is_now else "DELETED"
        return self.entry(change, event.document)

    def entry(self, change: str, document: Document) -> bytes:
        body = answers.one(self.target.kind, document, self.shape, self.cluster.clock.now())
        return b'{"type":"' + change.encode() + b'","object":' + body + b"}\n"

    def bookmark(self, revision: int, *, initial: bool = False) -> bytes:
        kind = self.target.kind
        meta: Obj = {"resourceVersion": str(revision), "creationTimestamp": None}
        if initial:
            meta["annotations"] = {"k8s.io/initial-events-end": "true"}
        obj = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": meta}
        return encode({"type": "BOOKMARK", "object": obj}) + b"\n"


def _first(watch: Watch, asked: str, *, initial: bool) -> bytes:
    """Return what the stream opens with: objects there are, or events that were missed."""
    store, key = watch.cluster.store, watch.target.kind.key
    if initial or asked in {"", "0"}:
        there = store.items(key, watch.target.namespace or None)
        lines = [watch.entry("ADDED", each) for each in there if watch.matches(each)]
        if initial and watch.bookmarks:
            lines.append(watch.bookmark(store.revision, initial=True))
        return b"".join(lines)
    missed = store.since(key, _revision(asked))
    return b"".join(watch.line(event) for event in missed if watch.wanted(event))


def _revision(text: str) -> int:
    if not text.isdigit():
        raise problems.bad_request(f'Invalid value: "{text}": a resource version is a number')
    return int(text)


def _begin(request: web.Request, cluster: Cluster, target: Target) -> Watch:
    query = request.query
    seconds = int(query.get("timeoutSeconds") or 0) or random.randint(*LONGEST)
    matches = selection(query.get("labelSelector", ""), query.get("fieldSelector", ""), target.kind)
    shape = answers.shape_of(request.headers.get("Accept", ""))
    bookmarks = query.get("allowWatchBookmarks") in {"true", "1"}
    return Watch(cluster, target, matches, shape, bookmarks, monotonic() + seconds)


async def serve(request: web.Request, cluster: Cluster, target: Target) -> web.StreamResponse:
    """Answer a watch until its time is up, the client leaves, or the cluster drops it."""
    watch = _begin(request, cluster, target)
    initial = request.query.get("sendInitialEvents") in {"true", "1"}
    try:
        opening = _first(watch, request.query.get("resourceVersion", ""), initial=initial)
    except HistoryGone as gone:
        error = problems.expired(str(gone))
        if cluster.refuses_old_watches:
            raise error from gone
        line = {"type": "ERROR", "object": error.status()}
        return web.Response(body=encode(line) + b"\n", content_type="application/json")
    # Nothing is awaited between reading the store and listening to it: no event falls between.
    end = cluster.store.listen(watch.hear, target.kind.key)
    cluster.watches.add(watch)
    try:
        return await _stream(request, watch, opening)
    finally:
        end()
        cluster.watches.discard(watch)


async def _stream(request: web.Request, watch: Watch, opening: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    if opening:
        await response.write(opening)
    try:
        while chunk := await _next_chunk(watch):
            await response.write(chunk)
        await response.write_eof()
    except ConnectionError:
        pass  # whoever watched has left
    return response


async def _next_chunk(watch: Watch) -> bytes:
    """Wait for something to say; empty when the watch is over."""
    while (left := watch.until - monotonic()) > 0:
        try:
            async with asyncio.timeout(min(left, BOOKMARK_EVERY)):
                events = [await watch.queue.get()]
        except TimeoutError:
            if watch.bookmarks:
                return watch.bookmark(watch.cluster.store.revision)
            continue
        while not watch.queue.empty():
            events.append(watch.queue.get_nowait())
        if None in events:
            watch.until = 0.0
        if chunk := b"".join(watch.line(event) for event in events if event is not None):
            return chunk
    return b""
