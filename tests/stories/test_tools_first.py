"""`delete` and `connect` prove what they need after their first irreversible request before it.

Each case is a bad day of a tool that was found too late before: the command is refused, and
neither Azure nor the cluster has been asked to change anything.
"""

from __future__ import annotations

import resource
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.stage import PATIENCE
from tests.stories.refusals import changes, refused
from tests.stories.spoiling import (
    DELETE,
    foreign_program,
    helm,
    kubeconfig,
    old_plugin,
    spoiled,
    with_limit,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stage import Stage


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
