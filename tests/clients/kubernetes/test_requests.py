"""Requests reach the API server as it wants them, and its refusals become arcctl's errors."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from arcctl.errors import AccessError, ClusterError
from tests.clients.kubernetes.api import PODS, VERSION, Api, status


async def test_an_object_comes_back_as_the_server_wrote_it(api: Api) -> None:
    """Unknown fields survive, because no model stands in between."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"metadata": {"name": "a"}, "futureField": {"deep": [1, None]}})

    api.handle = answer
    cluster = await api.client()
    assert await cluster.get(f"{PODS}/a") == {
        "metadata": {"name": "a"},
        "futureField": {"deep": [1, None]},
    }


async def test_a_query_is_encoded(api: Api) -> None:
    """A selector with `=` and commas arrives as it was written."""
    cluster = await api.client()
    await cluster.get(PODS, labelSelector="owner=helm,status in (deployed,failed)")
    assert api.seen[0].query["labelSelector"] == "owner=helm,status in (deployed,failed)"


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("merge", "application/merge-patch+json"),
        ("strategic", "application/strategic-merge-patch+json"),
        ("json", "application/json-patch+json"),
        ("apply", "application/apply-patch+yaml"),
    ],
)
async def test_each_kind_of_patch_has_its_media_type(api: Api, kind: str, sent: str) -> None:
    """The API server picks the patch's meaning by Content-Type alone."""
    cluster = await api.client()
    await cluster.patch(f"{PODS}/a", {"metadata": {}}, kind=kind)
    assert api.seen[0].content_type == sent


async def test_server_side_apply_names_its_manager(api: Api) -> None:
    """An apply without a field manager would be refused."""
    cluster = await api.client()
    await cluster.patch(f"{PODS}/a", {}, kind="apply", force="true")
    assert dict(api.seen[0].query) == {"fieldManager": "arcctl", "force": "true"}


async def test_what_is_not_there_is_none(api: Api) -> None:
    """Looking for, or deleting, what does not exist is an answer and no error."""

    async def answer(request: web.Request) -> web.Response:
        return status(404, "NotFound", 'pods "a" not found')

    api.handle = answer
    cluster = await api.client()
    assert await cluster.find(f"{PODS}/a") is None
    assert await cluster.delete(f"{PODS}/a") is None
    with pytest.raises(ClusterError) as raised:
        await cluster.get(f"{PODS}/a")
    assert (raised.value.status, raised.value.code) == (404, "NotFound")


async def test_a_delete_can_carry_preconditions(api: Api) -> None:
    """Options of a DELETE travel in its body."""
    bodies = []

    async def answer(request: web.Request) -> web.Response:
        bodies.append(await request.json())
        return web.json_response({"kind": "Status", "status": "Success"})

    api.handle = answer
    cluster = await api.client()
    await cluster.delete(f"{PODS}/a", body={"propagationPolicy": "Foreground"})
    assert bodies == [{"propagationPolicy": "Foreground"}]


@pytest.mark.parametrize(
    ("code", "expected"), [(401, "kube-unauthorized"), (403, "kube-forbidden")]
)
async def test_a_refusal_is_an_access_error(api: Api, code: int, expected: str) -> None:
    """401 and 403 have codes of their own, and carry the server's words."""

    async def answer(request: web.Request) -> web.Response:
        return status(code, "Forbidden", 'pods is forbidden: User "ci" cannot list')

    api.handle = answer
    cluster = await api.client()
    with pytest.raises(AccessError) as raised:
        await cluster.get(PODS)
    assert raised.value.code == expected
    assert raised.value.status == code
    assert raised.value.why == ('pods is forbidden: User "ci" cannot list',)


async def test_a_dying_namespace_is_no_missing_right(api: Api) -> None:
    """It answers 403 too, and wants waiting instead of rights."""

    async def answer(request: web.Request) -> web.Response:
        text = "unable to create new content in namespace harbor because it is being terminated"
        return status(403, "Forbidden", f'pods "a" is forbidden: {text}')

    api.handle = answer
    cluster = await api.client()
    with pytest.raises(ClusterError) as raised:
        await cluster.create(PODS, {})
    assert (raised.value.status, raised.value.code) == (403, "namespace-terminating")


async def test_a_conflict_keeps_the_servers_reason(api: Api) -> None:
    """Any other refusal is a ClusterError whose code is the server's reason."""

    async def answer(request: web.Request) -> web.Response:
        return status(409, "AlreadyExists", 'secrets "a" already exists')

    api.handle = answer
    cluster = await api.client()
    with pytest.raises(ClusterError) as raised:
        await cluster.create(PODS, {})
    assert (raised.value.status, raised.value.code) == (409, "AlreadyExists")


async def test_later_is_taken_for_an_answer(api: Api) -> None:
    """429 with Retry-After is asked again, and the change is made once."""
    answers = [status(429, "TooManyRequests", "slow down", **{"Retry-After": "0"})]

    async def answer(request: web.Request) -> web.Response:
        return answers.pop() if answers else web.json_response({"done": True})

    api.handle = answer
    cluster = await api.client()
    assert await cluster.create(PODS, {}) == {"done": True}
    assert len(api.seen) == 2


async def test_a_connection_that_was_closed_meanwhile_is_replaced(api: Api) -> None:
    """A read is asked again when the server drops the connection without a word."""

    async def answer(request: web.Request) -> web.Response:
        if len(api.seen) == 1 and request.transport:
            request.transport.abort()
        return web.json_response({"seen": len(api.seen)})

    api.handle = answer
    cluster = await api.client()
    assert await cluster.get(PODS) == {"seen": 2}


async def test_a_change_is_never_sent_twice(api: Api) -> None:
    """A POST whose answer was lost is reported, since it may have been carried out."""

    async def answer(request: web.Request) -> web.Response:
        assert request.transport
        request.transport.abort()
        return web.json_response(VERSION)

    api.handle = answer
    cluster = await api.client()
    with pytest.raises(ClusterError) as raised:
        await cluster.create(PODS, {})
    assert raised.value.code == "AZK8S0202"
    assert len(api.seen) == 1


async def test_a_permission_is_asked_with_its_subresource(api: Api) -> None:
    """`pods/log` becomes resource and subresource of a SelfSubjectAccessReview."""
    asked = []

    async def answer(request: web.Request) -> web.Response:
        asked.append((request.path, (await request.json())["spec"]["resourceAttributes"]))
        return web.json_response({"status": {"allowed": len(asked) == 1}})

    api.handle = answer
    cluster = await api.client()
    assert await cluster.may("get", "pods/log", namespace="azure-arc")
    assert not await cluster.may("create", "clusterroles", group="rbac.authorization.k8s.io")
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    assert asked == [
        (
            path,
            {"verb": "get", "resource": "pods", "subresource": "log", "namespace": "azure-arc"},
        ),
        (
            path,
            {"verb": "create", "group": "rbac.authorization.k8s.io", "resource": "clusterroles"},
        ),
    ]


async def test_a_log_that_is_not_utf8_is_still_read(api: Api) -> None:
    """Bytes that are no text are replaced, not raised."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=b"DNS Result:\xff ok\n")

    api.handle = answer
    cluster = await api.client()
    assert await cluster.log("harbor", "job", "main") == "DNS Result:\ufffd ok\n"
    assert api.seen[0].path_qs == f"{PODS}/job/log?container=main"


async def test_an_answer_that_is_no_json_says_so(api: Api) -> None:
    """A login page of some proxy is not taken for a cluster."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="<html>sign in</html>")

    api.handle = answer
    cluster = await api.client()
    with pytest.raises(ClusterError) as raised:
        await cluster.version()
    assert raised.value.code == "AZK8S0202"


async def test_requests_run_side_by_side(api: Api) -> None:
    """Ten requests are under way at once, each on a connection of the pool."""
    together = asyncio.Barrier(10)

    async def answer(request: web.Request) -> web.Response:
        await together.wait()
        return web.json_response(VERSION)

    api.handle = answer
    cluster = await api.client()
    async with asyncio.timeout(20):
        await asyncio.gather(*(cluster.get(PODS) for _ in range(10)))
    assert len(api.seen) == 10


async def test_bodies_stay_out_of_the_log(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """The debug log names method, path, status and time, and nothing that was sent."""
    caplog.set_level("DEBUG", logger="arcctl.kubernetes")
    cluster = await api.client(api.kubeconfig(token="marked-token"))
    await cluster.create("/api/v1/namespaces/azure-arc/secrets", {"stringData": {"k": "marked"}})
    assert "POST /api/v1/namespaces/azure-arc/secrets: 200" in caplog.text
    assert "marked" not in caplog.text
    assert api.seen[0].headers["Authorization"] == "Bearer marked-token"
