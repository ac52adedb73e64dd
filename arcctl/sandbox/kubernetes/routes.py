"""The wire: HTTP requests in, the verbs of the API, objects and Status answers out (testbed.md 3)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aiohttp import web

from arcctl.sandbox.kubernetes import access, answers, problems, target, watching
from arcctl.sandbox.kubernetes.discovery import AGGREGATED, NO_DEFINITIONS, OPENAPI_V2
from arcctl.sandbox.kubernetes.logs import pod_log
from arcctl.sandbox.kubernetes.reading import read_page
from arcctl.sandbox.kubernetes.store import encode
from arcctl.sandbox.kubernetes.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiohttp.typedefs import Middleware

    from arcctl.sandbox.kubernetes.access import Caller
    from arcctl.sandbox.kubernetes.cluster import Cluster
    from arcctl.sandbox.kubernetes.store import Document
    from arcctl.sandbox.kubernetes.target import Target

log = logging.getLogger(__name__)

HEALTH = frozenset({"/healthz", "/readyz", "/livez"})
LARGEST_BODY = 16 * 1024 * 1024
REVIEWS = {
    "selfsubjectaccessreviews": access.access_review,
    "selfsubjectrulesreviews": access.rules_review,
}
TRUE = frozenset({"true", "1"})


def application(cluster: Cluster, middlewares: Iterable[Middleware] = ()) -> web.Application:
    """Return the web application that is the cluster's API server."""
    app = web.Application(middlewares=tuple(middlewares), client_max_size=LARGEST_BODY)
    app.router.add_route("*", "/{path:.*}", Wire(cluster).answer)

    async def end_watches(_: web.Application) -> None:
        cluster.drop_watches()

    app.on_shutdown.append(end_watches)
    return app


def _json(body: bytes, status: int = 200) -> web.Response:
    headers = {"Cache-Control": "no-cache, private"}
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


class Wire:
    """Answers every request to one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._writer = Writer(cluster)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._answer(request)
        except problems.ApiError as error:
            return _json(encode(error.status()), error.code)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # Without schemas a body of the wrong shape is only noticed where it is read.
            log.warning("%s %s", request.method, request.path, exc_info=True)
            refusal = problems.bad_request(f"the request cannot be understood: {error!r}")
            return _json(encode(refusal.status()), refusal.code)
        except target.NoSuchGroup:
            return web.Response(text="404 page not found\n", status=404)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path.rstrip("/")
        if path in HEALTH:
            return web.Response(text="ok")
        caller = self._cluster.caller(request.headers.get("Authorization", ""))
        document = self._cluster.discovery.document(path, request.headers.get("Accept", ""))
        if document is not None:
            return self._document(request, caller, document)
        found = target.find(self._cluster.kinds, path)
        watching_it = request.query.get("watch") in TRUE
        verb = found.verb(request.method, watching=watching_it)
        caller.demand(verb, found.kind, found.namespace, found.name, found.part)
        if not found.part and verb not in found.kind.verbs:
            raise problems.method_not_allowed(found.kind)
        if verb == "watch":
            return await watching.serve(request, self._cluster, found)
        if request.method == "GET":
            return self._read(request, found)
        body = await request.read()
        if found.kind.plural in REVIEWS:
            return self._review(request, caller, found, body)
        return self._write(request, verb, found, body)

    def _document(self, request: web.Request, caller: Caller, document: bytes) -> web.Response:
        if not caller.may_path("get", request.path):
            text = f'forbidden: User "{caller.name}" cannot get path "{request.path}"'
            raise problems.ApiError(403, "Forbidden", text)
        response = _json(document)
        if document.startswith(b'{"kind":"APIGroupDiscoveryList"'):
            response.headers["Content-Type"] = AGGREGATED
        elif request.path == "/openapi/v2" and "protobuf" in request.headers.get("Accept", ""):
            return web.Response(body=NO_DEFINITIONS, content_type=OPENAPI_V2)
        return response

    def _read(self, request: web.Request, found: Target) -> web.Response:
        cluster, query = self._cluster, request.query
        shape = answers.shape_of(request.headers.get("Accept", ""))
        if not found.name:
            page = read_page(cluster, found, query)
            return _json(answers.many(found.kind, page, shape, cluster.clock.now()))
        document = cluster.api.get(found.kind, found.namespace, found.name)
        if found.part == "log":
            return web.Response(text=pod_log(cluster, document, query))
        if found.part == "scale":
            return _json(encode(self._writer.scale_of(document)))
        if found.part == "eviction":
            raise problems.method_not_allowed(found.kind)
        return _json(answers.one(found.kind, document, shape, cluster.clock.now()))

    def _review(
        self, request: web.Request, caller: Caller, found: Target, body: bytes
    ) -> web.Response:
        media = target.media_type(request.headers.get("Content-Type", ""))
        answer = REVIEWS[found.kind.plural](caller, target.decode(body, media, found.kind.kind))
        return _json(encode(answer), 201)

    def _write(self, request: web.Request, verb: str, found: Target, body: bytes) -> web.Response:
        media = target.media_type(request.headers.get("Content-Type", ""))
        outcome = self._writer.write(verb, found, body, media, request.query)
        if isinstance(outcome.value, bytes):
            return _json(outcome.value, outcome.status)
        return self._object(request, found, outcome.value, outcome.status)

    def _object(
        self, request: web.Request, found: Target, document: Document, status: int
    ) -> web.Response:
        shape = answers.shape_of(request.headers.get("Accept", ""))
        return _json(answers.one(found.kind, document, shape, self._cluster.clock.now()), status)
