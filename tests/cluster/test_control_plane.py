"""The control plane of the tests is a real one: helm, namespaces, Jobs, and pods on bad days."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.cluster import broken_pods, diagnostics
from tests.cluster.charts import DEPLOYMENT, chart
from tests.cluster.kwokctl import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.control_plane import ControlPlane

pytestmark = pytest.mark.cluster

JOB = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "cluster-diagnostic-checks-job", "namespace": diagnostics.NAMESPACE},
    "spec": {
        "template": {
            "spec": {
                "restartPolicy": "Never",
                "containers": [{"name": diagnostics.CONTAINER, "image": "pause"}],
            }
        }
    },
}


@pytest.mark.parametrize("helm", ["helm3", "helm4"])
def test_helm_installs_and_uninstalls_and_the_namespace_dies(
    helm: str, clean_cluster: ControlPlane, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A release comes and goes with either helm, and its namespace leaves nothing behind."""
    program: Path = request.getfixturevalue(helm)
    there = ["--kubeconfig", clean_cluster.kubeconfig, "--namespace", "small", "--wait"]
    source = chart(tmp_path / "chart", "one", "two")

    run([program, "upgrade", "--install", "small", source, "--create-namespace", *there])
    available = [
        item["status"]["availableReplicas"] for item in clean_cluster.get("deploy", "-n", "small")
    ]
    run([program, "uninstall", "small", *there])
    clean_cluster.kubectl("delete", "namespace", "small")

    assert available == [1, 1]
    assert "small" not in clean_cluster.names("namespaces")


@pytest.mark.parametrize(
    "trouble",
    [broken_pods.IMAGE_PULL, broken_pods.CRASH_LOOP, broken_pods.PENDING],
    ids=lambda trouble: trouble.reason,
)
def test_a_broken_pod_says_what_is_wrong_while_others_are_well(
    trouble: broken_pods.Trouble, clean_cluster: ControlPlane
) -> None:
    """A Stage breaks the pods of one Deployment only, with the status and event of a kubelet."""
    clean_cluster.apply(broken_pods.stage(trouble, "bad-"))

    clean_cluster.kubectl("create", "namespace", "sick")
    for name in ("bad", "good"):
        clean_cluster.kubectl("apply", "-n", "sick", "-f", "-", stdin=DEPLOYMENT.format(name=name))
    clean_cluster.kubectl("wait", "-n", "sick", "deploy/good", "--for=condition=Available")
    state = until_waiting(clean_cluster, "app=bad")
    events = clean_cluster.get("events", "-n", "sick", "--field-selector", "type=Warning")

    assert state["reason"] == trouble.reason
    assert state["message"] == trouble.message
    assert {event["reason"] for event in events} == {trouble.event}


def test_the_diagnostics_job_completes_and_its_log_can_be_read(real_cluster: ControlPlane) -> None:
    """On the real control plane the job of the pre-onboarding checks prints what it should."""
    job = f"job/{JOB['metadata']['name']}"
    there = ["-n", diagnostics.NAMESPACE]

    real_cluster.kubectl("create", "namespace", diagnostics.NAMESPACE)
    real_cluster.apply(JOB)
    real_cluster.kubectl("wait", *there, job, "--for=condition=Complete", "--timeout=30s")

    assert real_cluster.kubectl("logs", *there, job).splitlines() == diagnostics.PASSING


def until_waiting(plane: ControlPlane, label: str) -> dict[str, Any]:
    """The waiting state of the only pod with this label, once it has one."""
    deadline = time.monotonic() + 20
    while not (states := waiting(plane, label)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"no pod with {label} came to wait for anything")
        time.sleep(0.1)
    return states[0]


def waiting(plane: ControlPlane, label: str) -> list[dict[str, Any]]:
    """What the containers of these pods wait for."""
    pods = plane.get("pods", "-n", "sick", "-l", label)
    containers = [each for pod in pods for each in pod["status"].get("containerStatuses", [])]
    return [each["state"]["waiting"] for each in containers if "waiting" in each["state"]]
