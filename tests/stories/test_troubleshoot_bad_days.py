"""Days on which `troubleshoot` is needed most: one side is away, pieces hang, the disk is full."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING, Any

import pytest
from tests.stories import evidence, symptoms
from tests.stories.evidence import NOT_CHANGING, TROUBLESHOOT
from tests.stories.moments import at, fill_disk
from tests.stories.refusals import changes, refused
from tests.stories.test_interrupt import ended as end_of
from tests.stories.test_interrupt import stopped_politely

if TYPE_CHECKING:
    from tests.stage import Stage

FOR_LONG = {"delay": 10}
OWN_REQUESTS = ("serviceaccounts", "roles", "rolebindings", "jobs")


def test_a_cluster_that_was_never_connected_is_told(quick: Stage) -> None:
    """Neither resource nor agents: nothing of the kind is there, and nothing is made."""
    ended = quick.type(TROUBLESHOOT)

    assert (ended.code, changes(quick)) == (5, [])
    assert ended.data["diagnosis"]["word"] == "not-connected"
    assert evidence.piece(ended, "resource")["amount"] == "absent"
    assert "no namespace azure-arc" in evidence.piece(ended, "diagnoser")["detail"]
    assert "k8s_cluster_info.txt" in evidence.packed(ended)


def test_a_failed_first_onboarding_is_collected(connected: Stage) -> None:
    """Helm gave up and no ConfigMap came: where the peer refuses, values, logs and events are kept."""
    symptoms.remove("configmaps", symptoms.ARC, "azure-clusterconfig")(connected)
    symptoms.release("failed")(connected)

    ended = connected.type(TROUBLESHOOT)
    files = evidence.packed(ended)

    assert ended.code == 5
    assert "status: failed" in files["helm_values_azure_arc.txt"]
    assert "location: westeurope" in files["helm_values_azure_arc.txt"]
    assert evidence.piece(ended, "agent-logs")["amount"] == "whole"
    assert evidence.piece(ended, "identity-map")["amount"] == "absent"
    assert evidence.verdicts(ended)["diagnoser_check"] == "pass"


def test_agents_without_a_release_are_collected(connected: Stage) -> None:
    """Helm's record was deleted: the values are gone with it, and nothing else is."""
    symptoms.remove("secrets", symptoms.RELEASES, "sh.helm.release.v1.azure-arc.v1")(connected)

    ended = connected.type(TROUBLESHOOT)

    assert "no release" in evidence.piece(ended, "helm-values")["detail"]
    assert evidence.piece(ended, "agent-logs")["amount"] == "whole"


@pytest.mark.parametrize("how", [{"reset": "before"}, {"status": 500}, FOR_LONG])
def test_an_azure_that_is_away_leaves_the_cluster(connected: Stage, how: dict[str, Any]) -> None:
    """Its piece says why it is missing, its check is skipped; all of the cluster is there."""
    connected.fault("arm", how, path="^/subscriptions", times=None)

    ended = connected.type(f"{TROUBLESHOOT} --timeout 3")

    assert evidence.piece(ended, "resource")["amount"] == "none"
    assert evidence.verdicts(ended)["fetch_connected_cluster_resource"] == "skip"
    for name in ("agent-logs", "agent-events", "helm-values", "cluster-info"):
        assert evidence.piece(ended, name)["amount"] == "whole"
    assert evidence.verdicts(ended)["diagnoser_check"] == "pass"


def test_a_cloud_that_is_not_there_leaves_the_cluster(connected: Stage) -> None:
    """With the subscription's id nothing of Azure is needed to name the cluster."""
    ended = connected.type(f"{NOT_CHANGING} --timeout 4", ARCCTL_CLOUD="https://127.0.0.1:9")

    assert evidence.piece(ended, "resource")["amount"] == "none"
    assert evidence.piece(ended, "agent-logs")["amount"] == "whole"


def test_nobody_signed_in_leaves_the_cluster(connected: Stage) -> None:
    """A secret that has expired is a finding, and no reason to collect nothing."""
    ended = connected.type(
        NOT_CHANGING, AZURE_CLIENT_SECRET="wrong-marked", ARCCTL_TOKEN_CACHE="off"
    )

    assert ended.code == 5
    assert evidence.piece(ended, "resource")["amount"] == "none"
    assert evidence.piece(ended, "agent-state")["amount"] == "whole"


@pytest.mark.parametrize("answers", [True, False], ids=["refuses", "falls silent"])
def test_a_cluster_that_is_away_leaves_azure(connected: Stage, answers: bool) -> None:
    """The resource is there, and the page says of all others that the cluster was not reached."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = 9 if answers else silent.getsockname()[1]
        symptoms.kubeconfig(connected, "any", server=f"https://127.0.0.1:{port}")
        ended = connected.type(f"{TROUBLESHOOT} --timeout 2")

    assert ended.code == 5
    assert evidence.piece(ended, "resource")["amount"] == "whole"
    assert evidence.piece(ended, "agent-logs")["amount"] == "none"
    assert evidence.verdicts(ended)["kubectl_cluster_info"] == "skip"
    assert "could not be learned" in evidence.page(ended)


def test_a_kubeconfig_that_is_missing_leaves_azure(connected: Stage) -> None:
    """As a person has it who was only told the cluster's name."""
    ended = connected.type(NOT_CHANGING, KUBECONFIG="nowhere")

    assert (ended.code, "Traceback" in ended.err) == (5, False)
    assert evidence.piece(ended, "resource")["amount"] == "whole"


@pytest.mark.parametrize(
    "body",
    [
        "no JSON",
        {"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"name": "x"}}]},
        {"kind": "PodList", "apiVersion": "v1", "items": "none"},
        [],
    ],
    ids=["text", "half a pod", "no list", "another shape"],
)
def test_half_an_answer_is_missing_and_no_crash(connected: Stage, body: Any) -> None:
    """The pieces that needed it say so; all others are whole."""
    symptoms.instead("kubernetes", "/azure-arc/pods$", 200, body)(connected)

    ended = connected.type(NOT_CHANGING)

    assert "Traceback" not in ended.err
    assert evidence.piece(ended, "agent-logs")["amount"] in ("none", "absent")
    assert evidence.piece(ended, "agent-events")["amount"] == "whole"


def test_what_is_forbidden_is_named_and_the_rest_is_there(connected: Stage) -> None:
    """Whoever may read pods and nothing else gets them, and the names of what was refused."""
    rules = {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "pods/log"]}
    anything = {"verbs": ["get"], "nonResourceURLs": ["*"]}
    symptoms.another_user(rules, anything)(connected)

    ended = connected.type(TROUBLESHOOT)

    assert evidence.piece(ended, "agent-logs")["amount"] == "whole"
    assert "forbids GET" in str(evidence.piece(ended, "agent-deployments")["missing"])
    assert evidence.piece(ended, "diagnoser")["amount"] == "none"
    assert "retrieved_deployments_logs" in evidence.page(ended)
    assert evidence.diagnosers(connected) == []


def test_a_job_that_may_not_be_made_leaves_nothing(connected: Stage) -> None:
    """A reader's account: the diagnoser is skipped with the reason, and is no failure."""
    reading = {"verbs": ["get", "list", "watch"], "apiGroups": ["*"], "resources": ["*"]}
    symptoms.another_user(reading, {"verbs": ["get"], "nonResourceURLs": ["*"]})(connected)

    ended = connected.type(TROUBLESHOOT)

    assert evidence.verdicts(ended)["diagnoser_check"] == "skip"
    assert "forbids POST" in str(evidence.piece(ended, "diagnoser")["missing"])
    assert evidence.diagnosers(connected) == []


def test_one_log_that_hangs_holds_up_no_other(connected: Stage) -> None:
    """It is named as missing in time; the logs beside it are kept."""
    path = "/config-agent-[^/]+/log$"
    connected.fault("kubernetes", FOR_LONG, method="GET", path=path, times=None)

    ended = connected.type(f"{NOT_CHANGING} --timeout 3")
    logs = evidence.piece(ended, "agent-logs")

    assert (logs["amount"], len(logs["files"]), len(logs["missing"])) == ("part", 21, 2)
    assert all("config-agent" in each for each in logs["missing"])


def test_a_huge_log_is_cut_and_says_so(connected: Stage) -> None:
    """The end is kept, as that is where it broke; its first line and the index say what is missing."""
    text = "".join(f"line {number}\n" for number in range(20_000))
    noted = {"sandbox.arcctl/log": text}
    name = pod_of(connected, "flux-logs-agent")
    symptoms.change("pods", symptoms.ARC, name, metadata={"annotations": noted})(connected)

    ended = connected.type(NOT_CHANGING)
    [log] = [
        text for path, text in evidence.packed(ended).items() if f"arc_agents_logs/{name}/" in path
    ]

    assert log.startswith("[cut: the last 5,000 lines]\nline 15000\n")
    assert log.endswith("line 19999\n")
    assert "cut: the last 5,000 lines" in evidence.page(ended)


def test_a_log_of_huge_lines_is_cut_by_bytes(connected: Stage) -> None:
    """Fewer lines are asked for, and a server that sends more all the same is not believed."""
    symptoms.instead("kubernetes", "/log$", 200, "a word and another\n" * 30_000)(connected)

    ended = connected.type(NOT_CHANGING)

    sizes = [file["bytes"] for file in evidence.piece(ended, "agent-logs")["files"]]
    assert max(sizes) < 600_000


def pod_of(stage: Stage, agent: str) -> str:
    """The name of an agent's pod."""
    pods = stage.within(lambda: list(stage.cluster.store.items(("", "pods"))))
    return next(e["metadata"]["name"] for e in pods if e["metadata"]["name"].startswith(agent))


def test_odd_names_stay_in_the_folder(connected: Stage) -> None:
    """Whatever a server calls a pod is a file's name and no way out of the folder."""
    names = ("../../evil", "/etc/passwd", ".hidden", "a" * 300, "<b>")
    pods = [
        {"metadata": {"name": name}, "spec": {"containers": [{"name": "../x"}]}, "status": {}}
        for name in names
    ]
    body = {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": pods}
    symptoms.instead("kubernetes", "/azure-arc/pods$", 200, body)(connected)
    symptoms.instead("kubernetes", "/log$", 200, "a line")(connected)

    ended = connected.type(NOT_CHANGING)

    files = [each for each in evidence.packed(ended) if each.startswith("arc_agents_logs/")]
    assert len(files) == len(names)
    assert all(each.count("/") == 2 and "/." not in each for each in files)
    outside = [path for path in evidence.left_on_disk(connected) if "evil" in path]
    assert all(str(ended.data["folder"]) in path for path in outside)
    assert "<b>" not in evidence.page(ended)


def test_another_clusters_kubeconfig_makes_no_job_there(connected: Stage) -> None:
    """What is said is that it is the wrong one; nothing is changed in somebody else's cluster."""
    symptoms.another_owner(connected)
    connected.within(connected.world.journal.clear)

    ended = connected.type(TROUBLESHOOT)

    assert ended.data["diagnosis"]["word"] == "wrong-cluster"
    assert changes(connected) == []
    assert "another cluster" in evidence.piece(ended, "diagnoser")["detail"]


def test_a_folder_that_cannot_be_written_is_refused(connected: Stage) -> None:
    """Before anything is asked of anybody, with another place to type."""
    (connected.folder / "file").write_text("")
    connected.within(connected.world.journal.clear)

    ended = connected.type("troubleshoot -n harbor -g edge --folder file/below")

    refused(ended, "evidence-folder", said="--folder")
    assert changes(connected) == []


def test_a_disk_that_fills_leaves_nothing(connected: Stage) -> None:
    """No half archive, no job: exit 1, and where to write instead."""
    with connected.start(TROUBLESHOOT) as process:
        at(connected, "GET .*/nodes$", "before", lambda: fill_disk(process.pid))
        ended = end_of(process)

    refused(ended, "evidence-folder", said="--folder")
    assert evidence.left_on_disk(connected) == []
    evidence.swept(connected)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("made", OWN_REQUESTS)
def test_stopped_it_leaves_no_job_and_no_half_archive(
    connected: Stage, made: str, when: Any, how: signal.Signals
) -> None:
    """At each object that it makes, before and after the server has it."""
    with connected.start(TROUBLESHOOT) as process:
        moment = at(connected, f"POST .*/{made}$", when, lambda: process.send_signal(how))
        ended = end_of(process)

    assert moment.happened
    stopped_politely(ended)
    assert evidence.left_on_disk(connected) == []
    evidence.swept(connected)


def test_stopped_while_the_job_runs_it_takes_it_away(connected: Stage) -> None:
    """A pod that never ends is not waited for any longer."""
    connected.within(
        lambda: connected.cluster.trouble("Unschedulable", prefix="azure-arc-diagnoser")
    )
    with connected.start(TROUBLESHOOT) as process:
        evidence.running(connected)
        process.send_signal(signal.SIGINT)
        ended = end_of(process)

    stopped_politely(ended)
    assert evidence.left_on_disk(connected) == []
    evidence.swept(connected)


def test_a_job_that_cannot_be_removed_is_named(connected: Stage) -> None:
    """With its path, so that a person can remove it; everything else is told as ever."""
    refusal = {"status": 500}
    connected.fault("kubernetes", refusal, method="DELETE", path="/jobs/", times=None)

    ended = connected.type(TROUBLESHOOT)

    missing = str(evidence.piece(ended, "diagnoser")["missing"])
    assert "could not be removed: /apis/batch/v1/namespaces/azure-arc/jobs/" in missing
