"""Watches tell every change once, in order, and say when they cannot."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from tests.sandbox.kubernetes.bodies import config_map

if TYPE_CHECKING:
    from tests.sandbox.kubernetes.serving import Served

MAPS = "/api/v1/namespaces/default/configmaps"


def told(events: list[Any]) -> list[tuple[str, str]]:
    """Reduce events to what happened to whom."""
    return [(each["type"], each["object"]["metadata"].get("name", "")) for each in events]


async def revision(served: Served) -> str:
    """Return the revision of a list read now."""
    return str((await served.call("GET", MAPS)).body["metadata"]["resourceVersion"])


async def test_a_watch_from_a_revision_tells_what_came_after(served: Served) -> None:
    """Nothing from before the revision, everything after it, deletions included."""
    await served.call("POST", MAPS, config_map("before"))
    since = await revision(served)
    await served.call("POST", MAPS, config_map("a"))
    await served.call("PUT", f"{MAPS}/a", config_map("a", x="1"))
    await served.call("DELETE", f"{MAPS}/a")

    events = await served.watch(f"{MAPS}?watch=true&resourceVersion={since}&timeoutSeconds=1")

    assert told(events) == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]
    versions = [int(each["object"]["metadata"]["resourceVersion"]) for each in events]
    assert versions == sorted(versions)


async def test_a_watch_without_a_revision_begins_with_what_is_there(served: Served) -> None:
    """Existing objects come first, as additions."""
    await served.call("POST", MAPS, config_map("a"))

    events = await served.watch(
        f"{MAPS}?watch=true&fieldSelector=metadata.name%3Da&timeoutSeconds=1"
    )

    assert told(events) == [("ADDED", "a")]


async def test_initial_events_end_with_a_bookmark(served: Served) -> None:
    """A client that asks for initial events learns where they end."""
    await served.call("POST", MAPS, config_map("a"))

    events = await served.watch(
        f"{MAPS}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true"
        "&resourceVersionMatch=NotOlderThan&fieldSelector=metadata.name%3Da&timeoutSeconds=1"
    )

    assert told(events)[:2] == [("ADDED", "a"), ("BOOKMARK", "")]
    notes = events[1]["object"]["metadata"]["annotations"]
    assert notes == {"k8s.io/initial-events-end": "true"}


async def test_leaving_a_selection_is_a_deletion(served: Served) -> None:
    """A watcher by label sees an object come and go as its labels change."""
    since = await revision(served)
    await served.call("POST", MAPS, config_map("a"))
    for label in ("yes", "no"):
        body = config_map("a") | {"metadata": {"name": "a", "labels": {"here": label}}}
        await served.call("PUT", f"{MAPS}/a", body)

    events = await served.watch(
        f"{MAPS}?watch=true&resourceVersion={since}&labelSelector=here%3Dyes&timeoutSeconds=1"
    )

    assert told(events) == [("ADDED", "a"), ("DELETED", "a")]


async def test_a_change_reaches_an_open_watch(served: Served) -> None:
    """Events are sent when they happen, not when the watch ends."""
    since = await revision(served)
    url = f"{served.server}{MAPS}?watch=true&resourceVersion={since}"
    headers = {"Authorization": f"Bearer {served.cluster.token}"}
    async with served.session.get(url, headers=headers) as stream:
        await served.call("POST", MAPS, config_map("a"))
        line = await asyncio.wait_for(stream.content.readline(), 10)

    assert told([json.loads(line)]) == [("ADDED", "a")]


async def test_a_watch_from_before_the_window_is_told_gone_in_the_stream(served: Served) -> None:
    """A revision that is no longer remembered gives one ERROR event with code 410."""
    since = await revision(served)
    served.cluster.expire_history()

    events = await served.watch(f"{MAPS}?watch=true&resourceVersion={since}")

    assert [each["type"] for each in events] == ["ERROR"]
    assert events[0]["object"]["code"] == 410
    assert events[0]["object"]["reason"] == "Expired"


async def test_a_watch_can_be_refused_with_410_at_once(served: Served) -> None:
    """Some servers answer the request itself with 410; a switch plays those."""
    since = await revision(served)
    served.cluster.refuses_old_watches = True
    served.cluster.expire_history()

    answer = await served.call("GET", f"{MAPS}?watch=true&resourceVersion={since}")

    assert answer.status == 410


async def test_dropped_watches_end_without_a_word(served: Served) -> None:
    """A restart of the API server ends the stream; the client has to come back."""
    since = await revision(served)
    url = f"{served.server}{MAPS}?watch=true&resourceVersion={since}"
    headers = {"Authorization": f"Bearer {served.cluster.token}"}
    async with served.session.get(url, headers=headers) as stream:
        served.cluster.drop_watches()
        rest = await asyncio.wait_for(stream.content.read(), 10)

    assert rest == b""
