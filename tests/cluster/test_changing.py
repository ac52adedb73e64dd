"""The changing verbs and check, on a real control plane, with both helms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.cluster import broken_pods
from tests.cluster.test_stories import on
from tests.stories import changing
from tests.stories.changing import HARBOR
from tests.stories.refusals import refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cluster.control_plane import ControlPlane
    from tests.stage import Stage

pytestmark = pytest.mark.cluster


@pytest.fixture(params=["helm3", "helm4"])
def older(
    request: pytest.FixtureRequest, real_cluster: ControlPlane, tmp_path: Path, home: Path
) -> Iterator[Stage]:
    """Harbor with agents of a year ago, with each helm."""
    with on(real_cluster, tmp_path, request.getfixturevalue(request.param)) as stage:
        changing.older(stage)
        yield stage


def agents(plane: ControlPlane) -> set[str]:
    """The agents that kubectl sees."""
    return plane.names("deployments", "-n", "azure-arc")


def helms(plane: ControlPlane) -> list[str]:
    """What became of each revision, in helm's words."""
    kept = plane.get("secrets", "-n", "azure-arc-release", "-l", "owner=helm")
    return sorted(each["metadata"]["labels"]["status"] for each in kept)


def test_agents_are_upgraded_changed_and_found_well(
    older: Stage, real_cluster: ControlPlane
) -> None:
    """Another version, a feature more and less, another choice; so already is no new revision."""
    upgraded = older.well(f"upgrade {HARBOR}").data
    older.well(f"enable-features {HARBOR} --features azure-rbac")
    guarded, shown = agents(real_cluster), older.well(f"show {HARBOR} --agents").data
    older.well(f"disable-features {HARBOR} --features azure-rbac --yes")
    updated = older.well(f"update {HARBOR} --auto-upgrade true --disable-proxy --tags a=b").data
    revisions = len(helms(real_cluster))
    older.well(f"update {HARBOR} --auto-upgrade true --disable-proxy")

    assert upgraded.endswith("1.34.2 → 1.36.1.")
    assert ("guard" in guarded, "guard" in agents(real_cluster)) == (True, False)
    assert "azure-rbac" in shown["features"]
    assert updated["tags"] == {"a": "b"}
    assert len(helms(real_cluster)) == revisions
    examined = older.type(f"check {HARBOR}")
    assert [each["code"] for each in examined.data["findings"] if each["verdict"] == "fail"] == []


def test_an_upgrade_that_fails_is_rolled_back(older: Stage, real_cluster: ControlPlane) -> None:
    """A pod of the new version finds no image: the old version runs again, and that is said."""
    real_cluster.apply(broken_pods.stage(broken_pods.IMAGE_PULL, "extension-events-"))
    ended = older.type(f"upgrade {HARBOR} --upgrade-timeout 10")

    refused(ended, "AZK8S0513", said="ImagePullBackOff")
    assert "rolled back: the agents are 1.34.2 as of revision 1 again" in ended.err
    assert "extension-events-collector" not in agents(real_cluster)
