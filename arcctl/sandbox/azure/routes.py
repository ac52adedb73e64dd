"""The one door: finds the service and the kind a request is for, and writes the answer.

`application(world)` serves every path that no other route of the same server takes, so the
registry (`/v2/…`) and the sandbox's own endpoints (`/_sandbox/…`) can be added to it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from aiohttp import web

from arcctl.sandbox import wire
from arcctl.sandbox.azure import dataplane, front, gate, metadata, sign_in
from arcctl.sandbox.azure.answers import Answer, ArmError
from arcctl.sandbox.azure.call import Call
from arcctl.sandbox.azure.kinds import BY_TYPE
from arcctl.sandbox.azure.paths import parse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from arcctl.sandbox.azure.kind import Handler
    from arcctl.sandbox.world import World

# Whatever is not ARM's: method, path (lower case, single slashes), service, handler.
_ELSEWHERE: tuple[tuple[str, str, str, Handler], ...] = (
    ("GET", r"/metadata/endpoints", "arm", metadata.endpoints),
    (
        "GET",
        r"/[^/]+(/v2\.0)?/\.well-known/openid-configuration",
        "entra",
        sign_in.openid_configuration,
    ),
    ("GET", r"/common/discovery/instance", "entra", sign_in.instance_discovery),
    ("GET", r"/common/userrealm/.*", "entra", sign_in.user_realm),
    ("GET", r"/[^/]+/discovery(/v2\.0)?/keys", "entra", sign_in.keys),
    ("POST", r"/[^/]+/oauth2(/v2\.0)?/token", "entra", sign_in.token),
    ("GET", r"/msi/token", "entra", sign_in.managed_identity),
    ("GET", r"/v1\.0/serviceprincipals", "graph", sign_in.graph_principals),
    ("POST", r"/azure-arc-k8sagents/healthcheck", "dataplane", dataplane.health_check),
    ("POST", r"/azure-arc-k8sagents/gethelmsettings", "dataplane", dataplane.helm_settings),
    (
        "POST",
        r"/azure-arc-k8sagents/getlatesthelmpackagepath",
        "dataplane",
        dataplane.latest_package,
    ),
)
_ROUTES = tuple(
    (method, re.compile(path), service, act) for method, path, service, act in _ELSEWHERE
)
_ARM_ROOTS = ("/subscriptions", "/providers/", "/tenants")
_OWN = ("/_sandbox", "/v2/", "/$hc/")
BODY_LIMIT = 4 * 1024 * 1024


def application(world: World) -> web.Application:
    """Return the Azure side as an application; other routes may be added to it."""
    app = web.Application(
        middlewares=[wire.watch(world, service_of, bodies=True)], client_max_size=BODY_LIMIT
    )
    app.router.add_route("*", "/{path:.*}", _handler(world))
    return app


def service_of(request: web.Request) -> str:
    """Tell the service that a request is for, or nothing where it is not Azure's."""
    path = request.path
    if path.lower().startswith(_ARM_ROOTS):
        return "arm"
    if path.startswith(_OWN) or path == "/v2":
        return ""
    found = _elsewhere(request.method, path)
    return found[0] if found else "arm"


def _handler(world: World) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        call = Call(
            world=world,
            method=request.method,
            target=parse(request.path),
            query={name.lower(): value for name, value in request.query.items()},
            headers=request.headers,
            origin=_origin(request),
            content=await request.read(),
        )
        return _written(call, respond(call))

    return handle


def respond(call: Call) -> Answer:
    """Answer one request, whatever it is."""
    call.azure.operations.settle()
    path = call.target.path
    try:
        if not path.lower().startswith(_ARM_ROOTS):
            found = _elsewhere(call.method, path)
            if found:
                return found[1](call)
        return _arm(call)
    except ArmError as error:
        return error.answer


def _arm(call: Call) -> Answer:
    kind = BY_TYPE.get(call.target.kind)
    if kind is None:
        gate.authenticate(call)
        raise ArmError(
            404,
            "InvalidResourceType",
            f"The resource type '{'/'.join(call.target.types)}' could not be found in the "
            f"namespace '{call.target.namespace}' for api version '{call.version}'.",
        )
    gate.check(call, kind)
    answers = kind.item if call.target.is_item else kind.collection
    if call.method == "HEAD" and "HEAD" not in answers and "GET" in answers:
        return _looked_for(call, answers["GET"])
    if call.method not in answers:
        raise ArmError(
            405,
            "HttpMethodNotSupported",
            f"The resource type '{kind.type}' does not support HTTP method '{call.method}'.",
        )
    answer = answers[call.method](call)
    call.azure.operations.settle()
    return answer


def _looked_for(call: Call, get: Handler) -> Answer:
    """Answer whether something is there (`arm.md` 1, HEAD)."""
    get(call)
    return Answer(204)


def _elsewhere(method: str, path: str) -> tuple[str, Handler] | None:
    low = re.sub("/{2,}", "/", path.lower())
    for known, pattern, service, act in _ROUTES:
        if known == method and pattern.fullmatch(low):
            return service, act
    return None


def _origin(request: web.Request) -> str:
    scheme = request.headers.get("X-Forwarded-Proto", request.scheme)
    return f"{scheme}://{request.headers.get('X-Forwarded-Host', request.host)}"


def _written(call: Call, answer: Answer) -> web.Response:
    headers = front.headers(call, answer)
    body = answer.body
    if body is None:
        return web.Response(status=answer.status, headers=headers)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return web.Response(
        status=answer.status,
        headers=headers,
        body=data,
        content_type="application/json",
        charset="utf-8",
    )
