"""The sandbox's own endpoints, `/_sandbox/…`, which no Azure has. JSON in, JSON out.

Each request bears the sandbox's secret, `X-Sandbox-Secret`: it stands in `state.json` and in the
printed environment, which nobody but the sandbox's owner can read.

GET    status            what is held, how many crashes, the time
GET    faults            plans that wait and plans that happened
POST   faults            one plan, or a list of plans (`faults.py`)
DELETE faults[?id=…]     one waiting plan, or all
GET    clock · POST      {"advance": seconds}
GET    journal[?service=&method=&path=] · DELETE
GET    crashes           tracebacks; empty in a healthy sandbox
POST   reset             {"seed": name?}
POST   seed              a scenario (`azure/seeds.py`)
GET    dump              the world as JSON
POST   certificates      {"pem": …}: with it apps may sign in from now on
POST   agents            {"cluster": id, "publicKey"?: …, "facts": {…}}: a heartbeat by hand
"""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web
from cryptography import x509

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.sandbox.world import World

    Answer = Callable[[World, dict[str, Any], dict[str, str]], Any]


HEADER = "X-Sandbox-Secret"


def application(world: World) -> web.Application:
    """Return the endpoints, to be mounted at `/_sandbox/`."""
    app = web.Application()
    for (method, name), answer in _ENDPOINTS.items():
        app.router.add_route(method, f"/{name}", _handler(world, answer))
    return app


def _handler(world: World, answer: Answer) -> Callable[[web.Request], Any]:
    async def handle(request: web.Request) -> web.Response:
        given = request.headers.get(HEADER, "").encode()
        if not hmac.compare_digest(given, world.secret.encode()):
            return web.json_response(
                {"error": f"the sandbox's secret is missing: {HEADER}"}, status=401
            )
        try:
            text = await request.text()
            body = json.loads(text) if text else {}
            result = answer(world, body, dict(request.query))
        except (ValueError, TypeError, KeyError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(result)

    return handle


def _status(world: World, _body: Any, _query: Any) -> Any:
    return {
        "time": world.clock.now().isoformat(),
        "baseUrl": world.base_url,
        "crashes": len(world.crashes),
        "requests": len(world.journal.entries),
        "faultsWaiting": len(world.faults.waiting),
        **world.azure.counts(),
    }


def _faults(world: World, _body: Any, _query: Any) -> Any:
    return {
        "waiting": [fault.plain() for fault in world.faults.waiting],
        "consumed": [fault.plain() for fault in world.faults.consumed],
    }


def _add_faults(world: World, body: Any, _query: Any) -> Any:
    plans = body if isinstance(body, list) else [body]
    return {"ids": [world.faults.add(plan).id for plan in plans]}


def _remove_faults(world: World, _body: Any, query: dict[str, str]) -> Any:
    world.faults.remove(query.get("id", ""))
    return {}


def _clock(world: World, body: dict[str, Any], _query: Any) -> Any:
    if "advance" in body:
        world.clock.advance(float(body["advance"]))
    return {"now": world.clock.now().isoformat(), "offset": world.clock.offset}


def _journal(world: World, _body: Any, query: dict[str, str]) -> Any:
    wanted = {name: query[name] for name in ("service", "method", "path") if name in query}
    return {"entries": [entry.plain() for entry in world.journal.select(**wanted)]}


def _clear_journal(world: World, _body: Any, _query: Any) -> Any:
    world.journal.clear()
    return {}


def _crashes(world: World, _body: Any, _query: Any) -> Any:
    return {"crashes": world.crashes}


def _reset(world: World, body: dict[str, Any], _query: Any) -> Any:
    world.reset(body.get("seed"))
    return world.azure.counts()


def _seed(world: World, body: dict[str, Any], _query: Any) -> Any:
    world.azure.plant(body)
    return world.azure.counts()


def _dump(world: World, _body: Any, _query: Any) -> Any:
    return world.dump()


def _beat(world: World, body: dict[str, Any], _query: Any) -> Any:
    answer = world.azure.heartbeat(
        body["cluster"], public_key=body.get("publicKey"), facts=body.get("facts", {})
    )
    return {"accepted": answer.accepted, "reason": answer.reason}


def _trust(world: World, body: dict[str, Any], _query: Any) -> Any:
    x509.load_pem_x509_certificate(body["pem"].encode())
    world.azure.certificates.append(body["pem"])
    return {}


_ENDPOINTS: dict[tuple[str, str], Answer] = {
    ("GET", "status"): _status,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _add_faults,
    ("DELETE", "faults"): _remove_faults,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _clock,
    ("GET", "journal"): _journal,
    ("DELETE", "journal"): _clear_journal,
    ("GET", "crashes"): _crashes,
    ("POST", "reset"): _reset,
    ("POST", "seed"): _seed,
    ("GET", "dump"): _dump,
    ("POST", "agents"): _beat,
    ("POST", "certificates"): _trust,
}
