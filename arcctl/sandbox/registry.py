"""A read-only OCI registry for the sandbox's charts and its relay (`testbed.md` 4, `az-on-the-wire.md` 6.13).

The agents' chart answers under two names: the data plane's, and the one that az and arcctl make
of it by inserting `v2` before the last part (`connectedk8s.md` B.12).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from aiohttp import web

from arcctl.sandbox.oci import (
    AGENT_VERSIONS,
    AGENTS,
    DIAGNOSTICS,
    DIAGNOSTICS_VERSION,
    MANIFEST_TYPE,
    Blob,
    charts,
    pack,
)
from arcctl.sandbox.relay import artifact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aiohttp.typedefs import Handler, Middleware

    from arcctl.sandbox.oci import Chart

TRAINS = ("stable", "preview")
_VERSION_HEADER = {"Docker-Distribution-Api-Version": "registry/2.0"}


def agent_chart(host: str, train: str = "stable", version: str = AGENT_VERSIONS[-1]) -> str:
    """Return the `repositoryPath` that the data plane gives out; `host` may carry a port."""
    return f"{host}/azurearck8s/batch1/{train}/{AGENTS}:{version}"


def repositories(stock: Iterable[Chart]) -> dict[str, list[Chart]]:
    """Lay the charts out under the names by which clients know them."""
    agents = [chart for chart in stock if chart.name == AGENTS]
    checks = [chart for chart in stock if chart.name == DIAGNOSTICS]
    names = {f"azurearck8s/helmchart/stable/{DIAGNOSTICS}": checks}
    for train in TRAINS:
        names[f"azurearck8s/batch1/{train}/{AGENTS}"] = agents
        names[f"azurearck8s/batch1/{train}/v2/{AGENTS}"] = agents
    return names | artifact.repositories()


class Registry:
    """What is stocked, found by name and by tag or digest.

    `unreachable` tells the regions that the cluster cannot reach at this moment: the diagnostics
    chart is packed so that its job finds out.
    """

    def __init__(self, unreachable: Callable[[], Iterable[str]] = tuple) -> None:
        self._repositories = repositories(charts())
        self._unreachable = unreachable

    async def base(self, _request: web.Request) -> web.Response:
        return web.json_response({}, headers=_VERSION_HEADER)

    async def manifest(self, request: web.Request) -> web.Response:
        wanted = request.match_info["reference"]
        for chart in self._stock(request):
            if wanted in {chart.version, chart.manifest.digest}:
                return _answer(chart.manifest)
        raise _MissingError("MANIFEST_UNKNOWN", f"manifest unknown: {wanted}")

    async def blob(self, request: web.Request) -> web.Response:
        wanted = request.match_info["digest"]
        for chart in self._stock(request):
            for blob in chart.blobs:
                if blob.digest == wanted:
                    return _answer(blob)
        raise _MissingError("BLOB_UNKNOWN", f"blob unknown to registry: {wanted}")

    async def tags(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        tags = [chart.version for chart in self._stock(request)]
        return web.json_response({"name": name, "tags": tags}, headers=_VERSION_HEADER)

    def _stock(self, request: web.Request) -> list[Chart]:
        name = request.match_info["name"]
        if name not in self._repositories:
            raise _MissingError("NAME_UNKNOWN", f"repository name not known to registry: {name}")
        stock = self._repositories[name]
        closed = frozenset(self._unreachable())
        if closed and stock[0].name == DIAGNOSTICS:
            return [_diagnostics(closed)]
        return stock


@cache
def _diagnostics(closed: frozenset[str]) -> Chart:
    return pack(DIAGNOSTICS, DIAGNOSTICS_VERSION, closed)


def application(
    registry: Registry | None = None, middlewares: Iterable[Middleware] = ()
) -> web.Application:
    """Return the paths below `/v2`, to be mounted there."""
    app = web.Application(middlewares=[*middlewares, _say_no_in_json])
    registry = registry or Registry()
    app.router.add_get("/", registry.base)
    app.router.add_get("/{name:.+}/manifests/{reference}", registry.manifest)
    app.router.add_get("/{name:.+}/blobs/{digest}", registry.blob)
    app.router.add_get("/{name:.+}/tags/list", registry.tags)
    return app


def _answer(blob: Blob) -> web.Response:
    kind = blob.kind if blob.kind == MANIFEST_TYPE else "application/octet-stream"
    headers = {
        **_VERSION_HEADER,
        "Content-Type": kind,
        "Docker-Content-Digest": blob.digest,
        "Etag": f'"{blob.digest}"',
    }
    return web.Response(body=blob.content, headers=headers)


class _MissingError(Exception):
    """Carries the registry's own word for what it does not have."""


@web.middleware
async def _say_no_in_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every refusal into the error document that OCI clients expect."""
    try:
        return await handler(request)
    except _MissingError as missing:
        code, message = missing.args
        return _refusal(404, code, message)
    except web.HTTPMethodNotAllowed:
        return _refusal(405, "UNSUPPORTED", "the registry of the sandbox is read only")
    except web.HTTPNotFound:
        return _refusal(404, "NAME_INVALID", f"no such path: {request.path}")


def _refusal(status: int, code: str, message: str) -> web.Response:
    document = {"errors": [{"code": code, "message": message, "detail": {}}]}
    return web.json_response(document, status=status, headers=_VERSION_HEADER)
