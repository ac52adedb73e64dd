"""The agents, and when they belong in a cluster (`arc.md` A1, A4)."""

from __future__ import annotations

import pytest
from arcctl.model.agents import AGENTS, AgentState, expected

ALWAYS = {
    "clusteridentityoperator",
    "config-agent",
    "controller-manager",
    "metrics-agent",
    "cluster-metadata-operator",
    "resource-sync-agent",
    "flux-logs-agent",
    "extension-manager",
}


@pytest.mark.parametrize(
    ("features", "more"),
    [
        ({"cluster_connect": False, "azure_rbac": False, "gateway": False}, set[str]()),
        (
            {"cluster_connect": True, "azure_rbac": False, "gateway": False},
            {"kube-aad-proxy", "clusterconnect-agent"},
        ),
        ({"cluster_connect": False, "azure_rbac": True, "gateway": False}, {"guard"}),
        ({"cluster_connect": False, "azure_rbac": False, "gateway": True}, {"arc-proxy"}),
    ],
)
def test_features_decide_who_is_expected(features: dict[str, bool], more: set[str]) -> None:
    """Eight always; the others come with their feature."""
    assert {agent.name for agent in expected(**features)} == ALWAYS | more


def test_the_eleven_of_the_documentation_are_known() -> None:
    """With everything on but the gateway they are eleven, each with its job."""
    eleven = expected(cluster_connect=True, azure_rbac=True, gateway=False)

    assert len(eleven) == 11
    assert all(agent.job for agent in AGENTS)


@pytest.mark.parametrize(
    ("ready", "total", "reason", "healthy"),
    [(1, 1, "", True), (3, 3, "", True), (1, 2, "", False), (0, 0, "", False), (2, 2, "x", False)],
)
def test_healthy_means_all_containers(ready: int, total: int, reason: str, healthy: bool) -> None:
    """Never a fixed number: 1/1 is as good as 3/3 (A3)."""
    assert AgentState("a", "job", False, ready, total, reason=reason).healthy is healthy
