"""Whatever a command needs after its first irreversible request is proved before it.

Each case is a bad day of a tool that was found too late before: the command is refused, and
neither Azure nor the cluster has been asked to change anything.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import shlex
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from arcctl.sandbox.kubernetes import access
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.stage import PATIENCE, Ended
from tests.stories import moving
from tests.stories.refusals import changes, refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stage import Stage

HARBOR = "-n harbor -g edge"
DELETE = f"delete {HARBOR} --yes"


def helm(stage: Stage, otherwise: str, version: str = "v3.17.3") -> None:
    """Let helm be a script that tells this version, and does this for every other verb."""
    script = stage.folder / "helm"
    verbs = f'case "$1" in version) echo {version}+g123;; *) {otherwise};; esac'
    script.write_text(f"#!/bin/sh\n{verbs}\n")
    script.chmod(0o755)
    stage.extra["ARCCTL_HELM"] = str(script)


def kubeconfig(stage: Stage, change: Callable[[Any], None]) -> str:
    """Write a kubeconfig that differs from the sandbox's, and return its path."""
    config = yaml.safe_load(stage.sandbox.home.kubeconfig.read_text())
    change(config)
    path = stage.folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return str(path)


def spoiled(config: Any) -> None:
    """Two contexts of one name, which Python's client takes and helm does not."""
    config["contexts"].append(config["contexts"][0])


def old_plugin(config: Any) -> None:
    """A credential plug-in of an apiVersion that helm no longer speaks."""
    token = config["users"][0]["user"].get("token", "")
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1alpha1",
        "kind": "ExecCredential",
        "status": {"token": token},
    }
    config["users"][0]["user"] = {
        "exec": {
            "apiVersion": credential["apiVersion"],
            "command": "printf",
            "args": ["%s", json.dumps(credential)],
        }
    }


def with_limit(stage: Stage, line: str, *limits: tuple[int, int]) -> Ended:
    """Type a command in a process that is limited so."""

    def limit() -> None:
        for what, most in limits:
            resource.setrlimit(what, (most, most))

    done = subprocess.run(
        [sys.executable, "-m", "arcctl", *shlex.split(line)],
        # Python would leave compiled modules cut short, which break whatever runs next.
        env=stage.environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=stage.folder,
        timeout=PATIENCE,
        check=False,
        preexec_fn=limit,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def foreign_program(path: Path) -> None:
    """Write a program of another architecture, as its first bytes tell."""
    path.write_bytes(b"\x7fELF\x02\x01\x01" + b"\0" * 57)
    path.chmod(0o755)


def test_a_helm_that_is_not_there_keeps_delete_from_beginning(connected: Stage) -> None:
    """The refusal names both ways on; --azure-only needs no helm."""
    ended = connected.type(f"{DELETE} --helm /nowhere")

    refused(ended, "AZK8S0510", said="--helm FILE")
    assert "--azure-only" in ended.err
    assert changes(connected) == []
    connected.well(f"{DELETE} --azure-only --helm /nowhere")


def test_a_helm_of_another_architecture_keeps_delete_from_beginning(connected: Stage) -> None:
    """The kernel's word for it is explained."""
    foreign_program(connected.folder / "elf")

    ended = connected.type(f"{DELETE} --helm {connected.folder / 'elf'}")

    refused(ended, "AZK8S0510", said="no program for this machine")
    assert "--azure-only" in ended.err
    assert changes(connected) == []


@pytest.mark.parametrize(
    ("change", "said"), [(spoiled, "duplicate"), (old_plugin, "v1alpha1")], ids=["twice", "plug-in"]
)
def test_a_kubeconfig_that_only_python_takes_keeps_delete_from_beginning(
    connected: Stage, change: Callable[[Any], None], said: str
) -> None:
    """Helm reads the release through this very kubeconfig before anything is deleted."""
    path = kubeconfig(connected, change)

    ended = connected.type(f"{DELETE} --kube-config {path}")

    refused(ended, "AZK8S0200", said=said)
    assert changes(connected) == []


@pytest.mark.parametrize(
    ("does", "code", "said"),
    [
        ("kill -9 $$", "AZK8S0505", "SIGKILL"),
        ("echo garbage", "AZK8S0510", "it printed: garbage"),
        ("exit 0", "AZK8S0510", "it printed nothing"),
        ("echo '[]'", "AZK8S0505", "helm reads another cluster"),
        ("echo 'Error: release: not found' >&2; exit 1", "AZK8S0505", "another cluster"),
        ("echo 'Error: open /x: too many open files' >&2; exit 1", "open-files", "ulimit -n"),
        ("echo 'Error: write /x: no space left on device' >&2; exit 1", "disk-full", "df -h"),
    ],
)
def test_a_helm_that_does_not_work_keeps_delete_from_beginning(
    connected: Stage, does: str, code: str, said: str
) -> None:
    """A version is soon told; the proof is that the release is read."""
    helm(connected, does)

    refused(connected.type(DELETE), code, said=said)
    assert changes(connected) == []


def test_a_helm_that_hangs_holds_nothing_but_itself(connected: Stage) -> None:
    """Stopped while helm hangs, nothing has been begun."""
    mark = connected.folder / "hangs"
    helm(connected, f"touch {mark}; sleep 60")

    with connected.start(DELETE) as process:
        while not mark.exists() and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)

    assert process.returncode == 130
    assert changes(connected) == []


def test_an_old_helm_is_refused_before_anything_else(connected: Stage) -> None:
    """Helm 2 has another release, and another place for it."""
    helm(connected, "exit 0", "v2.17.0")

    refused(connected.type(DELETE), "AZK8S0511", said="2.17.0 is too old")
    assert changes(connected) == []


def test_too_few_open_files_keep_delete_from_beginning(connected: Stage) -> None:
    """The words name the limit, and how to lift it."""
    ended = with_limit(connected, DELETE, (resource.RLIMIT_NOFILE, 48))

    refused(ended, "open-files", said="ulimit -n")
    assert changes(connected) == []


def test_a_full_disk_keeps_delete_from_beginning(connected: Stage) -> None:
    """A file is written, synced and removed where later ones will be."""
    ended = with_limit(connected, DELETE, (resource.RLIMIT_FSIZE, 4096))

    refused(ended, "disk-full", said="File too large")
    assert changes(connected) == []


MOVE = f"{moving.MOVE} --protected-settings secrets.yaml"
CONNECT = "connect -n harbor -g edge -l westeurope --skip-prechecks"
# Changes of agents that are there: each needs helm, a chart and rights once it has begun.
CHANGES = (
    f"upgrade {HARBOR} --agent-version 1.36.0",
    f"enable-features {HARBOR} --features azure-rbac",
    f"disable-features {HARBOR} --features cluster-connect --yes",
    f"update {HARBOR} --tags a=b --disable-proxy",
)
SHUT = ({"status": 401}, {"status": 403}, {"status": 404}, {"status": 200, "body": "<html>"})


@pytest.mark.parametrize("line", CHANGES)
def test_a_helm_that_does_not_work_keeps_a_change_from_beginning(
    connected: Stage, line: str
) -> None:
    """Not even a tag is written before."""
    path = kubeconfig(connected, spoiled)
    refused(connected.type(f"{line} --kube-config {path}"), "AZK8S0200", said="duplicate")
    helm(connected, "echo garbage")
    refused(connected.type(line), "AZK8S0510", said="garbage")

    assert changes(connected) == []


@pytest.mark.parametrize("shut", SHUT, ids=["401", "403", "404", "no archive"])
def test_a_closed_registry_keeps_every_command_from_beginning(
    connected: Stage, shut: dict[str, Any]
) -> None:
    """The chart is fetched and unpacked first; `delete` has no use for one."""
    connected.fault("registry", shut, path="manifests", times=None)
    lines = (f"update {HARBOR} --tags a=b --disable-proxy", f"{CONNECT} --disable-auto-upgrade")

    for line in lines:
        refused(connected.type(line), "AZK8S0502")
    assert changes(connected) == []


def test_a_new_cluster_is_not_connected_without_its_chart(quick: Stage) -> None:
    """No group, no key, no resource: the registry is asked first."""
    fault = quick.fault("registry", {"status": 403}, path="manifests", times=None)

    refused(quick.type(CONNECT), "AZK8S0502", said="helm registry login")
    assert changes(quick) == []
    assert quick.happened(fault) >= 1


def test_stale_agents_stay_where_the_new_ones_could_not_be_installed(connected: Stage) -> None:
    """Removing them is the first change that cannot be taken back."""
    connected.well(f"delete {HARBOR} --azure-only --yes")
    connected.within(connected.world.journal.clear)
    connected.fault("registry", {"status": 404}, path="manifests", times=None)

    refused(connected.type(f"{CONNECT} --yes"), "AZK8S0502")
    assert changes(connected) == []


def test_a_values_file_is_read_before_the_resource_is_made(quick: Stage) -> None:
    """It is used last of all."""
    (quick.folder / "values.yaml").write_text("- no map\n")

    refused(quick.type(CONNECT, HELMVALUESPATH="values.yaml"), "usage", exit_code=2)
    assert changes(quick) == []


def blocked(ended: Ended, said: str) -> None:
    """Assert that a plan has a row about tools which says this."""
    assert (ended.code, "[tools]" in ended.err) == (5, True), ended.err
    assert said in ended.err, ended.err


def test_a_move_is_blocked_by_a_tool_that_will_not_work(harbor: Stage) -> None:
    """Helm and the kubeconfig before the plan, chart and folder in it; nothing is written."""
    path = kubeconfig(harbor, spoiled)
    refused(harbor.type(f"{MOVE} --kube-config {path}"), "AZK8S0200", said="duplicate")
    helm(harbor, "kill -9 $$")
    refused(harbor.type(MOVE), "AZK8S0509", said="SIGKILL")
    harbor.extra.clear()
    for shut in SHUT:
        fault = harbor.fault("registry", shut, path="manifests", times=None)
        blocked(harbor.type(MOVE), "chart")
        harbor.within(lambda fault=fault: harbor.world.faults.remove(fault))
    runs = harbor.folder / "home" / "arcctl" / "state" / "runs"
    runs.rmdir()
    runs.write_text("")
    blocked(harbor.type(MOVE), "a file stands where a folder must be")
    assert changes(harbor) == []

    before = harbor.type(f"check {HARBOR} --before move --target-region westeurope").data
    found = [each for each in before["findings"] if each["code"] == "tools"]
    assert [each["verdict"] for each in found] == ["fail"]


def token(seconds: float) -> str:
    """Return a JSON web token that ends so many seconds from now; nobody looks at its signature."""
    claims = json.dumps({"exp": int(time.time() + seconds)}).encode()
    return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.x"


def with_token(stage: Stage, seconds: float) -> str:
    """Write a kubeconfig with a static token that ends so, and return its path."""
    made = token(seconds)
    stage.within(lambda: stage.cluster.grant(made, "somebody", access.EVERYTHING))

    def give(config: Any) -> None:
        config["users"][0]["user"] = {"token": made}

    return kubeconfig(stage, give)


def test_a_token_that_nobody_renews_must_outlast_a_move(harbor: Stage) -> None:
    """The estimate of the plan and 5 minutes; one that is long enough is no matter."""
    ending = with_token(harbor, 400)
    blocked(harbor.type(f"{MOVE} --kube-config {ending}"), "the kubeconfig's token ends in")
    assert changes(harbor) == []
    lasting = with_token(harbor, 7200)
    planned = harbor.type(f"{MOVE} --dry-run --kube-config {lasting}")

    assert planned.code == 0, planned.err


def test_what_can_be_begun_again_leaves_a_note_of_a_token_that_ends(connected: Stage) -> None:
    """A deletion is finished by the same command with another token."""
    path = with_token(connected, 60)

    ended = connected.well(f"{DELETE} --kube-config {path}")

    assert "the kubeconfig's token ends in" in ended.err


def limited(stage: Stage, rules: list[dict[str, Any]]) -> str:
    """Write a kubeconfig of a user with these rules."""
    stage.within(lambda: stage.cluster.grant("limited", "limited", rules))

    def give(config: Any) -> None:
        config["users"][0]["user"] = {"token": "limited"}

    return kubeconfig(stage, give)


def without(*forbidden: str) -> list[dict[str, Any]]:
    """Return the rules of a user who may do everything to all kinds but these."""
    kinds = sorted({each.plural for each in KINDS.values()} - set(forbidden))
    everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": [*kinds, "pods/log"]}
    looking = {"verbs": ["get", "list", "watch"], "apiGroups": ["*"], "resources": ["*"]}
    return [everything, looking, {"verbs": ["*"], "nonResourceURLs": ["*"]}]


def test_rights_that_are_missing_later_are_missed_first(connected: Stage) -> None:
    """Read and lacking refuses."""
    path = limited(connected, without("namespaces", "clusterroles"))

    for line in (DELETE, f"{CONNECT} --disable-auto-upgrade", CHANGES[1]):
        ended = connected.type(f"{line} --kube-config {path}")
        refused(ended, "kube-forbidden", exit_code=4, said="auth can-i")
    assert changes(connected) == []


def test_rights_that_cannot_be_asked_for_are_a_note(connected: Stage) -> None:
    """The API server then judges each request, as ever."""
    connected.fault("kubernetes", {"status": 403}, path="selfsubjectaccessreviews", times=None)

    ended = connected.well(DELETE)

    assert "does not say what this kubeconfig may do" in ended.err


def test_a_kubeconfig_that_is_a_pipe_is_handed_on_as_a_private_file(connected: Stage) -> None:
    """It gives what it holds only once, and helm has to read it too; nothing of it stays."""
    pipe = connected.folder / "pipe"
    os.mkfifo(pipe)
    text = connected.sandbox.home.kubeconfig.read_text()
    writer = threading.Thread(target=pipe.write_text, args=(text,))
    writer.start()

    connected.well(f"{DELETE} --kube-config {pipe}")

    writer.join(PATIENCE)
    assert list((connected.folder / "scratch").iterdir()) == []


def test_a_kubeconfig_on_stdin_reaches_helm(connected: Stage) -> None:
    """`/dev/stdin` is another stream in a child, even where it is a file."""
    with connected.sandbox.home.kubeconfig.open() as file:
        done = subprocess.run(
            [sys.executable, "-m", "arcctl", *f"{DELETE} --kube-config /dev/stdin".split()],
            env=connected.environment,
            stdin=file,
            capture_output=True,
            text=True,
            cwd=connected.folder,
            timeout=PATIENCE,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    assert list((connected.folder / "scratch").iterdir()) == []


def works_until(stage: Stage, verb: str) -> None:
    """Let helm work for every verb but this one, which comes after the first change."""
    helm(stage, "exit 1")
    script = stage.folder / "helm"
    broken = f'{verb}) echo "Error: write /x: no space left on device" >&2; exit 1'
    script.write_text(f'#!/bin/sh\ncase "$1" in {broken};; *) exec {stage.helm} "$@";; esac\n')


def test_what_fails_all_the_same_says_what_is_done(connected: Stage) -> None:
    """The resource is gone, the agents run on: the next command to type finishes it."""
    works_until(connected, "uninstall")

    ended = refused(connected.type(DELETE), "disk-full", said="in Azure")

    assert "its agents are not all removed" in ended.err
    assert f"arcctl delete {HARBOR} --cluster-only" in ended.err
    connected.extra.clear()
    connected.well(f"delete {HARBOR} --cluster-only --yes")
    assert connected.type(f"show {HARBOR}").code == 3


def test_a_resource_without_agents_is_told(quick: Stage) -> None:
    """`connect` goes on from there, or takes it back."""
    works_until(quick, "upgrade")

    ended = refused(quick.type(CONNECT), "disk-full", said="edge/harbor is in Azure")

    assert f"arcctl delete {HARBOR}" in ended.err
    quick.extra.clear()
    quick.well(CONNECT)
