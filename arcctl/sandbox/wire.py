"""What every service of the sandbox has around it: the journal, the faults, and no tracebacks.

One middleware for ARM, Entra, the registry and the embedded Kubernetes. `service` names the
service, or tells it from the request; the empty name means: leave this request alone.
"""

from __future__ import annotations

import logging
import traceback
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from aiohttp import web

from arcctl.sandbox import mishaps
from arcctl.sandbox.journal import Entry, kept

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp.typedefs import Handler, Middleware

    from arcctl.sandbox.world import World

    Service = str | Callable[[web.Request], str]

log = logging.getLogger(__name__)

_CRASH = {"error": {"code": "InternalServerError", "message": "The server met an error."}}


def watch(world: World, service: Service, *, bodies: bool = False) -> Middleware:
    """Return the middleware. `bodies` says whether the journal keeps them (redacted).

    The embedded Kubernetes leaves them out: Secrets travel in its bodies as base64.
    """
    name_of = service if callable(service) else lambda _request: service

    @web.middleware
    async def watched(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = name_of(request)
        if not name:
            return await handler(request)
        return await _exchange(world, name, request, handler, bodies=bodies)

    return watched


async def _exchange(
    world: World, name: str, request: web.Request, handler: Handler, *, bodies: bool
) -> web.StreamResponse:
    path, query = request.path, request.query_string
    sent = await request.read() if bodies else b""
    fault = world.faults.take_wire(
        name, request.method, path, query, lambda: world.azure.region_of(path, sent)
    )
    entry = _entry(world, name, request)
    entry.fault = fault
    entry.request = kept(sent)
    started = perf_counter()
    world.journal.write(entry)

    async def act(request: web.Request) -> web.StreamResponse:
        return await _safely(world, entry, handler(request))

    if _seen(world, entry, "before"):
        return mishaps.dropped(request)
    answer = await (mishaps.befall(fault, request, act) if fault else act(request))
    if _seen(world, entry, "after"):
        return mishaps.dropped(request)
    entry.seconds = perf_counter() - started
    entry.status = answer.status if not (fault and "reset" in fault) else 0
    if bodies and isinstance(answer, web.Response) and isinstance(answer.body, bytes):
        entry.response = kept(answer.body)
    return answer


def _seen(world: World, entry: Entry, when: Literal["before", "after"]) -> bool:
    return any(witness(entry, when) for witness in world.witnesses)


def _entry(world: World, name: str, request: web.Request) -> Entry:
    headers = request.headers
    return Entry(
        time=world.clock.now().isoformat(),
        service=name,
        method=request.method,
        path=request.path,
        query=kept(request.query_string.encode()),
        client_request_id=headers.get("x-ms-client-request-id", ""),
        user_agent=headers.get("User-Agent", ""),
    )


async def _safely(
    world: World, entry: Entry, answer: Awaitable[web.StreamResponse]
) -> web.StreamResponse:
    """Turn a crash into an error of ARM's shape, and remember it: a test asks for none."""
    try:
        return await answer
    except web.HTTPException as answered:
        entry.status = answered.status
        raise
    except ConnectionError:
        raise
    except Exception:
        log.exception("%s %s crashed", entry.method, entry.path)
        world.crashes.append(f"{entry.method} {entry.path}\n{traceback.format_exc()}")
        return web.json_response(_CRASH, status=500)
