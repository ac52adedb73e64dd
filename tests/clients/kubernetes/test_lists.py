"""Long lists come in pages, every object once, a page in memory at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from arcctl.errors import ClusterError
from tests.clients.kubernetes.api import PODS, VERSION, Api, pod_list, status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def names(found: AsyncIterator[dict]) -> list[str]:
    """The names of the objects, in order."""
    return [each["metadata"]["name"] async for each in found]


async def test_pages_follow_each_other(api: Api) -> None:
    """The token of one page asks for the next, with the same limit and selector."""

    async def answer(request: web.Request) -> web.Response:
        more = {"": ("a", "next"), "next": ("b", "last"), "last": ("c", "")}
        name, token = more[request.query.get("continue", "")]
        return pod_list(name, token=token)

    api.handle = answer
    cluster = await api.client()
    assert await names(cluster.items(PODS, limit=1, labelSelector="app")) == ["a", "b", "c"]
    assert [request.query["limit"] for request in api.seen] == ["1", "1", "1"]
    assert {request.query["labelSelector"] for request in api.seen} == {"app"}


async def test_an_expired_token_starts_the_list_anew(api: Api) -> None:
    """Nothing is told twice, and what is new is told."""

    async def answer(request: web.Request) -> web.Response:
        if len(api.seen) == 2:
            return status(410, "Expired", "the provided continue parameter is too old")
        if "continue" in request.query:
            return pod_list("b", "c")
        return pod_list("a", "aa", token="t") if len(api.seen) > 2 else pod_list("a", token="t")

    api.handle = answer
    cluster = await api.client()
    assert await names(cluster.items(PODS)) == ["a", "aa", "b", "c"]


async def test_a_list_that_always_expires_is_an_error(api: Api) -> None:
    """It is not started over for ever."""

    async def answer(request: web.Request) -> web.Response:
        return status(410, "Expired", "too old")

    api.handle = answer
    cluster = await api.client()
    with pytest.raises(ClusterError) as raised:
        await names(cluster.items(PODS))
    assert raised.value.status == 410
    assert len(api.seen) == 4


async def test_objects_of_a_list_know_their_kind(api: Api) -> None:
    """The list says it once for all; each object is whole by itself."""

    async def answer(request: web.Request) -> web.Response:
        return pod_list("a")

    api.handle = answer
    cluster = await api.client()
    [found] = [each async for each in cluster.items(PODS)]
    assert (found["kind"], found["apiVersion"]) == ("Pod", "v1")


async def test_metadata_alone_can_be_asked_for(api: Api) -> None:
    """Secrets are listed by name without their content ever crossing the wire."""

    async def answer(request: web.Request) -> web.Response:
        return pod_list()

    api.handle = answer
    cluster = await api.client()
    assert await names(cluster.items(PODS, metadata_only=True)) == []
    assert "as=PartialObjectMetadataList;g=meta.k8s.io;v=v1" in api.seen[0].headers["Accept"]


JUDGE = """
import asyncio, resource, sys
from arcctl.clients.kubernetes import Kubernetes
from arcctl.settings import Flags, Settings

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

async def main():
    cluster = await Kubernetes.open(Settings(environ={}, flags=Flags(kube_config=sys.argv[1])))
    await cluster.version()
    before = peak()
    ready = 0
    async for pod in cluster.items("/api/v1/pods"):
        ready += pod["status"]["conditions"][0]["status"] == "True"
    print(ready, peak() - before)

asyncio.run(main())
"""


async def test_five_thousand_pods_fit_into_little_memory(api: Api) -> None:
    """Listing and judging 5,000 pods of 4 KB takes at most 60 MB more than an empty run."""
    padding = [{"name": f"variable-{each}", "value": "x" * 40} for each in range(50)]
    status = {"conditions": [{"type": "Ready", "status": "True"}]}
    spec = {"containers": [{"name": "main", "env": padding}]}
    pages = []
    for page in range(10):
        items = [
            {"metadata": {"name": f"pod-{page}-{each}"}, "spec": spec, "status": status}
            for each in range(500)
        ]
        token = str(page + 1) if page < 9 else ""
        listed = {"kind": "PodList", "apiVersion": "v1", "metadata": {"continue": token}}
        pages.append(json.dumps(listed | {"items": items}).encode())

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/version":
            return web.json_response(VERSION)
        body = pages[int(request.query.get("continue", "0"))]
        return web.Response(body=body, content_type="application/json")

    api.handle = answer
    assert sum(map(len, pages)) > 15_000_000
    import asyncio

    argv = [sys.executable, "-c", JUDGE, str(api.kubeconfig())]
    ran = await asyncio.to_thread(
        subprocess.run, argv, capture_output=True, text=True, timeout=60, check=True
    )
    ready, grown = map(int, ran.stdout.split())
    assert ready == 5000
    assert grown <= 60
