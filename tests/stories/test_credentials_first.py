"""Rights and credentials are looked at first; a kubeconfig from a pipe; what fails all the same."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure import entra
from arcctl.sandbox.kubernetes import access
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.stage import PATIENCE
from tests.stories import moving
from tests.stories.refusals import changes, refused
from tests.stories.spoiling import CONNECT, DELETE, HARBOR, blocked, helm, kubeconfig

if TYPE_CHECKING:
    from tests.stage import Stage

MOVE = f"{moving.MOVE} --protected-settings secrets.yaml"


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

    for line in (
        DELETE,
        f"{CONNECT} --disable-auto-upgrade",
        f"enable-features {HARBOR} --features azure-rbac",
    ):
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
    pipe.unlink()
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


def test_a_token_of_azure_that_nobody_renews_must_outlast_a_move(harbor: Stage) -> None:
    """AZURE_ACCESS_TOKEN as a pipeline has it, near its end."""
    issue, audience = harbor.world.azure.tokens.issue, harbor.world.base_url
    ending = harbor.within(lambda: issue(entra.FULL_RIGHTS, audience, 400))
    environ = {"AZURE_ACCESS_TOKEN": ending, "AZURE_CLIENT_SECRET": ""}

    blocked(harbor.type(MOVE, **environ), "AZURE_ACCESS_TOKEN ends in")
    assert changes(harbor) == []

    ended = harbor.well(DELETE, **environ)

    assert "AZURE_ACCESS_TOKEN ends in" in ended.err


def test_without_any_helm_delete_names_both_ways_on(connected: Stage) -> None:
    """None here, none to be fetched: nothing has been deleted."""
    closed = "http://127.0.0.1:9"
    nowhere = {"ARCCTL_HELM": "", "PATH": "/nowhere", "ARCCTL_HELM_BASE_URL": closed}
    pip = {"PIP_INDEX_URL": closed, "PIP_RETRIES": "0", "PIP_TIMEOUT": "1"}

    ended = refused(connected.type_apart(DELETE, **nowhere, **pip), "AZK8S0510", said="--helm FILE")

    assert "--azure-only" in ended.err
    assert changes(connected) == []
