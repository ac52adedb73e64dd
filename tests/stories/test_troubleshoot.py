"""Stories of `arcctl troubleshoot` on clusters that can be reached: what is found, kept and changed."""

from __future__ import annotations

import base64
import gzip
import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.stories import evidence, symptoms
from tests.stories.evidence import NOT_CHANGING, TROUBLESHOOT
from tests.stories.half_done import half_done
from tests.stories.refusals import changes
from tests.terminal import typed_at_a_terminal

if TYPE_CHECKING:
    from tests.stage import Stage

OLD = "2020-01-01T00:00:00Z"
JOB = {
    "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "a"}]}}
}
# The peer's files for a cluster without workload identity and without an OIDC issuer.
THE_PEERS = {
    "k8s_cluster_info.txt",
    "connected_cluster_resource_snapshot.txt",
    "arc_agent_events.txt",
    "agent_state.txt",
    "azure-arc-secrets.txt",
    "helm_values_azure_arc.txt",
    "metadata_cr_snapshot.txt",
    "kube_aad_proxy_cr_snapshot.txt",
    "diagnoser_output.txt",
    "dns_check.txt",
    "outbound_network_connectivity_check.txt",
}
PASSES = {
    "kubectl_cluster_info",
    "fetch_connected_cluster_resource",
    "retrieved_arc_agents_logs",
    "retrieved_arc_agents_event_logs",
    "retrieved_deployments_logs",
    "arc_agent_state_check",
    "msi_cert_check",
    "msi_cert_expiry_check",
    "kap_security_policy_check",
    "kap_cert_check",
    "agent_version_check",
    "diagnoser_check",
    "storing_diagnoser_results_logs",
}
WORKLOAD_IDENTITY = {
    "retrieved_arc_workload_identity_event_logs",
    "retrieved_arc_workload_identity_pod_logs",
    "retrieved_arc_workload_identity_deployments_logs",
}


def test_a_healthy_cluster_passes_the_peers_checks(connected: Stage) -> None:
    """All of them by their keys; those of workload identity are skipped where it is off."""
    ended = connected.well(TROUBLESHOOT)

    found = evidence.verdicts(ended)
    assert {key for key, verdict in found.items() if verdict == "pass"} == PASSES
    assert {key for key, verdict in found.items() if verdict == "skip"} == WORKLOAD_IDENTITY
    assert ended.data["diagnosis"]["word"] == "healthy"
    assert ended.data["redacted"] is True


def test_the_archive_has_the_peers_files(connected: Stage) -> None:
    """Under their names, with a log for each container, the document of check, and the page."""
    ended = connected.well(TROUBLESHOOT)
    files = evidence.packed(ended)

    assert files.keys() >= THE_PEERS | {"index.html", "check.json", "arcctl.txt"}
    assert len([name for name in files if name.startswith("arc_agents_logs/")]) == 23
    assert len([name for name in files if name.startswith("arc_deployment_logs/")]) == 11
    assert '"format": "arcctl.check/1"' in files["check.json"]
    assert "AZURE_RESOURCE_NAME: harbor" in files["azure_clusterconfig.txt"]
    assert files["dns_check.txt"].startswith("DNS Result:")
    assert "azure-identity-certificate" in files["azure-arc-secrets.txt"]
    listed = {file["path"] for each in ended.data["pieces"] for file in each["files"]}
    assert listed | {"index.html"} == files.keys()


def test_the_page_names_every_file_and_runs_nothing(connected: Stage) -> None:
    """Plain HTML with links into the folder; what a server has called a thing is text in it."""
    symptoms.azure(connectivityStatus="<script>alert(1)</script>")(connected)

    ended = connected.type(TROUBLESHOOT)
    page = evidence.page(ended)

    assert "<script" not in page
    assert "&lt;script&gt;" in page
    names = evidence.packed(ended).keys() - {"index.html"}
    assert [name for name in names if f'href="{name}"' not in page] == []


def test_what_it_writes_is_for_its_owner_alone(connected: Stage) -> None:
    """Folders 0700, files 0600, the archive too; whose machine it was is not told."""
    ended = connected.well(TROUBLESHOOT)
    archive = Path(ended.data["archive"])
    folder = Path(ended.data["folder"])

    paths = [archive, archive.parent, folder, *folder.rglob("*")]
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in paths}
    assert modes == {(True, 0o700), (False, 0o600)}
    assert archive.name == f"{folder.name}.tar.gz"
    assert folder.name.startswith("harbor-")


def test_without_a_folder_it_writes_where_the_peer_does(connected: Stage) -> None:
    """In az's folder, which AZURE_CONFIG_DIR moves."""
    moved = str(connected.folder / "az")

    usual = connected.well("troubleshoot -n harbor -g edge --no-diagnoser").data
    other = connected.well(
        "troubleshoot -n harbor -g edge --no-diagnoser", AZURE_CONFIG_DIR=moved
    ).data

    home = connected.folder / "home" / ".azure"
    assert Path(usual["folder"]).parent == home / "arc_diagnostic_logs"
    assert Path(other["folder"]).parent == Path(moved) / "arc_diagnostic_logs"


def test_the_diagnoser_is_all_that_changes(connected: Stage) -> None:
    """Four objects are made and the same four removed; nothing of them is left."""
    connected.within(connected.world.journal.clear)
    connected.well(TROUBLESHOOT)
    done = changes(connected)

    made = [each for each in done if " POST " in each]
    gone = [each for each in done if " DELETE " in each]
    kinds = ["serviceaccounts", "roles", "rolebindings", "jobs"]
    assert [each.rpartition("/")[2] for each in made] == kinds
    assert [each.split("/")[-2] for each in gone] == kinds[::-1]
    assert len(done) == 8
    evidence.swept(connected)


def test_without_the_diagnoser_nothing_changes(connected: Stage) -> None:
    """Its checks are skipped, and the index says that it was left out."""
    connected.within(connected.world.journal.clear)
    ended = connected.well(NOT_CHANGING)

    assert changes(connected) == []
    assert evidence.verdicts(ended)["diagnoser_check"] == "skip"
    assert "left out by --no-diagnoser" in evidence.page(ended)


def test_the_diagnoser_takes_the_agents_way(connected: Stage) -> None:
    """Its container gets the proxy from where the agents get it, so no password is in the job."""
    seen: list[dict[str, object]] = []

    def look(entry: object, when: str) -> bool:
        jobs = connected.cluster.store.items(("batch", "jobs"))
        seen.extend(each["spec"]["template"]["spec"] for each in jobs)
        return False

    connected.within(lambda: connected.world.witnesses.append(look))
    connected.well(TROUBLESHOOT)

    [container] = seen[0]["containers"]  # type: ignore[misc] # a list, as the API has it
    assert container["envFrom"] == [{"secretRef": {"name": "proxy-config"}}]
    assert container["image"].startswith("mcr.microsoft.com/arck8sdiagnoser:")


@pytest.mark.parametrize(
    ("ill", "key", "code"),
    [
        (symptoms.trouble("CrashLoopBackOff"), "arc_agent_state_check", "agent-crashes"),
        (symptoms.trouble("PodForbidden"), "kap_security_policy_check", "pods-refused"),
        (symptoms.no_identity, "msi_cert_check", "AZK8S0309"),
        (symptoms.expired_identity, "msi_cert_expiry_check", "identity-expired"),
        (
            symptoms.remove("secrets", symptoms.ARC, "kube-aad-proxy-certificate"),
            "kap_cert_check",
            "aad-proxy-certificate",
        ),
        (symptoms.inside("DNS Result:\nNXDOMAIN"), "diagnoser_check", "AZK8S0301"),
    ],
    ids=["state", "policy", "identity", "expiry", "proxy certificate", "diagnoser"],
)
def test_a_check_that_fails_is_told_by_the_peers_key(
    connected: Stage, ill: symptoms.Break, key: str, code: str
) -> None:
    """With arcctl's code beside it, in the document and on the page; exit 5, and the archive is there."""
    if key == "kap_cert_check":
        # First, or the agents may fetch another before they are cut off.
        symptoms.cut_off(connected)
    ill(connected)

    ended = connected.type(TROUBLESHOOT)

    [check] = [each for each in ended.data["checks"] if each["check"] == key]
    assert (ended.code, check["verdict"]) == (5, "fail")
    assert code in check["codes"]
    assert f"<code>{code}</code>" in evidence.page(ended)
    assert "index.html" in evidence.packed(ended)


def test_agents_out_of_support_are_told(connected: Stage) -> None:
    """As the peer's check of versions, which is about Azure's word for it."""
    symptoms.azure(agentVersion="1.10.0")(connected)

    ended = connected.type(NOT_CHANGING)

    assert evidence.verdicts(ended)["agent_version_check"] in ("warn", "fail")


def test_a_pod_that_is_not_ready_is_kept_whole(connected: Stage) -> None:
    """With its events, and the log of the container before the restart."""
    symptoms.trouble("CrashLoopBackOff")(connected)

    ended = connected.type(NOT_CHANGING)
    files = evidence.packed(ended)

    [told] = [name for name in files if name.startswith("describe_non_ready_arc_agents/")]
    assert "restartCount: 5" in files[told]
    assert "Back-off restarting" in files[told]
    assert "CrashLoopBackOff" in files["agent_state.txt"]
    assert [name for name in files if "config-agent" in name and ".previous" in name]


def test_a_diagnoser_that_fails_is_told_and_removed(connected: Stage) -> None:
    """The job's attempts are spent: its check fails, and its events are kept."""
    connected.within(
        lambda: connected.cluster.trouble("Fails", prefix="azure-arc-diagnoser", message="no way")
    )

    ended = connected.type(TROUBLESHOOT)

    assert evidence.verdicts(ended)["diagnoser_check"] == "fail"
    assert "failed five times" in str(evidence.piece(ended, "diagnoser")["missing"])
    evidence.swept(connected)


def test_a_job_of_somebody_else_is_left_alone(connected: Stage) -> None:
    """The peer may be at work: its job of the same name is neither used nor removed."""
    symptoms.plant("jobs", symptoms.ARC, "azure-arc-diagnoser-job", spec=JOB)(connected)

    ended = connected.well(TROUBLESHOOT)

    assert "somebody else's job" in evidence.piece(ended, "diagnoser")["detail"]
    assert "jobs/azure-arc-diagnoser-job" in evidence.diagnosers(connected)


def test_what_a_killed_run_left_is_swept(connected: Stage) -> None:
    """A job that bears arcctl's label and is older than any run is taken away first."""
    labels = {"app.kubernetes.io/managed-by": "arcctl"}
    name = "azure-arc-diagnoser-job"
    symptoms.plant("jobs", symptoms.ARC, name, spec=JOB, metadata={"labels": labels})(connected)
    symptoms.change("jobs", symptoms.ARC, name, metadata={"creationTimestamp": OLD})(connected)

    ended = connected.well(TROUBLESHOOT)

    assert evidence.verdicts(ended)["diagnoser_check"] == "pass"
    evidence.swept(connected)


def test_a_person_reads_what_is_wrong_and_where_it_lies(connected: Stage) -> None:
    """The verdict with its cause and next command, the diagnosis, the archive, what to do with it."""
    symptoms.trouble("ImagePullBackOff")(connected)

    screen = typed_at_a_terminal(connected, NOT_CHANGING)

    assert screen.code == 5
    assert "✗ images can be pulled" in screen.out
    assert "→ allow mcr.microsoft.com" in screen.out
    assert "archive  " in screen.out
    assert "attach the archive to a support request" in screen.out


def test_several_clusters_are_named_by_ids(connected: Stage) -> None:
    """Each gets a folder and an archive of its own; the document is a list."""
    [resource] = connected.well("list -g edge").data
    other = resource["id"].replace("harbor", "nobody")

    ended = connected.type(
        f"troubleshoot --folder home/out --no-diagnoser --ids {resource['id']} {other}"
    )

    assert [each["name"] for each in ended.data] == ["harbor", "nobody"]
    assert ended.code == 5
    assert len({each["archive"] for each in ended.data}) == 2


def test_tags_are_accepted_and_said_to_be_unused(connected: Stage) -> None:
    """As in az; a script that gives them goes on working."""
    ended = connected.well(f"{NOT_CHANGING} --tags a=b c=d")

    assert "--tags is accepted" in ended.err


def test_the_table_has_a_line_for_each_check(connected: Stage) -> None:
    """By the peer's keys."""
    lines = connected.well(f"{NOT_CHANGING} -o table").out.splitlines()

    assert lines[0].split() == ["Name", "Check", "Verdict", "Detail"]
    assert any("msi_cert_check" in line for line in lines)


def test_workload_identity_is_collected_where_it_is_on(connected: Stage) -> None:
    """Logs, events and Deployments of its namespace, and what its own release was given."""
    space, name = "arc-workload-identity", "azure-wi-webhook"
    symptoms.plant("namespaces", "", space)(connected)
    container = {"name": "manager", "image": "webhook"}
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    symptoms.plant("deployments", space, name, spec=spec)(connected)
    said = {"reason": "Unhealthy", "type": "Warning", "message": "no answer"}
    about = {"kind": "Pod", "name": name, "namespace": space}
    symptoms.plant("events", space, "e", involvedObject=about, **said)(connected)
    symptoms.plant("secrets", symptoms.RELEASES, **wi_record())(connected)
    symptoms.until(
        connected, lambda: any(connected.cluster.store.items(("", "pods"), namespace=space))
    )

    ended = connected.type(NOT_CHANGING)
    files = evidence.packed(ended)

    found = evidence.verdicts(ended)
    assert {key: found[key] for key in WORKLOAD_IDENTITY} == dict.fromkeys(
        WORKLOAD_IDENTITY, "pass"
    )
    assert "no answer" in files["arc_workload_identity_events.txt"]
    assert f"arc_workload_identity_deployment_logs/{name}.txt" in files
    assert [each for each in files if each.endswith("/manager.txt") and "workload" in each]
    assert "tenant: marked" in files["helm_values_arc_workload_identity.txt"]


def wi_record() -> dict[str, Any]:
    """Helm's record of the release of workload identity."""
    chart = {"metadata": {"version": "1.0.0"}, "values": {}}
    release = {"config": {"tenant": "marked"}, "chart": chart, "version": 1}
    packed = base64.b64encode(gzip.compress(json.dumps(release).encode()))
    labels = {"owner": "helm", "name": "wiextension", "version": "1", "status": "deployed"}
    return {
        "name": "sh.helm.release.v1.wiextension.v1",
        "metadata": {"labels": labels},
        "type": "helm.sh/release.v1",
        "data": {"release": base64.b64encode(packed).decode()},
    }


def test_the_runs_of_this_cluster_are_kept(quick: Stage) -> None:
    """With every entry of their journals, which tell where a run was cut."""
    run = half_done(quick)

    ended = quick.type(NOT_CHANGING)

    [kept] = json.loads(evidence.packed(ended)["runs.json"])
    assert (kept["run"], kept["verb"]) == (run, "config apply")
    assert "failed" in {each["kind"] for each in kept["entries"]}
