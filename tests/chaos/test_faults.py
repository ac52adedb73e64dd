"""Every fault on the wire, heard by a client that reads bytes."""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
import trustme
from aiohttp import web
from tests.chaos import faults
from tests.chaos.faults import Exchange
from tests.chaos.proxy import Proxy, Reset
from tests.chaos.weather import CALM, Forecast, Weather
from tests.chaos.wire import Answer, Head, Request, answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.chaos.proxy import Pass

LIST = "/subscriptions/s/resourceGroups/g/providers/P/clusters/c/extensions"
ONE = f"{LIST}/flux"
PAGE = {"value": [{"id": "a"}, {"id": "b"}]}


@dataclass
class Service:
    """Counts what reaches it."""

    port: int = 0
    seen: list[str] = field(default_factory=list)

    async def act(self, request: web.Request) -> web.Response:
        await request.read()
        self.seen.append(f"{request.method} {request.path}")
        is_list = request.path in (LIST, "/api/v1/pods")
        body = PAGE if request.path == LIST else {"items": [], "kind": "PodList", "name": "flux"}
        return web.json_response(body if is_list else {"name": "flux"})


@dataclass
class Once:
    """Lets one fault happen, and nothing else."""

    name: str

    async def exchange(self, wire: str, request: Request, hand_on: Pass) -> Answer:
        before = answer(200, {"was": "before"})
        exchange = Exchange(wire, request, hand_on, before, pause=0)
        return await faults.ALL[self.name](exchange)

    async def stream(self, wire: str, request: Request) -> int:
        return 1


@pytest_asyncio.fixture
async def service() -> AsyncIterator[tuple[Service, ssl.SSLContext, ssl.SSLContext]]:
    """A service with a certificate."""
    authority = trustme.CA()
    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(own)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    made = Service()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", made.act)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=own)
    await site.start()
    made.port = runner.addresses[0][1]
    yield made, own, trust
    await runner.cleanup()


async def ask(proxy: Proxy, trust: ssl.SSLContext, line: str, body: bytes = b"") -> bytes:
    """Send a request on a new connection, and return all that comes, until it ends or breaks."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port, ssl=trust)
    head = f"{line} HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    writer.write(head.encode() + b"\r\n" + body)
    found = b""
    try:
        while part := await reader.read(65536):
            found += part
    except (ConnectionError, ssl.SSLError):
        found += b"<broken>"
    finally:
        writer.transport.abort()
    return found


def parts(found: bytes) -> tuple[int, str, bytes]:
    """Return status, head and body of what came."""
    head, _, body = found.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]) if head.startswith(b"HTTP") else 0, head.decode(), body


# How often the service sees the request, the status, and words that are or are not in the answer.
EXPECTED = {
    "reset_before": (0, 0, b"", b"value"),
    "reset_after": (1, 0, b"", b"value"),
    "cut_body": (1, 200, b'{"value"', b"]}"),
    "truncated": (1, 200, b'{"value"', b"]}"),
    "empty_body": (1, 200, b"", b"value"),
    "wrong_type": (1, 200, b"<html>", b"value"),
    "utf16": (1, 200, b"\xff\xfe", b'"value"'),
    "throttled": (0, 429, b"TooManyRequests", b"value"),
    "throttled_after": (1, 429, b"TooManyRequests", b"value"),
    "failing": (0, 500, b"InternalServerError", b"value"),
    "away": (1, 503, b"ServiceUnavailable", b"value"),
    "bad_gateway": (0, 502, b"<html>", b"value"),
    "redirected": (0, 302, b"", b"value"),
    "late": (1, 200, b'"value"', b"<broken>"),
    "twice": (2, 200, b'"value"', b"<broken>"),
    "nobody": (1, 200, b'{"value": []}', b'"id"'),
    "null": (1, 200, b'{"value": null}', b'"id"'),
    "bare": (1, 200, b"{}", b'"id"'),
    "accepted": (1, 202, b"", b"value"),
    "missing": (1, 404, b"ResourceNotFound", b"value"),
    "skipping": (1, 200, b'{"id": "b"}', b'{"id": "a"}'),
    "repeating": (1, 200, b'{"id": "b"}, {"id": "a"}', b"nextLink"),
    "turning": (1, 200, f'"nextLink": "https://here{LIST}"'.encode(), b"<broken>"),
    "stale": (0, 200, b'{"was": "before"}', b"value"),
}


@pytest.mark.parametrize("name", EXPECTED)
async def test_a_fault_is_what_it_is_called(
    service: tuple[Service, ssl.SSLContext, ssl.SSLContext], name: str
) -> None:
    """The client gets what the name says, and the service is asked as often as it says."""
    made, own, trust = service
    proxy = Proxy("arm", made.port, Once(name), own, trust)
    await proxy.open()
    found = await ask(proxy, trust, f"GET {LIST}")
    await proxy.close()
    asked, status, there, not_there = EXPECTED[name]
    assert (len(made.seen), parts(found)[0]) == (asked, status), found
    assert there in found
    assert not_there not in found
    assert proxy.troubles == []


async def test_cut_bodies_promise_more_than_comes_and_truncated_ones_do_not(
    service: tuple[Service, ssl.SSLContext, ssl.SSLContext],
) -> None:
    """One is seen by whoever counts, the other only by whoever reads."""
    made, own, trust = service
    promised = {}
    for name in ("cut_body", "truncated"):
        proxy = Proxy("arm", made.port, Once(name), own, trust)
        await proxy.open()
        _, head, body = parts((await ask(proxy, trust, f"GET {LIST}")).replace(b"<broken>", b""))
        await proxy.close()
        promised[name] = int(head.partition("Content-Length: ")[2].split("\r\n")[0]) - len(body)
    assert promised["cut_body"] > 0
    assert promised["truncated"] == 0


async def test_a_write_that_is_not_kept_never_arrives(
    service: tuple[Service, ssl.SSLContext, ssl.SSLContext],
) -> None:
    """It is answered as done, with all that was sent."""
    made, own, trust = service
    proxy = Proxy("arm", made.port, Once("unkept"), own, trust)
    await proxy.open()
    body = json.dumps({"properties": {"colour": "blue"}}).encode()
    status, _, told = parts(await ask(proxy, trust, f"PUT {ONE}", body))
    status_of_delete, _, _ = parts(await ask(proxy, trust, f"DELETE {ONE}"))
    await proxy.close()
    assert (status, status_of_delete, made.seen) == (200, 204, [])
    assert json.loads(told)["properties"] == {"colour": "blue", "provisioningState": "Succeeded"}


async def test_a_refusal_repeats_what_was_sent(
    service: tuple[Service, ssl.SSLContext, ssl.SSLContext],
) -> None:
    """So a secret in it comes back in an error's text."""
    made, own, trust = service
    proxy = Proxy("arm", made.port, Once("echoing"), own, trust)
    await proxy.open()
    status, _, told = parts(await ask(proxy, trust, f"PUT {ONE}", b'{"key": "hidden-1"}'))
    await proxy.close()
    assert (status, made.seen) == (400, [])
    assert "hidden-1" in json.loads(told)["error"]["message"]


async def test_a_list_of_kubernetes_loses_its_items(
    service: tuple[Service, ssl.SSLContext, ssl.SSLContext],
) -> None:
    """It is still called a list."""
    made, own, trust = service
    proxy = Proxy("sandbox", made.port, Once("no_items"), own, trust)
    await proxy.open()
    _, _, told = parts(await ask(proxy, trust, "GET /api/v1/pods"))
    await proxy.close()
    assert json.loads(told) == {"kind": "PodList", "name": "flux"}


def test_every_fault_is_tried() -> None:
    """None is left out of the tests above."""
    assert {*EXPECTED, "unkept", "echoing", "no_items"} == faults.ALL.keys()


@dataclass
class Passing:
    """Hands on, and counts."""

    times: int = 0

    async def __call__(self) -> Answer:
        self.times += 1
        return answer(200, {"value": [{"n": self.times}]})


def asking(path: str = LIST, method: str = "GET") -> Request:
    """A request as the proxy reads one."""
    return Request(Head(f"{method} {path} HTTP/1.1", [("Host", "here")]))


async def run(seed: str, forecast: Forecast, times: int = 40) -> list[str]:
    """Return what happened to so many requests."""
    weather = Weather()
    weather.begin(seed, forecast)
    for _ in range(times):
        with suppress(Reset):
            await weather.exchange("arm", asking(), Passing())
    return [each.fault for each in weather.seen]


async def test_a_seed_has_the_same_weather_each_time() -> None:
    """What happens depends on the seed and the place alone."""
    stormy = Forecast(loud=0.5, most_loud=100)
    first = await run("1", stormy)
    assert first == await run("1", stormy)
    assert first != await run("2", stormy)
    assert len(set(first)) > 5


async def test_faults_are_bounded_and_a_place_is_lied_at_once() -> None:
    """A service that lies for ever cannot be found out, so none does."""
    lying = await run("1", Forecast(lies=1.0, most_lies=9))
    assert [bool(each) for each in lying] == [True] + [False] * 39
    failing = await run("1", Forecast(loud=1.0, most_loud=3))
    assert sum(map(bool, failing)) == 3
    assert not any(await run("1", CALM))


async def test_nothing_stale_is_older_than_a_read_may_be() -> None:
    """Only what has been read at this place, and not long ago, comes again."""
    exchange = Exchange("arm", asking(), Passing())
    assert faults.stale not in faults.lies(exchange)
    exchange.before = answer(200, {})
    assert faults.stale in faults.lies(exchange)
