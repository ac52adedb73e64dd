"""Lists come in pages, by selection, and in the form that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.sandbox.kubernetes.bodies import config_map

if TYPE_CHECKING:
    from tests.sandbox.kubernetes.serving import Served

MAPS = "/api/v1/namespaces/there/configmaps"


@pytest.fixture
async def stocked(served: Served) -> Served:
    """A namespace with five labelled ConfigMaps, and the one every namespace has."""
    await served.call("POST", "/api/v1/namespaces", {"metadata": {"name": "there"}})
    for number in range(5):
        meta = {"name": f"c-{number}", "labels": {"even": str(number % 2 == 0).lower()}}
        await served.call("POST", MAPS, config_map("c") | {"metadata": meta})
    return served


def names(body: Any) -> list[str]:
    """Return the names in a list."""
    return [each["metadata"]["name"] for each in body["items"]]


async def test_pages_follow_each_other_without_gap_or_overlap(stocked: Served) -> None:
    """Every page says how to go on and how much remains; the last one does not."""
    first = (await stocked.call("GET", f"{MAPS}?limit=3")).body
    follow = first["metadata"]["continue"]
    second = (await stocked.call("GET", f"{MAPS}?limit=3&continue={follow}")).body

    assert names(first) + names(second) == [*(f"c-{n}" for n in range(5)), "kube-root-ca.crt"]
    assert first["metadata"]["remainingItemCount"] == 3
    assert "continue" not in second["metadata"]
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


async def test_a_page_that_comes_too_late_is_gone(stocked: Served) -> None:
    """A continue token does not outlive the history it was made in."""
    first = (await stocked.call("GET", f"{MAPS}?limit=3")).body
    stocked.cluster.expire_history()

    late = await stocked.call("GET", f"{MAPS}?limit=3&continue={first['metadata']['continue']}")

    assert (late.status, late.body["reason"]) == (410, "Expired")


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("even=true", ["c-0", "c-2", "c-4"]),
        ("even==true", ["c-0", "c-2", "c-4"]),
        ("even!=true", ["c-1", "c-3", "kube-root-ca.crt"]),
        ("even", ["c-0", "c-1", "c-2", "c-3", "c-4"]),
        ("!even", ["kube-root-ca.crt"]),
        ("even in (false, maybe)", ["c-1", "c-3"]),
        ("even notin (false),even", ["c-0", "c-2", "c-4"]),
    ],
)
async def test_labels_select(stocked: Served, selector: str, found: list[str]) -> None:
    """Every form of label selector means what it means on the real server."""
    quoted = selector.replace(" ", "%20").replace("=", "%3D").replace("!", "%21")

    answer = await stocked.call("GET", f"{MAPS}?labelSelector={quoted}")

    assert names(answer.body) == found


async def test_a_list_spans_namespaces(stocked: Served) -> None:
    """Without a namespace in the path a list holds those of all."""
    answer = await stocked.call(
        "GET", "/api/v1/configmaps?fieldSelector=metadata.name%3Dkube-root-ca.crt"
    )

    spaces = {each["metadata"]["namespace"] for each in answer.body["items"]}
    assert spaces == {"default", "kube-node-lease", "kube-public", "kube-system", "there"}


async def test_metadata_alone_leaves_the_data_out(stocked: Served) -> None:
    """A client that asks for metadata gets no data, of Secrets for instance."""
    accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    answer = await stocked.call("GET", f"{MAPS}?limit=1", Accept=accept)

    assert answer.body["kind"] == "PartialObjectMetadataList"
    assert set(answer.body["items"][0]) == {"kind", "apiVersion", "metadata"}


async def test_a_collection_is_deleted_by_label(stocked: Served) -> None:
    """deletecollection takes what is selected and nothing else."""
    await stocked.call("DELETE", f"{MAPS}?labelSelector=even%3Dtrue")

    left = (await stocked.call("GET", f"{MAPS}?labelSelector=even")).body
    assert names(left) == ["c-1", "c-3"]
