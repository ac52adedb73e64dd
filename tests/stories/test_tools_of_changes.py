"""Connects, changes and moves prove helm, chart and folders before they change anything."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING, Any

import pytest
from tests.stories import moving
from tests.stories.refusals import changes, refused
from tests.stories.spoiling import CONNECT, HARBOR, blocked, helm, kubeconfig, spoiled, with_limit

if TYPE_CHECKING:
    from tests.stage import Stage

MOVE = f"{moving.MOVE} --protected-settings secrets.yaml"
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


@pytest.mark.parametrize(
    "bad",
    [
        {"service": "registry", "action": {"status": 200, "body": "x"}, "path": "blobs"},
        {"service": "registry", "action": {"reset": "before"}, "path": "manifests"},
    ],
    ids=["wrong digest", "no answer"],
)
def test_a_chart_that_is_not_what_it_should_be_keeps_connect_from_beginning(
    quick: Stage, bad: dict[str, Any]
) -> None:
    """Helm compares digests, and a registry that falls silent is none."""
    quick.within(lambda: quick.world.faults.add(bad | {"times": None}))

    refused(quick.type(CONNECT), "AZK8S0502")
    assert changes(quick) == []


def test_a_folder_for_temporary_files_that_is_not_there_is_told(quick: Stage) -> None:
    """Python looks for another one, helm does not."""
    ended = quick.type_apart(CONNECT, TMPDIR="/nowhere/at/all")

    refused(ended, "os", said="export TMPDIR=FOLDER")
    assert changes(quick) == []


@pytest.mark.parametrize("line", [CONNECT, MOVE, CHANGES[0], CHANGES[3]])
def test_too_few_open_files_keep_every_command_from_beginning(connected: Stage, line: str) -> None:
    """Asked before the first connection is opened."""
    refused(with_limit(connected, line, (resource.RLIMIT_NOFILE, 48)), "open-files")

    assert changes(connected) == []


def test_a_move_taken_up_before_the_deletion_proves_its_tools_again(harbor: Stage) -> None:
    """Behind the point of no return, with the source still whole: the run waits as it is."""
    fault = harbor.fault("arm", {"status": 403}, method="DELETE", path="Clusters/harbor$")
    assert harbor.type(MOVE).code == 6
    assert harbor.happened(fault) == 1
    harbor.within(harbor.world.journal.clear)
    shut = harbor.fault("registry", {"status": 404}, path="manifests", times=None)

    ended = harbor.type("resume --protected-settings secrets.yaml")

    assert (ended.code, "[AZK8S0502]" in ended.err) == (6, True), ended.err
    assert harbor.requests("arm", "DELETE") == []
    harbor.within(lambda: harbor.world.faults.remove(shut))
    harbor.well("resume --protected-settings secrets.yaml")
