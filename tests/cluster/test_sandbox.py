"""The sandbox's Azure can be played against a cluster of one's own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from tests.cluster.control_plane import NODES
from tests.cluster.kwokctl import run

if TYPE_CHECKING:
    from tests.cluster.control_plane import ControlPlane

pytestmark = pytest.mark.cluster


def test_a_command_in_the_sandbox_reaches_the_cluster_that_was_named(
    real_cluster: ControlPlane,
) -> None:
    """With --kube-context, KUBECONFIG inside the sandbox leads to the user's own cluster."""
    context = real_cluster.kubectl("config", "current-context").strip()
    arcctl = [sys.executable, "-m", "arcctl", "sandbox", "exec", "--kube-context", context]
    asking = [str(real_cluster.binaries / "kubectl"), "get", "nodes", "-o", "name"]

    nodes = run([*arcctl, "--", *asking])

    assert len(nodes.split()) == NODES
