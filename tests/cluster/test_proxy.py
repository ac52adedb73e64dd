"""A session through the relay, with a real API server behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.cluster.test_stories import connected, on
from tests.stories.sessions import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cluster.control_plane import ControlPlane
    from tests.stage import Stage

pytestmark = pytest.mark.cluster


@pytest.fixture
def stage(real_cluster: ControlPlane, tmp_path: Path, helm4: Path, home: Path) -> Iterator[Stage]:
    """Harbor on the real control plane."""
    with on(real_cluster, tmp_path, helm4) as opened:
        connected(opened)
        yield opened


def test_kubectl_works_by_entra_and_by_a_service_accounts_token(
    stage: Stage, real_cluster: ControlPlane, kubectl: Path
) -> None:
    """The API server's answers come through, and it judges the token that it gave out itself."""
    real_cluster.kubectl("create", "serviceaccount", "reader", "-n", "default")
    real_cluster.kubectl(
        "create",
        "clusterrolebinding",
        "reader",
        "--clusterrole=view",
        "--serviceaccount=default:reader",
    )
    token = real_cluster.kubectl("create", "token", "reader", "-n", "default").strip()

    with opened(stage) as session:
        agents = session.ask(kubectl, "get pods -n azure-arc -o name")
    with opened(stage, f"--token {token}") as session:
        same = session.ask(kubectl, "get pods -n azure-arc -o name")
        refused = session.kubectl(kubectl, "delete namespace azure-arc")
    real_cluster.kubectl("delete", "clusterrolebinding", "reader")
    real_cluster.kubectl("delete", "serviceaccount", "reader", "-n", "default")

    assert agents == same
    assert "pod/clusterconnect-agent" in agents
    assert refused.returncode != 0
    assert "system:serviceaccount:default:reader" in refused.stderr
