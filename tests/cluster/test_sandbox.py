"""The sandbox's Azure can be played against a cluster of one's own."""

from __future__ import annotations

import json
import os
import shlex
import sys
from typing import TYPE_CHECKING

import pytest
from tests.cluster.control_plane import NODES
from tests.cluster.kwokctl import run

if TYPE_CHECKING:
    from pathlib import Path

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


def test_a_second_shell_connects_and_deletes_the_cluster_that_was_named(
    real_cluster: ControlPlane, helm4: Path
) -> None:
    """What `sandbox up` prints is all that another shell needs; `sandbox down` leaves the cluster."""
    context = real_cluster.kubectl("config", "current-context").strip()
    arcctl = [sys.executable, "-m", "arcctl"]
    harbor = ["-n", "harbor", "-g", "edge"]
    exports = run([*arcctl, "sandbox", "up", "--kube-context", context])
    shell = dict(os.environ) | {"ARCCTL_HELM": str(helm4)}
    for line in exports.splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        shell[name] = "".join(shlex.split(value))
    try:
        connect = [*arcctl, "connect", *harbor, "-l", "westeurope", "--skip-prechecks"]
        connected = json.loads(run(connect, environment=shell))
        run([*arcctl, "delete", *harbor, "--yes"], environment=shell)
    finally:
        run([*arcctl, "sandbox", "down"])

    assert connected["connectivityStatus"] == "Connected"
    assert "azure-arc" not in real_cluster.names("namespaces")
