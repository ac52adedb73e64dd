"""A session through Azure and the agents: kubectl works in it until somebody says stop."""

from __future__ import annotations

import secrets
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml
from arcctl.sandbox.kubernetes import access
from tests.arm import HARBOR
from tests.stories.refusals import refused
from tests.stories.sessions import PROXY, free_port, opened, relays, running
from tests.stories.test_interrupt import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stage import Stage


def test_kubectl_works_as_whoever_has_signed_in(connected: Stage, kubectl: Path) -> None:
    """Nodes and pods are listed through Azure's relay and the cluster's agents."""
    with opened(connected) as session:
        nodes = session.ask(kubectl, "get nodes")
        pods = session.ask(kubectl, "get pods -A -o name")

    assert nodes.count("Ready") == 3
    assert "pod/clusterconnect-agent" in pods
    assert connected.requests("arm", "POST") == [f"POST {HARBOR}/listClusterUserCredential"]
    assert not connected.world.crashes


def test_kubectl_works_with_the_token_of_a_service_account(connected: Stage, kubectl: Path) -> None:
    """The cluster knows who asks; Entra is not asked for a token of cluster connect."""
    token = secrets.token_urlsafe(24)
    account = "system:serviceaccount:default:reader"
    connected.within(lambda: connected.cluster.grant(token, account, access.READING))
    with opened(connected, f"--token {token}") as session:
        nodes = session.ask(kubectl, "get nodes")
        refused = session.kubectl(kubectl, "delete namespace default")

    assert nodes.count("Ready") == 3
    assert account in refused.stderr
    assert session.config["users"][0]["user"]["token"] == token
    assert "identity" not in session.said


def test_what_goes_on_in_the_cluster_streams(connected: Stage, kubectl: Path) -> None:
    """A watch shows what comes while it watches, and logs are read."""
    with opened(connected) as session:
        pod = session.ask(kubectl, "get pods -n azure-arc -o name").split()[0]
        session.ask(kubectl, f"logs -n azure-arc {pod} --all-containers")
        words = [str(kubectl), "--kubeconfig", str(session.file), "get", "configmaps", "-w"]
        with subprocess.Popen(
            [*words, "-o", "name"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            env=connected.environment,
        ) as watching:
            assert watching.stdout
            before = watching.stdout.readline()
            session.ask(kubectl, "create configmap tide --from-literal=high=noon")
            after = watching.stdout.readline()
            watching.terminate()

    assert before.strip() == "configmap/kube-root-ca.crt"
    assert after.strip() == "configmap/tide"


def test_two_sessions_stand_side_by_side(connected: Stage, kubectl: Path) -> None:
    """Each has ports and a configuration of its own; the end of one is not the other's."""
    with opened(connected) as first:
        with opened(connected, "--kube-context second") as second:
            names = [each.ask(kubectl, "get nodes -o name") for each in (first, second)]
        after = first.ask(kubectl, "get nodes -o name")

    assert names == [after, after]
    assert after.count("node/") == 3
    assert second.config["current-context"] == "second"


def test_a_kubeconfig_on_stdout_is_all_that_is_there(connected: Stage, kubectl: Path) -> None:
    """It is written at once, and no file is touched."""
    with opened(connected, "--file -") as session:
        text = session.out.read_text()
        session.file.write_text(text)
        nodes = session.ask(kubectl, "get nodes -o name")
        last = session.stop(signal.SIGINT)

    assert nodes.count("node/") == 3
    assert (last.code, session.out.read_text()) == (130, text)
    assert yaml.safe_load(text)["current-context"] == "harbor"
    assert not (connected.folder / "home" / ".kube").exists()


MINE = """\
# mine, and dear to me
apiVersion: v1
kind: Config
current-context: dev  # where I work
clusters:
- name: dev
  cluster: {server: "https://dev.example"}
# somebody's old session
- name: harbor
  cluster:
    server: https://127.0.0.1:1/gone
users: []
contexts:
- name: dev
  context: {cluster: dev, user: me}
"""


def test_a_context_comes_into_a_persons_file(connected: Stage, kubectl: Path) -> None:
    """Under the name that was asked for, over what an old session left; comments stay."""
    folder = connected.folder / "home" / ".kube"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config").write_text(MINE)
    (folder / "config").chmod(0o644)
    with opened(connected, "--kube-context tide", file=folder / "config") as session:
        text, config = session.file.read_text(), session.config
        assert session.ask(kubectl, "get nodes -o name").count("node/") == 3

    assert config["current-context"] == "tide"
    assert [each["name"] for each in config["contexts"]] == ["dev", "tide"]
    assert [each["name"] for each in config["clusters"]] == ["dev", "harbor"]
    assert f"127.0.0.1:{session.port}/" in config["clusters"][1]["cluster"]["server"]
    for comment in ("# mine, and dear to me", "# where I work", "# somebody's old session"):
        assert comment in text
    assert "chmod 600" in session.said


def test_a_new_file_is_for_its_owner_alone(connected: Stage) -> None:
    """It holds what opens the cluster."""
    with opened(connected) as session:
        mode = session.file.stat().st_mode & 0o777

    assert mode == 0o600
    assert "chmod" not in session.said


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_session_ends_when_somebody_says_so(connected: Stage, how: signal.Signals) -> None:
    """Ctrl-C, a cancelled pipeline, a closed terminal: no relay stays, and how to go on is said."""
    with opened(connected, "--kube-context tide") as session:
        children = relays(session.process.pid)
        last = session.stop(how)

    assert len(children) == 1
    assert not any(map(running, children))
    assert last.code == 130
    assert "[interrupted]" in last.err
    assert f"kubectl --kubeconfig {session.file} get pods" in last.err
    again = f"--file {session.file} --port {session.port} --kube-context tide"
    assert f"try    arcctl proxy -n harbor -g edge {again}" in last.err
    assert "Traceback" not in last.err
    assert list((connected.folder / "scratch").glob("arcctl-relay-*")) == []


def test_a_relay_that_ends_by_itself_ends_the_session(connected: Stage) -> None:
    """The person hears it at once, and what opens another one."""
    with opened(connected) as session:
        [relay] = relays(session.process.pid)
        subprocess.run(["kill", "-9", str(relay)], check=True)
        last = session.ended()

    assert (last.code, "[AZK8S0804]" in last.err) == (1, True), last.err
    assert "the same command opens a new session" in last.err


def test_before_a_session_is_open_it_can_be_stopped(connected: Stage) -> None:
    """While Azure is asked, nothing runs yet, and the kubeconfig is as it was."""
    slow = connected.fault("arm", {"delay": 2}, path="listClusterUserCredential$")
    file = connected.folder / "untouched"
    with connected.start(f"{PROXY} --port {free_port()} --file {file}") as process:
        until(lambda: connected.happened(slow), "the credential")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)

    assert (process.returncode, file.exists()) == (130, False), err


def test_a_cluster_is_named_by_its_id(connected: Stage, kubectl: Path) -> None:
    """As in the other commands; one session leads to one cluster."""
    with opened(connected, verb=f"proxy --ids {HARBOR}") as session:
        nodes = session.ask(kubectl, "get nodes -o name")
    several = connected.type(f"proxy --ids {HARBOR} {HARBOR}-2")

    assert (several.code, nodes.count("node/")) == (2, 3)
    assert "one cluster" in several.err


def test_through_a_session_arcctl_looks_and_changes_nothing(connected: Stage) -> None:
    """The session would end with the agents, in the midst of what ends them."""
    with opened(connected) as session:
        kubeconfig = f"--kube-config {session.file}"
        shown = connected.well(f"show -n harbor -g edge --agents -o json {kubeconfig}")
        deleted = connected.type(f"delete -n harbor -g edge --yes {kubeconfig}")

    assert len(shown.data["agents"]) == 11
    refused(deleted, "AZK8S0406", said="--kube-config FILE")
