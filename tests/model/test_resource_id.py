"""ARM's names for things are read and compared in any case (`arc.md` F)."""

from __future__ import annotations

import pytest
from arcctl.errors import UsageError
from arcctl.model.resource_id import ClusterId, group_of

HARBOR = ClusterId("s-1", "edge", "harbor")


def test_an_id_is_written_as_arm_writes_it() -> None:
    """The path of the cluster, its group, its children."""
    assert str(HARBOR) == (
        "/subscriptions/s-1/resourceGroups/edge"
        "/providers/Microsoft.Kubernetes/connectedClusters/harbor"
    )
    assert HARBOR.group_path == "/subscriptions/s-1/resourceGroups/edge"
    assert HARBOR.child("extensions").endswith(
        "/harbor/providers/Microsoft.KubernetesConfiguration/extensions"
    )
    assert HARBOR.child("extensions", "monitor").endswith("/extensions/monitor")


@pytest.mark.parametrize("text", [HARBOR.path, HARBOR.path.lower(), f" {HARBOR.path}/ "])
def test_an_id_is_read_back(text: str) -> None:
    """In lower case and with a slash at the end, as answers have it."""
    assert ClusterId.parse(text) == HARBOR


@pytest.mark.parametrize(
    "text",
    [
        "",
        "harbor",
        HARBOR.group_path,
        HARBOR.child("extensions", "monitor"),
        HARBOR.path.replace("connectedClusters", "clusters"),
    ],
)
def test_another_id_is_refused(text: str) -> None:
    """Half an id, a child or another type is no connected cluster."""
    with pytest.raises(UsageError, match="not the id of a connected cluster"):
        ClusterId.parse(text)


def test_case_does_not_matter_when_comparing() -> None:
    """Equal, and equal in sets; another name is another cluster."""
    shouted = ClusterId("S-1", "EDGE", "Harbor")

    assert shouted == HARBOR
    assert len({shouted, HARBOR}) == 1
    assert ClusterId("s-1", "edge", "depot") != HARBOR
    assert HARBOR.path != HARBOR


def test_the_group_of_any_id() -> None:
    """As it is written there; None where the id has none."""
    assert group_of(HARBOR.path.replace("resourceGroups", "resourcegroups")) == "edge"
    assert group_of("/subscriptions/s-1") is None


def test_a_cluster_is_named_as_it_would_be_typed() -> None:
    """With its subscription where that is not the default one; parentheses are quoted."""
    away = ClusterId("s-2", "edge (west)", "harbor", elsewhere=True)

    assert HARBOR.named == "-n harbor -g edge"
    assert away.named == "-n harbor -g 'edge (west)' --subscription s-2"
    assert away.group_named == "-g 'edge (west)' --subscription s-2"
    assert away == ClusterId("s-2", "edge (west)", "harbor")
