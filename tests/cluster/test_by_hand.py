"""Agents that people have changed by hand, on a real control plane, with both helms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.cluster.test_stories import QUICKLY, connected, on
from tests.stories.changing import HARBOR

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.control_plane import ControlPlane

pytestmark = pytest.mark.cluster

AGENTS = ("-n", "azure-arc")
ASLEEP = '{"spec": {"replicas": 0}}'


def put_to_sleep(plane: ControlPlane) -> None:
    """Scale all agents to zero by an edit, which makes kubectl the owner of their counts."""
    for name in plane.names("deployments", *AGENTS):
        plane.kubectl("patch", "deployment", name, *AGENTS, "--type=merge", "-p", ASLEEP)


def counts(plane: ControlPlane) -> list[int]:
    """How many replicas each agent is to have."""
    return [each["spec"]["replicas"] for each in plane.get("deployments", *AGENTS)]


@pytest.mark.parametrize(
    ("installer", "updater"), [("helm3", "helm4"), ("helm4", "helm4"), ("helm4", "helm3")]
)
def test_the_chart_has_its_way(
    request: pytest.FixtureRequest,
    real_cluster: ControlPlane,
    tmp_path: Path,
    home: Path,
    installer: str,
    updater: str,
) -> None:
    """As with the peer: asleep, edited or removed, whichever helm installed, the agents come back."""
    helm = str(request.getfixturevalue(updater))
    with on(real_cluster, tmp_path, request.getfixturevalue(installer)) as stage:
        connected(stage)
        put_to_sleep(real_cluster)
        # Agents at zero prove nothing (ownership.md): a person says that this is the cluster.
        stage.well(f"update {HARBOR} --auto-upgrade false --skip-cluster-check", ARCCTL_HELM=helm)
        updated = counts(real_cluster)
        put_to_sleep(real_cluster)
        real_cluster.kubectl("delete", "deployment", "config-agent", *AGENTS)
        stage.well(f"{QUICKLY} --skip-cluster-check", ARCCTL_HELM=helm)

    assert updated == counts(real_cluster) == [1] * 11
