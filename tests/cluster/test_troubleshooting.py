"""Troubleshoot on a real control plane: its job runs there, is read, and leaves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.cluster import diagnostics
from tests.cluster.test_stories import PROGRAMS, connected, on
from tests.stories import evidence
from tests.stories.moments import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cluster.control_plane import ControlPlane
    from tests.stage import Stage

pytestmark = pytest.mark.cluster

KINDS = "jobs,pods,serviceaccounts,roles,rolebindings"


@pytest.fixture
def stage(real_cluster: ControlPlane, tmp_path: Path, helm4: Path, home: Path) -> Iterator[Stage]:
    """Harbor on the real control plane, all of whose containers have written what the job writes."""
    log = diagnostics.logs(
        diagnostics.PASSING, tmp_path / "log", name="all", namespace="azure-arc", containers=()
    )
    real_cluster.apply(log)
    with on(real_cluster, tmp_path, helm4) as opened:
        connected(opened)
        until(lambda: reported(real_cluster), "what the agents report of their cluster")
        yield opened


def reported(plane: ControlPlane) -> str:
    """The agents' first report, which a real API server takes seconds after they are Connected."""
    return plane.kubectl("get", "connectedclusters.arc.azure.com", "-n", "azure-arc", "-o", "name")


def left(plane: ControlPlane) -> list[str]:
    """Whatever of the diagnoser kubectl still finds."""
    found = [
        name
        for namespace in ("azure-arc", "azure-arc-release")
        for name in plane.kubectl("get", KINDS, "-n", namespace, "-o", "name").split()
    ]
    return [
        name
        for name in found
        if "diagnoser" in name or "troubleshoot" in name or "secret-reader" in name
    ]


def test_a_healthy_cluster_is_collected_and_left_as_it_was(
    stage: Stage, real_cluster: ControlPlane
) -> None:
    """The API server takes the job, its pod ends, its log is judged; four objects come and go."""
    ledger = real_cluster.ledger()

    ended = stage.well(evidence.TROUBLESHOOT)

    until(lambda: not left(real_cluster), "a cluster without the diagnoser")
    changes = [asked.path.split("?")[0] for asked in ledger.by(*PROGRAMS) if asked.changes]
    # What was asked and what may be done is asked by POST, and changes nothing.
    changed = [path for path in changes if not path.endswith("reviews")]
    assert len(changed) == 8, changed
    found = evidence.verdicts(ended)
    assert [key for key, verdict in found.items() if verdict == "fail"] == []
    assert found["diagnoser_check"] == "pass"
    assert found["arc_agent_state_check"] == "pass"
    assert evidence.piece(ended, "agent-logs")["missing"] == []
    assert evidence.packed(ended).keys() >= {"dns_check.txt", "metadata_cr_snapshot.txt"}
