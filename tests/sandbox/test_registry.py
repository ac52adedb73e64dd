"""The registry hands out charts as helm and OCI clients ask for them."""

from __future__ import annotations

import hashlib
import io
import tarfile
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from arcctl.sandbox import oci, registry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

AGENTS = "/v2/azurearck8s/batch1/stable/azure-arc-k8sagents"


@pytest.fixture
async def client() -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """A client of the registry, mounted where it belongs."""
    app = web.Application()
    app.add_subapp("/v2", registry.application())
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_a_tag_names_a_manifest_whose_blobs_bear_their_digests(client: TestClient) -> None:
    """Walk from the tag to the chart, as helm does: HEAD, GET by digest, GET each blob."""
    head = await client.head(f"{AGENTS}/manifests/1.36.1")
    digest = head.headers["Docker-Content-Digest"]
    assert head.status == 200
    assert head.headers["Content-Type"] == oci.MANIFEST_TYPE
    manifest = await client.get(f"{AGENTS}/manifests/{digest}")
    assert len(await manifest.read()) == int(head.headers["Content-Length"])
    document = await manifest.json(content_type=None)
    for part in [document["config"], *document["layers"]]:
        blob = await (await client.get(f"{AGENTS}/blobs/{part['digest']}")).read()
        assert f"sha256:{hashlib.sha256(blob).hexdigest()}" == part["digest"]
        assert len(blob) == part["size"]


async def test_the_name_with_the_inserted_v2_leads_to_the_same_chart(client: TestClient) -> None:
    """The peer inserts `v2` before the last part of the agents' chart (connectedk8s.md B.12)."""
    inserted = AGENTS.replace("stable/", "stable/v2/")
    answers = [await client.head(f"{path}/manifests/1.34.2") for path in (AGENTS, inserted)]
    assert len({answer.headers["Docker-Content-Digest"] for answer in answers}) == 1


async def test_tags_are_the_versions_on_both_sides_of_the_cut_off(client: TestClient) -> None:
    """One version takes the key as a value, the other as a Secret (connectedk8s.md B.13)."""
    answer = await client.get(f"{AGENTS}/tags/list")
    assert await answer.json() == {
        "name": "azurearck8s/batch1/stable/azure-arc-k8sagents",
        "tags": ["1.34.2", "1.36.1"],
    }


async def test_the_base_path_says_which_protocol_is_spoken(client: TestClient) -> None:
    """Clients ask `/v2/` first to learn whether they must sign in."""
    answer = await client.get("/v2/")
    assert answer.status == 200
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"{AGENTS}/manifests/9.9.9", "MANIFEST_UNKNOWN"),
        (f"{AGENTS}/blobs/sha256:0", "BLOB_UNKNOWN"),
        ("/v2/library/nginx/manifests/latest", "NAME_UNKNOWN"),
        ("/v2/anything", "NAME_INVALID"),
    ],
)
async def test_what_is_not_stocked_is_refused_in_the_registry_s_own_words(
    client: TestClient, path: str, code: str
) -> None:
    """An unknown name, tag or digest is a 404 whose body names the kind of mistake."""
    answer = await client.get(path)
    assert answer.status == 404
    assert (await answer.json())["errors"][0]["code"] == code


async def test_nothing_can_be_pushed(client: TestClient) -> None:
    """The registry is read only: an upload is refused as unsupported."""
    answer = await client.put(f"{AGENTS}/manifests/1.0.0", data=b"{}")
    assert answer.status == 405
    assert (await answer.json())["errors"][0]["code"] == "UNSUPPORTED"


def test_packing_twice_gives_the_same_bytes() -> None:
    """No clock and no owner enters a chart, so digests can be compared between runs."""
    assert oci.charts() == oci.charts()


def test_the_packed_chart_carries_its_version() -> None:
    """One source serves both versions; only the line in Chart.yaml differs."""
    layer = oci.pack(oci.AGENTS, "1.34.2").blobs[1].content
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        member = archive.extractfile(f"{oci.AGENTS}/Chart.yaml")
        assert member is not None
        assert "\nversion: 1.34.2\n" in member.read().decode()
