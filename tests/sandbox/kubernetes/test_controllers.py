"""Objects turn into other objects, pods become ready in the sandbox's time, and bad days look bad."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.clock import INSTANT
from arcctl.sandbox.kubernetes import Cluster, NodeShape
from arcctl.sandbox.kubernetes.conditions import holds
from tests.sandbox.kubernetes.bodies import DEFINITION, config_map, deployment, job, widget
from tests.sandbox.kubernetes.serving import Served, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

SPACE = "/api/v1/namespaces/default"
APPS = "/apis/apps/v1/namespaces/default"
BATCH = "/apis/batch/v1/namespaces/default"
SLOW = replace(INSTANT, pod_ready=30.0, namespace_delete=5.0, job_run=60.0)


@pytest.fixture
async def slow(tmp_path: Path, home: Path) -> AsyncIterator[Served]:
    """A cluster in which things take time, which only the clock can make pass."""
    async with serving(Cluster(delays=SLOW), tmp_path) as found:
        yield found


async def settled(served: Served) -> None:
    """Let the controllers do what there is to do now."""
    for _ in range(200):
        await asyncio.sleep(0)


async def until(served: Served, path: str, wanted: Callable[[Any], Any]) -> Any:
    """Wait for an object or a list to look as wanted, and return it."""
    changed = asyncio.Event()
    end = served.cluster.store.listen(lambda _: changed.set())
    try:
        while not wanted(body := (await served.call("GET", path)).body):
            await asyncio.wait_for(changed.wait(), 15)
            changed.clear()
    finally:
        end()
    return body


def waiting(pod: Any) -> str:
    """Return why a pod's first container waits."""
    statuses = pod["status"].get("containerStatuses") or [{"state": {}}]
    return str(statuses[0]["state"].get("waiting", {}).get("reason", ""))


async def test_pods_become_ready_after_their_delay(slow: Served) -> None:
    """Nothing is ready before its time; when the clock has moved, everything is."""
    await slow.call("POST", f"{APPS}/deployments", deployment("web", 2))
    await settled(slow)
    before = (await slow.call("GET", f"{APPS}/deployments/web")).body
    slow.cluster.clock.advance(31)
    after = await until(
        slow, f"{APPS}/deployments/web", lambda body: body["status"].get("readyReplicas") == 2
    )

    assert "readyReplicas" not in before["status"]
    assert not holds(before, "Available")
    assert holds(after, "Available")


async def test_a_deployment_that_makes_no_progress_says_so(served: Served) -> None:
    """After its deadline a Deployment is no longer progressing."""
    served.cluster.trouble("CrashLoopBackOff")
    body = deployment("web")
    body["spec"]["progressDeadlineSeconds"] = 60
    await served.call("POST", f"{APPS}/deployments", body)
    await until(served, f"{APPS}/deployments/web", lambda body: body["status"].get("replicas"))
    served.cluster.clock.advance(61)

    def is_late(body: Any) -> bool:
        return any(
            each["reason"] == "ProgressDeadlineExceeded" for each in body["status"]["conditions"]
        )

    late = await until(served, f"{APPS}/deployments/web", is_late)
    assert not holds(late, "Progressing")


@pytest.mark.parametrize(
    ("reason", "phase", "why", "event"),
    [
        ("ImagePullBackOff", "Pending", "ImagePullBackOff", "Failed"),
        ("CrashLoopBackOff", "Running", "CrashLoopBackOff", "BackOff"),
        ("OOMKilled", "Running", "CrashLoopBackOff", "BackOff"),
        ("Unschedulable", "Pending", "", "FailedScheduling"),
        ("FailedMount", "Pending", "ContainerCreating", "FailedMount"),
        ("NeverReady", "Running", "", "Unhealthy"),
    ],
)
async def test_a_bad_day_has_the_status_and_the_event_of_a_real_one(
    served: Served, reason: str, phase: str, why: str, event: str
) -> None:
    """Each trouble shows in the pod as a kubelet would write it, and is over when healed."""
    trouble = served.cluster.trouble(reason, selector="app=sick")
    await served.call("POST", f"{APPS}/deployments", deployment("sick"))
    await served.call("POST", f"{APPS}/deployments", deployment("well"))
    events = await until(served, f"{SPACE}/events", lambda body: body["items"])
    pods = (await served.call("GET", f"{SPACE}/pods?labelSelector=app%3Dsick")).body["items"]
    well = await until(served, f"{APPS}/deployments/well", lambda body: holds(body, "Available"))
    served.cluster.heal(trouble)
    healed = await until(served, f"{APPS}/deployments/sick", lambda body: holds(body, "Available"))

    assert (pods[0]["status"]["phase"], waiting(pods[0])) == (phase, why)
    assert not holds(pods[0], "Ready")
    assert event in {each["reason"] for each in events["items"]}
    assert events["items"][0]["involvedObject"]["name"] == pods[0]["metadata"]["name"]
    assert well
    assert healed


async def test_a_pod_that_admission_refuses_is_never_made(served: Served) -> None:
    """The ReplicaSet is told, and nothing else; others are made as ever."""
    served.cluster.trouble("PodForbidden", selector="app=sick")
    await served.call("POST", f"{APPS}/deployments", deployment("sick"))
    events = await until(served, f"{SPACE}/events", lambda body: body["items"])
    pods = (await served.call("GET", f"{SPACE}/pods?labelSelector=app%3Dsick")).body["items"]

    assert pods == []
    assert (events["items"][0]["reason"], events["items"][0]["involvedObject"]["kind"]) == (
        "FailedCreate",
        "ReplicaSet",
    )
    assert "is forbidden: violates PodSecurity" in events["items"][0]["message"]


async def test_a_pod_waits_for_the_secret_it_mounts(served: Served) -> None:
    """Without its Secret a pod stays in ContainerCreating, and goes on once the Secret is there."""
    body = deployment("web")
    spec = body["spec"]["template"]["spec"]
    spec["volumes"] = [{"name": "identity", "secret": {"secretName": "certificate"}}]
    await served.call("POST", f"{APPS}/deployments", body)
    events = await until(served, f"{SPACE}/events", lambda body: body["items"])
    pods = (await served.call("GET", f"{SPACE}/pods")).body["items"]
    secret = {"metadata": {"name": "certificate"}, "stringData": {"tls.crt": "x"}}
    await served.call("POST", f"{SPACE}/secrets", secret)
    ready = await until(served, f"{APPS}/deployments/web", lambda body: holds(body, "Available"))

    assert waiting(pods[0]) == "ContainerCreating"
    assert events["items"][0]["reason"] == "FailedMount"
    assert events["items"][0]["message"] == (
        'MountVolume.SetUp failed for volume "identity" : secret "certificate" not found'
    )
    assert ready


async def test_a_running_pod_outlives_the_secret_it_mounted(served: Served) -> None:
    """Deleting a mounted Secret does not stop what runs."""
    body = deployment("web")
    volume = {"name": "identity", "secret": {"secretName": "certificate"}}
    body["spec"]["template"]["spec"]["volumes"] = [volume]
    await served.call("POST", f"{SPACE}/secrets", {"metadata": {"name": "certificate"}})
    await served.call("POST", f"{APPS}/deployments", body)
    await until(served, f"{APPS}/deployments/web", lambda body: holds(body, "Available"))
    await served.call("DELETE", f"{SPACE}/secrets/certificate")
    await settled(served)

    assert holds((await served.call("GET", f"{APPS}/deployments/web")).body, "Available")


async def test_a_job_whose_pods_fail_fails_at_its_limit(served: Served) -> None:
    """A Job gives up after its back-off limit, and counts the pods that failed."""
    served.cluster.trouble("Fails", prefix="doomed", message="exit 1")
    body = job("doomed")
    body["spec"]["backoffLimit"] = 2
    await served.call("POST", f"{BATCH}/jobs", body)

    failed = await until(served, f"{BATCH}/jobs/doomed", lambda body: holds(body, "Failed"))

    assert failed["status"]["failed"] == 3
    assert failed["status"]["conditions"][-1]["reason"] == "BackoffLimitExceeded"


async def test_a_job_takes_its_time(slow: Served) -> None:
    """A Job is active until its pod has run for as long as it takes."""
    await slow.call("POST", f"{BATCH}/jobs", job("once"))
    await settled(slow)
    slow.cluster.clock.advance(31)
    active = await until(slow, f"{BATCH}/jobs/once", lambda body: body["status"].get("ready") == 1)
    slow.cluster.clock.advance(61)
    done = await until(slow, f"{BATCH}/jobs/once", lambda body: holds(body, "Complete"))

    assert not holds(active, "Complete")
    assert done["status"]["succeeded"] == 1


async def test_a_dying_namespace_takes_time_and_nothing_new(slow: Served) -> None:
    """Until it is gone a namespace is Terminating, refuses content, and then can be made anew."""
    await slow.call("POST", "/api/v1/namespaces", {"metadata": {"name": "there"}})
    there = "/api/v1/namespaces/there"
    await slow.call("DELETE", there)
    await settled(slow)
    dying = (await slow.call("GET", there)).body
    refused = await slow.call("POST", f"{there}/configmaps", config_map("late"))
    again = await slow.call("POST", "/api/v1/namespaces", {"metadata": {"name": "there"}})
    slow.cluster.clock.advance(6)
    await until(slow, there, lambda body: body.get("reason") == "NotFound")
    anew = await slow.call("POST", "/api/v1/namespaces", {"metadata": {"name": "there"}})

    assert dying["status"]["phase"] == "Terminating"
    assert refused.status == 403
    assert refused.body["message"] == (
        'configmaps "late" is forbidden: unable to create new content in namespace there '
        "because it is being terminated"
    )
    assert (again.status, again.body["reason"]) == (409, "AlreadyExists")
    assert anew.status == 201


async def test_a_finalizer_nobody_serves_holds_the_namespace(served: Served) -> None:
    """The namespace names the finalizer that keeps it, and goes when it is taken off."""
    await served.call("POST", "/api/v1/namespaces", {"metadata": {"name": "there"}})
    there = "/api/v1/namespaces/there"
    held = config_map("held") | {"metadata": {"name": "held", "finalizers": ["arcctl.test/x"]}}
    await served.call("POST", f"{there}/configmaps", held)
    await served.call("DELETE", there)
    stuck = await until(served, there, lambda body: holds(body, "NamespaceFinalizersRemaining"))
    bare = {"metadata": {"finalizers": None}}
    patch = "application/merge-patch+json"
    await served.call("PATCH", f"{there}/configmaps/held", bare, content_type=patch)
    await until(served, there, lambda body: body.get("reason") == "NotFound")

    said = {each["type"]: each["message"] for each in stuck["status"]["conditions"]}
    assert said["NamespaceFinalizersRemaining"].endswith("arcctl.test/x in 1 resource instances")
    assert said["NamespaceContentRemaining"].endswith("configmaps. has 1 resource instances")


async def test_orphans_stay_and_foreground_waits(served: Served) -> None:
    """Orphaned ReplicaSets stay; in the foreground the owner goes last."""
    await served.call("POST", f"{APPS}/deployments", deployment("kept"))
    await served.call("POST", f"{APPS}/deployments", deployment("gone"))
    await until(served, f"{APPS}/deployments/kept", lambda body: holds(body, "Available"))
    await served.call("DELETE", f"{APPS}/deployments/kept?propagationPolicy=Orphan")
    since = served.cluster.store.revision
    await served.call("DELETE", f"{APPS}/deployments/gone?propagationPolicy=Foreground")
    for name in ("kept", "gone"):
        path = f"{APPS}/deployments/{name}"
        await until(served, path, lambda body: body.get("reason") == "NotFound")
    sets = (await served.call("GET", f"{APPS}/replicasets")).body["items"]
    ends = {
        kind: next(
            event.revision
            for event in served.cluster.store.since(("apps", kind), since)
            if event.change == "DELETED" and event.document["metadata"]["name"].startswith("gone")
        )
        for kind in ("deployments", "replicasets")
    }

    assert [each["metadata"]["name"].split("-")[0] for each in sets] == ["kept"]
    assert "ownerReferences" not in sets[0]["metadata"]
    assert ends["replicasets"] < ends["deployments"]


async def test_nodes_decide_where_pods_can_be(served: Served) -> None:
    """A pod that wants linux finds no place among windows nodes, until one comes."""
    served.cluster.set_nodes([NodeShape(system="windows")] * 2)
    body = deployment("web")
    body["spec"]["template"]["spec"]["nodeSelector"] = {"kubernetes.io/os": "linux"}
    await served.call("POST", f"{APPS}/deployments", body)
    pods = await until(
        served,
        f"{SPACE}/pods",
        lambda body: body["items"] and body["items"][0]["status"].get("conditions"),
    )
    served.cluster.set_nodes([NodeShape(architecture="arm64")])
    placed = await until(served, f"{APPS}/deployments/web", lambda body: holds(body, "Available"))
    nodes = (await served.call("GET", "/api/v1/nodes")).body["items"]

    assert pods["items"][0]["status"]["conditions"][0]["reason"] == "Unschedulable"
    assert placed
    assert nodes[0]["metadata"]["labels"]["kubernetes.io/arch"] == "arm64"
    assert all(isinstance(value, str) for value in nodes[0]["status"]["nodeInfo"].values())
    assert nodes[0]["spec"]["providerID"].startswith("kind://")


async def test_sets_have_numbered_pods_and_a_pod_on_each_node(served: Served) -> None:
    """StatefulSets number their pods; DaemonSets have one on every node."""
    body = deployment("db", 2)
    await served.call("POST", f"{APPS}/statefulsets", body | {"kind": "StatefulSet"})
    daemon = deployment("log") | {"kind": "DaemonSet"}
    del daemon["spec"]["replicas"]
    await served.call("POST", f"{APPS}/daemonsets", daemon)
    await until(
        served, f"{APPS}/statefulsets/db", lambda body: body["status"].get("readyReplicas") == 2
    )
    await until(
        served, f"{APPS}/daemonsets/log", lambda body: body["status"].get("numberReady") == 3
    )
    pods = (await served.call("GET", f"{SPACE}/pods")).body["items"]
    names = [each["metadata"]["name"] for each in pods]
    nodes = {each["spec"]["nodeName"] for each in pods if each["metadata"]["name"][:3] == "log"}

    assert [name for name in names if name.startswith("db")] == ["db-0", "db-1"]
    assert len(nodes) == 3


async def test_a_reset_cluster_is_a_fresh_one(served: Served) -> None:
    """A reset forgets objects, custom kinds and troubles; the token stays good."""
    extensions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    widgets = "/apis/conformance.arcctl.test/v1/namespaces/default/widgets"
    await served.call("POST", extensions, DEFINITION)
    await settled(served)
    await served.call("POST", widgets, widget("w"))
    served.cluster.trouble("NeverReady")
    served.cluster.reset()
    await served.call("POST", f"{APPS}/deployments", deployment("web"))

    assert (await served.call("GET", widgets)).status == 404
    assert len((await served.call("GET", "/api/v1/nodes")).body["items"]) == 3
    assert await until(served, f"{APPS}/deployments/web", lambda body: holds(body, "Available"))
