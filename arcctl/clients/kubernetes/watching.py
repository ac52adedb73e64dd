"""Watches: bookmarks, streams that end, versions that expire (`dependencies.md` 6, `design.md` 8).

No client library at hand does 410 fully, so the loop is arcctl's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from typing import TYPE_CHECKING, Any, TypeAlias

from arcctl.clients.kubernetes import trouble
from arcctl.errors import ClusterError
from arcctl.model.bounded import MOST_BYTES, loads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

# ("SYNCED", every object there is), or (ADDED | MODIFIED | DELETED, the object).
Change: TypeAlias = tuple[str, Any]

# The server ends a stream after this long; silence much longer means that the network is gone.
STREAM_SECONDS = 240
PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)
QUIET_PAUSE = 1.0  # a stream that brought nothing is not asked for again at once
PASSING = (429, 500, 502, 503, 504)
ENDED = (OSError, ValueError)


class Relist(Exception):
    """The version that a watch or a list continues from has expired (410): list again."""


class Stream:
    """One open watch, read by a thread and closed from the event loop."""

    def __init__(self, open_response: Callable[[], Any]) -> None:
        self._open = open_response
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Mapping[str, Any] | BaseException | None] = asyncio.Queue()
        self._lock = threading.Lock()
        self._response: Any = None
        self._closed = False
        threading.Thread(target=self._work, name="watch", daemon=True).start()

    async def events(self) -> AsyncIterator[Mapping[str, Any]]:
        """Yield each event until the server ends the stream; raise what the request raised."""
        while (event := await self._queue.get()) is not None:
            if isinstance(event, BaseException):
                raise event
            yield event

    def close(self) -> None:
        """Wake the thread, wherever it is, and drop the connection."""
        with self._lock:
            self._closed = True
            # Only `shutdown` reaches a thread that sits in a read; `close` would wait for it.
            with contextlib.suppress(*ENDED, RuntimeError):
                if self._response is not None:
                    self._response.shutdown()

    def _work(self) -> None:
        try:
            for event in self._read():
                self._tell(event)
            self._tell(None)
        except BaseException as error:  # noqa: BLE001 - it is raised where the caller waits
            self._tell(error)

    def _read(self) -> Iterator[Mapping[str, Any]]:
        response = self._open()
        with self._lock:
            self._response = response
            closed = self._closed
        try:
            if not closed:
                yield from _events(response)
        finally:
            with self._lock:
                self._response = None
            response.close()

    def _tell(self, event: Mapping[str, Any] | BaseException | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._queue.put_nowait, event)


def _events(response: Any) -> Iterator[Mapping[str, Any]]:
    """Yield one event per line; a connection that breaks is an end like any other."""
    import urllib3

    kept = b""
    try:
        for chunk in response.stream(2**16):
            *whole, kept = (kept + chunk).split(b"\n")
            yield from (_event(line) for line in whole if line)
            if len(kept) > MOST_BYTES:
                return
    except (urllib3.exceptions.HTTPError, RecursionError, *ENDED):
        return


def _event(line: bytes) -> dict[str, Any]:
    """Read a line; one that is no event is a ValueError, for the stream is as good as broken."""
    event = loads(line)
    if not _is_event(event):
        raise ValueError("no event")
    return dict(event)


def _is_event(event: object) -> bool:
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        return False
    changed = event.get("object")
    return isinstance(changed, dict) and isinstance(changed.get("metadata", {}), dict)


class Place:
    """How far a watch has come, and how long it should wait before it goes on."""

    def __init__(self, since: str) -> None:
        self.since = since
        self.pause = QUIET_PAUSE
        self._failures = 0

    def reached(self, changed: Mapping[str, Any]) -> None:
        """Remember the version of the newest event."""
        self.since = changed.get("metadata", {}).get("resourceVersion") or self.since
        self.pause, self._failures = PAUSES[0], 0

    def failed(self, error: ClusterError) -> None:
        """Choose the pause, or raise what no waiting mends."""
        if error.status == 410:
            raise Relist from error
        passing = error.code == "AZK8S0202" or error.status in PASSING
        if not passing or self._failures == len(PAUSES):
            raise error
        self.pause = PAUSES[self._failures]
        self._failures += 1


async def watch(
    open_stream: Callable[[str], Stream], *, since: str
) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Yield changes after version `since`, over as many streams as it takes; raise Relist on 410.

    A server that cannot be reached, or is out of order, for about 8 s ends it with a
    ClusterError.
    """
    place = Place(since)
    while True:
        stream = open_stream(place.since)
        try:
            async for change in _changes(stream, place):
                yield change
        except ClusterError as error:
            place.failed(error)
        finally:
            stream.close()
        await asyncio.sleep(place.pause)
        place.pause = QUIET_PAUSE


async def _changes(stream: Stream, place: Place) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    async for event in stream.events():
        kind, changed = event["type"], event["object"]
        if kind == "ERROR":
            code = int(changed.get("code") or 0)
            raise trouble.from_status("WATCH", "", code, json.dumps(changed).encode())
        place.reached(changed)
        if kind != "BOOKMARK":
            yield kind, changed
