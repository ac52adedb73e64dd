"""What other clients send is understood: protobuf, and the Python client's transport."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.sandbox.kubernetes.bodies import decoded, protobuf_secret

if TYPE_CHECKING:
    from tests.sandbox.kubernetes.serving import Served

SECRETS = "/api/v1/namespaces/default/secrets"
PROTOBUF = "application/vnd.kubernetes.protobuf"


async def test_a_secret_in_protobuf_is_stored_as_if_it_were_json(served: Served) -> None:
    """Every byte of its data arrives."""
    value = bytes(range(256)) * 5

    made = await served.call("POST", SECRETS, protobuf_secret("r", value), content_type=PROTOBUF)
    read = await served.call("GET", f"{SECRETS}/r")

    assert made.status == 201
    assert read.body["type"] == "helm.sh/release.v1"
    assert decoded(read.body, "release") == value


@pytest.mark.parametrize("body", [b"k8s\0", b"k8s\0\x0a\xff", b"k8s\0\x0a\x02\x0a\x00", b"none"])
async def test_broken_protobuf_is_a_bad_request(served: Served, body: bytes) -> None:
    """What cannot be decoded is refused in a Status, never with a crash."""
    answer = await served.call("POST", SECRETS, body, content_type=PROTOBUF)

    assert answer.status == 400
    assert answer.body["kind"] == "Status"


async def test_a_kind_that_is_not_understood_in_protobuf_is_415(served: Served) -> None:
    """The client learns that it should have sent JSON."""
    body = protobuf_secret("r", b"x").replace(b"Secret", b"Binder")

    assert (await served.call("POST", SECRETS, body, content_type=PROTOBUF)).status == 415


async def test_the_python_client_reads_lists_and_errors(served: Served) -> None:
    """ApiClient signs in by kubeconfig, lists, and gets the server's Status in its exception."""

    def ask() -> tuple[list[Any], int, str]:
        from kubernetes import client, config

        api: Any = config.new_client_from_config(str(served.kubeconfig))
        with api:
            listed = api.call_api(
                *api.param_serialize("GET", "/api/v1/nodes", auth_settings=["BearerToken"])
            )
            nodes = json.loads(listed.read())["items"]
            version = client.VersionApi(api).get_code().git_version
            missing = api.call_api(
                *api.param_serialize("GET", f"{SECRETS}/missing", auth_settings=["BearerToken"])
            )
            missing.read()
            return nodes, missing.status, version

    nodes, status, version = await asyncio.to_thread(ask)

    assert len(nodes) == 3
    assert (status, version) == (404, "v1.36.3")


async def test_typed_models_take_the_nodes(served: Served) -> None:
    """The typed client of the peer parses nodes, whose information is all strings."""

    def ask() -> list[str]:
        from kubernetes import client, config

        with config.new_client_from_config(str(served.kubeconfig)) as api:
            nodes = client.CoreV1Api(api).list_node().items
            return [node.status.node_info.operating_system for node in nodes]

    assert await asyncio.to_thread(ask) == ["linux"] * 3


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (SECRETS, {"metadata": "text"}),
        (SECRETS, [1, 2]),
        ("/api/v1/namespaces/default/pods", {"metadata": {"name": "p"}, "spec": {"containers": 3}}),
        ("/apis/apps/v1/namespaces/default/deployments", {"metadata": {"name": "d"}, "spec": []}),
        (
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
            {"metadata": {"name": "a.b"}, "spec": {}},
        ),
    ],
)
async def test_nonsense_is_refused_with_a_status(served: Served, path: str, body: Any) -> None:
    """A body of the wrong shape is the client's fault, not a crash."""
    answer = await served.call("POST", path, body)

    assert answer.body["kind"] == "Status"
    assert 400 <= answer.status < 500


async def test_a_nonsense_limit_is_refused(served: Served) -> None:
    """A query parameter that is no number is a bad request."""
    assert (await served.call("GET", f"{SECRETS}?limit=many")).status == 400
