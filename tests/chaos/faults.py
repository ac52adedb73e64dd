"""What can go wrong with one exchange, each as bytes on the wire.

*Loud* faults are failures that anybody can see. *Lies* look like an answer: they hit a place once,
so that whoever looks twice finds them out. A Kubernetes API reads what it has written, so nothing
there is stale, gone or forgotten; its lies are only answers that are no list.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.chaos.proxy import Reset
from tests.chaos.wire import Answer, Request, answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.chaos.proxy import Pass

    Fault = Callable[["Exchange"], Awaitable[Answer]]

STALE = 5.0
"""For so many seconds after a write a read may show what was before."""
_PAGE = b"<html><head><title>502</title></head><body><h1>Bad Gateway</h1></body></html>"


@dataclass
class Exchange:
    """One request on its way, what has been read before at its place, and how it goes on."""

    wire: str
    request: Request
    hand_on: Pass
    before: Answer | None = None
    pause: float = 0.3
    passed: bool = field(default=False, init=False)

    async def ask(self) -> Answer:
        """Let the service see it."""
        self.passed = True
        return await self.hand_on()

    @property
    def lists(self) -> bool:
        """Whether it is a list that ARM is asked for."""
        last = self.request.path.rstrip("/").rpartition("/")[2].lower()
        return self.request.method == "GET" and last in _COLLECTIONS

    @property
    def reads_one(self) -> bool:
        """Whether it is one resource, or what hangs on one, that ARM is asked for."""
        parts = self.request.path.lower().partition("/resourcegroups/")[2].split("/")
        return self.request.method == "GET" and len(parts) > 3 and not self.lists

    @property
    def puts(self) -> bool:
        """Whether ARM is asked to make, change or remove a resource."""
        method = self.request.method
        return method in ("PUT", "PATCH", "DELETE") and "/resourcegroups/" in (
            self.request.path.lower()
        )


_COLLECTIONS = {
    *("extensions", "fluxconfigurations", "sourcecontrolconfigurations", "roleassignments"),
    *("locks", "policyassignments", "policyexemptions", "diagnosticsettings", "resources"),
    *("datacollectionruleassociations", "resourcegroups", "connectedclusters", "customlocations"),
}


async def reset_before(exchange: Exchange) -> Answer:
    """The connection breaks before the service has seen anything."""
    raise Reset


async def reset_after(exchange: Exchange) -> Answer:
    """The service acts, and the connection breaks before it can say so."""
    await exchange.ask()
    raise Reset


async def cut_body(exchange: Exchange) -> Answer:
    """Half of the body comes, and then the connection breaks."""
    found = await exchange.ask()
    whole = found.encoded()
    raise Reset(whole[: len(whole) - max(1, len(found.body) // 2)])


async def truncated(exchange: Exchange) -> Answer:
    """Half of the body comes, as if it were all."""
    found = await exchange.ask()
    return Answer(found.head, found.body[: len(found.body) // 2])


async def empty_body(exchange: Exchange) -> Answer:
    """The status is right, and there is no body."""
    found = await exchange.ask()
    return Answer(found.head, b"")


async def wrong_type(exchange: Exchange) -> Answer:
    """A page for people, with status 200."""
    await exchange.ask()
    return _html(200)


async def utf16(exchange: Exchange) -> Answer:
    """The right text in letters that nobody asked for."""
    found = await exchange.ask()
    found.head.put("Content-Type", "application/json; charset=utf-16")
    return Answer(found.head, found.body.decode("utf-8", "replace").encode("utf-16"))


async def throttled(exchange: Exchange) -> Answer:
    """429, with an invitation to come again at once."""
    error = {"code": "TooManyRequests", "message": "The request is being throttled."}
    return answer(429, {"error": error}, Retry_After="0")


async def throttled_after(exchange: Exchange) -> Answer:
    """429, though the service has acted."""
    await exchange.ask()
    return await throttled(exchange)


async def failing(exchange: Exchange) -> Answer:
    """500, before the service has seen anything."""
    error = {"code": "InternalServerError", "message": "An unexpected error occurred."}
    return answer(500, {"error": error})


async def away(exchange: Exchange) -> Answer:
    """503 of a gateway, though the service has acted."""
    await exchange.ask()
    return answer(503, {"error": {"code": "ServiceUnavailable", "message": "Try again."}})


async def bad_gateway(exchange: Exchange) -> Answer:
    """502 with a page for people."""
    return _html(502)


async def redirected(exchange: Exchange) -> Answer:
    """To a page where one can sign in, as hotels have it."""
    return answer(302, None, Location="/sign-in?then=elsewhere")


async def late(exchange: Exchange) -> Answer:
    """The right answer, later."""
    await asyncio.sleep(exchange.pause)
    found = await exchange.ask()
    await asyncio.sleep(exchange.pause)
    return found


async def twice(exchange: Exchange) -> Answer:
    """The request reaches the service twice, and the second answer counts."""
    await exchange.ask()
    return await exchange.ask()


async def nobody(exchange: Exchange) -> Answer:
    """A list without anything in it."""
    return await _rewritten(exchange, lambda _: {"value": []})


async def null(exchange: Exchange) -> Answer:
    """A list that is null."""
    return await _rewritten(exchange, lambda _: {"value": None})


async def bare(exchange: Exchange) -> Answer:
    """An object of nothing."""
    return await _rewritten(exchange, lambda _: {})


async def accepted(exchange: Exchange) -> Answer:
    """202 where a list was asked for."""
    await exchange.ask()
    return answer(202)


async def missing(exchange: Exchange) -> Answer:
    """404 for what is there."""
    await exchange.ask()
    error = {"code": "ResourceNotFound", "message": "The Resource was not found."}
    return answer(404, {"error": error})


async def skipping(exchange: Exchange) -> Answer:
    """A page without one of its items."""
    return await _rewritten(exchange, lambda page: page | {"value": page["value"][1:]})


async def repeating(exchange: Exchange) -> Answer:
    """A page that has everything twice."""
    return await _rewritten(exchange, lambda page: page | {"value": page["value"] * 2})


async def turning(exchange: Exchange) -> Answer:
    """A page whose next one is itself."""
    host, target = exchange.request.head.get("Host"), exchange.request.target
    return await _rewritten(exchange, lambda page: page | {"nextLink": f"https://{host}{target}"})


async def stale(exchange: Exchange) -> Answer:
    """What was there a moment ago; the service is not asked."""
    assert exchange.before
    return exchange.before


async def unkept(exchange: Exchange) -> Answer:
    """A write that is answered as done, and is not there later."""
    request = exchange.request
    if request.method == "DELETE":
        return answer(204)
    sent = json.loads(request.body or b"{}")
    name = request.path.rpartition("/")[2]
    done = {"provisioningState": "Succeeded"} | (sent.get("properties") or {})
    return answer(200, sent | {"id": request.path, "name": name, "properties": done})


async def echoing(exchange: Exchange) -> Answer:
    """A write is refused, in words that repeat all that was sent."""
    sent = exchange.request.body.decode("utf-8", "replace")
    error = {"code": "InvalidRequestContent", "message": f"This cannot be read: {sent}"}
    return answer(400, {"error": error})


async def no_items(exchange: Exchange) -> Answer:
    """A list of Kubernetes' without its key `items`."""
    return await _rewritten(
        exchange, lambda page: {key: each for key, each in page.items() if key != "items"}
    )


async def _rewritten(exchange: Exchange, change: Callable[[Any], Any]) -> Answer:
    found = await exchange.ask()
    if found.status == 200 and isinstance(page := found.document, dict):
        found.body = json.dumps(change(page)).encode()
    return found


def _html(status: int) -> Answer:
    found = answer(status, None)
    found.head.put("Content-Type", "text/html")
    found.body = _PAGE
    return found


LOUD: tuple[Fault, ...] = (
    *(reset_before, reset_after, cut_body, truncated, empty_body, wrong_type, utf16),
    *(throttled, throttled_after, failing, away, bad_gateway, redirected, late, twice),
)
OF_LISTS: tuple[Fault, ...] = (nobody, null, bare, accepted, skipping, repeating, turning, stale)
OF_ONE: tuple[Fault, ...] = (bare, missing, stale)
OF_WRITES: tuple[Fault, ...] = (unkept, echoing)
OF_KUBERNETES: tuple[Fault, ...] = (no_items, bare)


def lies(exchange: Exchange) -> tuple[Fault, ...]:
    """Return the lies that fit an exchange."""
    if exchange.wire != "arm":
        lists = exchange.request.method == "GET" and exchange.request.path.endswith("s")
        return OF_KUBERNETES if lists else ()
    if exchange.puts:
        return OF_WRITES
    found = OF_LISTS if exchange.lists else OF_ONE if exchange.reads_one else ()
    return found if exchange.before else tuple(each for each in found if each is not stale)


ALL = {each.__name__: each for each in (*LOUD, *OF_LISTS, *OF_ONE, *OF_WRITES, *OF_KUBERNETES)}
