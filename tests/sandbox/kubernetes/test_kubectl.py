"""The real kubectl works against the embedded Kubernetes: get, apply, delete, wait, logs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.sandbox.kubernetes.bodies import DEFINITION, config_map, deployment, job, widget

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.kubernetes.serving import Served


def listed(*objects: Any) -> str:
    """Put objects into one manifest."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})


async def test_get_prints_the_servers_tables(kubectl: Path, served: Served) -> None:
    """Columns come from the server, short names from discovery."""
    nodes = await served.run(kubectl, "get", "no")
    spaces = await served.run(kubectl, "get", "ns", "-o", "name")

    assert nodes.splitlines()[0].split() == ["NAME", "STATUS", "VERSION", "AGE"]
    assert nodes.count("Ready") == 3
    assert "namespace/kube-system" in spaces.splitlines()


async def test_apply_creates_then_leaves_alone_then_changes(kubectl: Path, served: Served) -> None:
    """A plain apply validates against the server, and a second one finds nothing to do."""
    first = await served.run(kubectl, "apply", "-f", "-", stdin=listed(deployment("web")))
    second = await served.run(kubectl, "apply", "-f", "-", stdin=listed(deployment("web")))
    third = await served.run(kubectl, "apply", "-f", "-", stdin=listed(deployment("web", 2)))

    assert first.strip() == "deployment.apps/web created"
    assert second.strip() == "deployment.apps/web unchanged"
    assert third.strip() == "deployment.apps/web configured"


async def test_apply_takes_out_what_the_manifest_dropped(kubectl: Path, served: Served) -> None:
    """Client-side and server-side apply both remove a key that is no longer named."""
    for flag in ("--server-side=false", "--server-side=true"):
        name = "c-" + flag[-4:].strip("=")
        before, after = config_map(name, a="1", b="2"), config_map(name, a="1")
        await served.run(kubectl, "apply", flag, "-f", "-", stdin=listed(before))
        await served.run(kubectl, "apply", flag, "-f", "-", stdin=listed(after))
        found = await served.call("GET", f"/api/v1/namespaces/default/configmaps/{name}")
        assert found.body["data"] == {"a": "1"}


async def test_wait_sees_a_deployment_become_available(kubectl: Path, served: Served) -> None:
    """`kubectl wait` ends when the condition holds."""
    await served.run(kubectl, "apply", "-f", "-", stdin=listed(deployment("web", 3)))

    said = await served.run(
        kubectl, "wait", "deployment/web", "--for=condition=Available", "--timeout=20s"
    )
    rolled = await served.run(kubectl, "rollout", "status", "deployment/web", "--timeout=20s")

    assert said.strip() == "deployment.apps/web condition met"
    assert "successfully rolled out" in rolled


async def test_logs_of_a_job_are_those_that_were_set(kubectl: Path, served: Served) -> None:
    """A Job's pod has written what the annotation on its template says, else what was set."""
    served.cluster.set_job_log("told", "from the knob")
    noted = job("noted")
    noted["spec"]["template"]["metadata"] = {
        "annotations": {"sandbox.arcctl/log": "from the chart"}
    }
    await served.run(kubectl, "apply", "-f", "-", stdin=listed(job("told-1"), noted))
    for name in ("told-1", "noted"):
        await served.run(
            kubectl, "wait", f"job/{name}", "--for=condition=Complete", "--timeout=20s"
        )

    assert await served.run(kubectl, "logs", "job/told-1") == "from the knob\n"
    assert await served.run(kubectl, "logs", "job/noted") == "from the chart\n"


async def test_logs_of_a_waiting_container_are_refused(kubectl: Path, served: Served) -> None:
    """What has not started has written nothing, and the refusal says why."""
    served.cluster.trouble("ImagePullBackOff")
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}
    spec = {"containers": [{"name": "main", "image": "nowhere/none"}]}
    await served.run(kubectl, "apply", "-f", "-", stdin=listed(pod | {"spec": spec}))
    await served.run(
        kubectl, "wait", "pod/p", "--for=jsonpath={.status.containerStatuses}", "--timeout=20s"
    )

    code, _, error = await served.attempt(kubectl, "logs", "p")

    assert code == 1
    assert 'container "main" in pod "p" is waiting to start: ImagePullBackOff' in error


async def test_logs_of_the_container_before_are_kept(kubectl: Path, served: Served) -> None:
    """Of one that has crashed they can be read; of one that never did, the refusal says so."""
    served.cluster.trouble("CrashLoopBackOff", prefix="crashing")
    for name in ("crashing", "calm"):
        noted = {"annotations": {"sandbox.arcctl/log": "last words"}, "name": name}
        spec = {"containers": [{"name": "main", "image": "nowhere/none"}]}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": noted, "spec": spec}
        await served.run(kubectl, "apply", "-f", "-", stdin=listed(pod))
        await served.run(
            kubectl, "wait", f"pod/{name}", "--for=jsonpath={.status.podIP}", "--timeout=20s"
        )

    told = await served.run(kubectl, "logs", "crashing", "--previous")
    code, _, error = await served.attempt(kubectl, "logs", "calm", "--previous")

    assert (told, code) == ("last words\n", 1)
    assert 'previous terminated container "main" in pod "calm" not found' in error


async def test_deleting_a_definition_takes_its_objects_with_it(
    kubectl: Path, served: Served
) -> None:
    """`kubectl delete crd --wait` returns when definition and objects are gone."""
    await served.run(kubectl, "apply", "-f", "-", stdin=listed(DEFINITION))
    name = DEFINITION["metadata"]["name"]
    await served.run(kubectl, "wait", f"crd/{name}", "--for=condition=Established", "--timeout=9s")
    await served.run(kubectl, "apply", "-f", "-", stdin=listed(widget("w")))
    there = await served.run(kubectl, "get", "widgets", "-o", "name")

    await served.run(kubectl, "delete", "crd", name, "--wait", "--timeout=20s")
    gone = await served.run(kubectl, "delete", "crd", name, "--ignore-not-found")
    code, _, _ = await served.attempt(kubectl, "get", "widgets")

    assert there.strip() == "widget.conformance.arcctl.test/w"
    assert gone == ""
    assert code == 1


async def test_deleting_a_namespace_waits_until_it_is_gone(kubectl: Path, served: Served) -> None:
    """A namespace goes with all that is in it, and can be made again at once."""
    await served.run(kubectl, "create", "namespace", "there")
    await served.run(kubectl, "apply", "-n", "there", "-f", "-", stdin=listed(deployment("web")))

    await served.run(kubectl, "delete", "namespace", "there", "--timeout=20s")

    assert (await served.call("GET", "/api/v1/namespaces/there")).status == 404
    await served.run(kubectl, "create", "namespace", "there")


async def test_can_i_knows_the_viewer(kubectl: Path, served: Served) -> None:
    """Access reviews answer for whoever asks."""
    admin = await served.run(kubectl, "auth", "can-i", "create", "deployments")
    _, viewer, _ = await served.attempt(
        kubectl, "auth", "can-i", "create", "deployments", "--token", served.cluster.viewer_token
    )

    assert (admin.strip(), viewer.strip()) == ("yes", "no")


async def test_describe_tells_the_events_of_a_broken_pod(kubectl: Path, served: Served) -> None:
    """Events are found by the object they are about."""
    served.cluster.trouble("Unschedulable")
    await served.run(kubectl, "apply", "-f", "-", stdin=listed(deployment("web")))
    await served.run(
        kubectl,
        "wait",
        "pod",
        "-l",
        "app=web",
        "--for=condition=PodScheduled=false",
        "--timeout=9s",
    )

    told = await served.run(kubectl, "describe", "pod", "-l", "app=web")

    assert "FailedScheduling" in told
    assert "0/3 nodes are available: 3 Insufficient memory." in told


async def test_scale_changes_the_number_of_pods(kubectl: Path, served: Served) -> None:
    """`kubectl scale` goes through the sub-resource and down to zero."""
    await served.run(kubectl, "apply", "-f", "-", stdin=listed(deployment("web", 3)))
    await served.run(kubectl, "rollout", "status", "deployment/web", "--timeout=20s")

    await served.run(kubectl, "scale", "deployment/web", "--replicas=0")
    await served.run(kubectl, "wait", "pod", "-l", "app=web", "--for=delete", "--timeout=20s")

    assert await served.run(kubectl, "get", "pods", "-l", "app=web", "-o", "name") == ""
