"""An empty or broken answer is no answer: asked for again, then an error, never "there is none"."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from arcctl.errors import ClusterError
from tests.clients.kubernetes.api import PODS, Api, events, pod, pod_list

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.clients.kubernetes import Kubernetes

Make = "Callable[[], web.Response]"
EMPTY_LIST: dict[str, Any] = {
    "kind": "PodList",
    "apiVersion": "v1",
    "metadata": {"resourceVersion": "7"},
    "items": [],
}


def plain(body: object, status: int = 200) -> Callable[[], web.Response]:
    """An answer of JSON."""
    return lambda: web.json_response(body, status=status)


def raw(body: bytes, **headers: str) -> Callable[[], web.Response]:
    """An answer of bytes."""
    return lambda: web.Response(body=body, headers=headers)


UNREADABLE = {
    "an empty body": raw(b""),
    "a page": raw(b"<html>hello</html>"),
    "cut": raw(b'{"kind": "PodL'),
    "bytes": raw(b"\xff\xfe\x00\xd8"),
    "gzip that is none": raw(b"{}", **{"Content-Encoding": "gzip"}),
    "brackets": raw(b"[" * 200_000),
    "null": plain(None),
    "an array": plain([]),
    "an array of arrays": plain([[1, 2]]),
    "text": plain("x"),
    "a number": plain(1),
    "an empty object": plain({}),
    "a Status": plain({"kind": "Status", "status": "Success"}),
}
BAD_LISTS = UNREADABLE | {
    name: plain(EMPTY_LIST | change)
    for name, change in {
        "no kind": {"kind": ""},
        "another kind": {"kind": "SecretList"},
        "an object": {"kind": "Pod"},
        "no metadata": {"metadata": None},
        "items are null without a version": {"items": None, "metadata": {}},
        "items are an object": {"items": {}},
        "items are text": {"items": ""},
        "items have no names": {"items": [{"metadata": {}}]},
        "an odd token": {"metadata": {"resourceVersion": "7", "continue": 5}},
    }.items()
}
BAD_LISTS["no items"] = plain({key: EMPTY_LIST[key] for key in ("kind", "metadata")})
BAD_PODS = UNREADABLE | {
    "another name": plain({"kind": "Pod", "metadata": {"name": "b"}}),
    "no name": plain({"kind": "Pod", "metadata": {}}),
    "metadata is a list": plain({"kind": "Pod", "metadata": []}),
    "a list": plain(EMPTY_LIST),
}


def script(api: Api, *answers: Callable[[], web.Response]) -> None:
    """Answer so in turn, the last one for ever."""

    async def answer(_request: web.Request) -> web.Response:
        return answers[min(len(api.seen), len(answers)) - 1]()

    api.handle = answer


async def names(cluster: Kubernetes, path: str = PODS) -> list[str]:
    """What a list holds."""
    return [each["metadata"]["name"] async for each in cluster.items(path)]


@pytest.mark.parametrize("name", BAD_LISTS)
async def test_a_bad_list_is_asked_for_again(api: Api, name: str) -> None:
    """Once bad, and the list is whole; bad for ever, and it is an error with code and reason."""
    cluster = await api.client()
    script(api, BAD_LISTS[name], lambda: pod_list("a"))
    assert await names(cluster) == ["a"]

    api.seen.clear()
    script(api, BAD_LISTS[name])
    with pytest.raises(ClusterError) as caught:
        await names(cluster)
    assert caught.value.code in {"kube-unusable-answer", "AZK8S0202"}
    assert caught.value.why
    assert caught.value.hints
    assert len(api.seen) == 4


@pytest.mark.parametrize("name", BAD_PODS)
async def test_a_bad_object_is_neither_there_nor_missing(api: Api, name: str) -> None:
    """Asked for again, and found; for ever bad is an error, not None."""
    cluster = await api.client()
    script(api, BAD_PODS[name], plain(pod("a")))
    assert (await cluster.find(f"{PODS}/a") or {})["metadata"]["name"] == "a"

    api.seen.clear()
    script(api, BAD_PODS[name])
    with pytest.raises(ClusterError):
        await cluster.find(f"{PODS}/a")


async def test_gos_empty_list_is_one(api: Api) -> None:
    """`items: null` beside a resourceVersion is how Go writes it."""
    script(api, plain(EMPTY_LIST | {"items": None}))

    assert await names(await api.client()) == []


@pytest.mark.parametrize("name", UNREADABLE)
async def test_a_right_is_not_denied_by_an_empty_answer(api: Api, name: str) -> None:
    """Whether one may is what the server says; silence is an error."""
    cluster = await api.client()
    script(api, UNREADABLE[name], plain({"kind": "X", "status": {"allowed": True}}))
    assert await cluster.may("get", "pods")

    script(api, UNREADABLE[name])
    with pytest.raises(ClusterError):
        await cluster.may("get", "pods")


async def test_tokens_in_a_circle_end(api: Api) -> None:
    """A continue token seen before is an error."""
    script(api, lambda: pod_list(f"pod-{len(api.seen)}", token="t"))

    with pytest.raises(ClusterError) as caught:
        await names(await api.client())

    assert caught.value.code == "kube-unreliable-list"
    assert len(api.seen) == 2


async def test_a_page_that_repeats_is_read_again(api: Api) -> None:
    """What was left out in its place is found; if it goes on so, an error."""
    first, again = lambda: pod_list("a", token="t"), lambda: pod_list("a")
    cluster = await api.client()
    script(api, first, again, first, lambda: pod_list("b"))
    assert await names(cluster) == ["a", "b"]

    api.seen.clear()
    script(api, *(first, again) * 4)
    with pytest.raises(ClusterError) as caught:
        await names(cluster)
    assert caught.value.code == "kube-unreliable-list"


@pytest.mark.parametrize(
    "event", [[], 7, {}, {"type": "ADDED"}, {"type": "ADDED", "object": {"metadata": 3}}]
)
async def test_a_line_that_is_no_event_ends_the_stream(api: Api, event: Any) -> None:
    """The watch is taken up again, and goes on."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if len(api.seen) == 1:
            return await events(request, event)
        return await events(request, {"type": "ADDED", "object": pod("a", 2)}, hold=True)

    api.handle = answer
    cluster = await api.client()
    async for kind, found in cluster.watch(PODS, since="1"):
        assert (kind, found["metadata"]["name"]) == ("ADDED", "a")
        break
    assert json.dumps(event)


@pytest.mark.parametrize("name", [each for each in UNREADABLE if "gzip" not in each])
async def test_an_error_with_any_body_keeps_its_status(api: Api, name: str) -> None:
    """A 500 whose body nobody can read is still a 500."""

    def failed() -> web.Response:
        answer = UNREADABLE[name]()
        answer.set_status(500)
        return answer

    script(api, failed)
    with pytest.raises(ClusterError) as caught:
        await names(await api.client())
    assert caught.value.status == 500
