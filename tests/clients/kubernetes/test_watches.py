"""A watch goes on over streams that end, and says when it has to be started anew."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from arcctl.clients.kubernetes import Relist
from arcctl.errors import AccessError
from tests.clients.helm.scripts import until
from tests.clients.kubernetes.api import PODS, Api, event, events, pod_list, status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def take(changes: AsyncIterator[tuple[str, Any]], count: int) -> list[tuple[str, str]]:
    """The first changes, as kind and name."""
    taken: list[tuple[str, str]] = []
    async with asyncio.timeout(20), aclosing(changes) as open_changes:
        async for kind, changed in open_changes:
            taken.append((kind, changed["metadata"]["name"] if kind != "SYNCED" else ""))
            if len(taken) == count:
                break
    return taken


async def test_a_stream_that_ends_is_taken_up_where_it_ended(api: Api) -> None:
    """The next stream starts at the last version seen, bookmarks included."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if len(api.seen) == 1:
            bookmark = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "9"}}}
            return await events(request, event("ADDED", "a", 6), bookmark)
        return await events(request, event("DELETED", "a", 10), hold=True)

    api.handle = answer
    cluster = await api.client()
    found = await take(cluster.watch(PODS, since="5", labelSelector="app"), 2)
    assert found == [("ADDED", "a"), ("DELETED", "a")]
    assert [request.query["resourceVersion"] for request in api.seen] == ["5", "9"]
    assert {request.query["allowWatchBookmarks"] for request in api.seen} == {"true"}
    assert {request.query["labelSelector"] for request in api.seen} == {"app"}


async def test_a_connection_that_breaks_is_an_end_like_any_other(api: Api) -> None:
    """Half an event is forgotten, and comes again with the next stream."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if len(api.seen) == 1:
            response = web.StreamResponse()
            response.enable_chunked_encoding()
            await response.prepare(request)
            await response.write(b'{"type": "ADDED", "object": {"meta')
            assert request.transport
            request.transport.abort()
            return response
        return await events(request, event("ADDED", "a", 6), hold=True)

    api.handle = answer
    cluster = await api.client()
    assert await take(cluster.watch(PODS, since="5"), 1) == [("ADDED", "a")]


async def test_a_server_that_is_away_for_a_moment_is_waited_for(api: Api) -> None:
    """503 between two streams is no reason to give up."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if len(api.seen) == 1:
            return status(503, "ServiceUnavailable", "shutting down")
        return await events(request, event("ADDED", "a", 6), hold=True)

    api.handle = answer
    cluster = await api.client()
    assert await take(cluster.watch(PODS, since="5"), 1) == [("ADDED", "a")]


GONE = {"type": "ERROR", "object": {"code": 410, "reason": "Expired", "message": "too old"}}


@pytest.mark.parametrize("within", [True, False], ids=["in the stream", "as the status"])
async def test_an_expired_version_asks_for_a_new_list(api: Api, within: bool) -> None:
    """410 comes in two ways, and means the same."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return await events(request, GONE) if within else status(410, "Expired", "too old")

    api.handle = answer
    cluster = await api.client()
    with pytest.raises(Relist):
        await take(cluster.watch(PODS, since="5"), 1)


async def test_a_forbidden_watch_is_an_access_error(api: Api) -> None:
    """Waiting would not help."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return status(403, "Forbidden", "pods is forbidden")

    api.handle = answer
    cluster = await api.client()
    with pytest.raises(AccessError):
        await take(cluster.watch(PODS, since="5"), 1)


async def test_following_lists_and_then_watches(api: Api) -> None:
    """The watch begins at the version of the list."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            return pod_list("a", "b", version=7)
        return await events(request, event("MODIFIED", "b", 8), hold=True)

    api.handle = answer
    cluster = await api.client()
    assert await take(cluster.follow(PODS), 2) == [("SYNCED", ""), ("MODIFIED", "b")]
    assert api.seen[1].query["resourceVersion"] == "7"


async def test_following_lists_again_when_its_version_expires(api: Api) -> None:
    """What was missed meanwhile is in the new list."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            return pod_list("a", version=7 if len(api.seen) == 1 else 70)
        if request.query["resourceVersion"] == "7":
            return await events(request, GONE)
        return await events(request, event("ADDED", "c", 71), hold=True)

    api.handle = answer
    cluster = await api.client()
    found = await take(cluster.follow(PODS), 3)
    assert found == [("SYNCED", ""), ("SYNCED", ""), ("ADDED", "c")]


async def test_a_cancelled_watch_closes_its_connection(api: Api) -> None:
    """The server sees the client go, though the stream was silent."""
    asked, gone = asyncio.Event(), asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        asked.set()
        transport = request.transport
        assert transport
        await until(transport.is_closing)
        gone.set()
        return response

    api.handle = answer
    cluster = await api.client()
    task = asyncio.create_task(take(cluster.watch(PODS, since="5"), 1))
    async with asyncio.timeout(5):
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await gone.wait()


async def test_fifty_events_in_one_breath_all_arrive(api: Api) -> None:
    """Events that share a chunk, and chunks that share an event, are told apart by lines."""
    sent = [event("ADDED", f"pod-{each}", each) for each in range(50)]

    async def answer(request: web.Request) -> web.StreamResponse:
        return await events(request, *sent, hold=True)

    api.handle = answer
    cluster = await api.client()
    found = await take(cluster.watch(PODS, since="0"), 50)
    assert found == [("ADDED", f"pod-{each}") for each in range(50)]
