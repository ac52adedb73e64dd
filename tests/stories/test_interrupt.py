"""Stopped at any moment: exit 130, no traceback, no helm left running, and nothing is lost."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.stage import PATIENCE, Ended
from tests.stories.moments import at
from tests.stories.moved import MOVE
from tests.stories.spying import descendants

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from tests.stage import Stage

CONNECT = "connect -n harbor -g edge -l westeurope --skip-prechecks"
DELETE = "delete -n harbor -g edge --yes"


def until(seen: Callable[[], object], what: str) -> None:
    """Wait until something is so, or fail with its name."""
    deadline = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < deadline, f"never seen: {what}"
        time.sleep(0.02)


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for the end of a command that was stopped."""
    out, err = process.communicate(timeout=PATIENCE)
    return Ended(process.returncode, out, err)


def interrupt(pid: int) -> Callable[[], None]:
    """Return what presses Ctrl-C."""
    return lambda: os.kill(pid, signal.SIGINT)


def heard(stage: Stage, service: str, method: str, part: str) -> bool:
    """Whether the sandbox has been asked for this."""
    return any(part in each for each in stage.requests(service, method))


def releases(stage: Stage) -> list[str]:
    """The states of the records that helm keeps of the agents' release, oldest first."""
    secrets = stage.within(lambda: list(stage.cluster.store.items(KINDS["secrets"].key)))
    labels = [each["metadata"].get("labels") or {} for each in secrets]
    kept = [each for each in labels if each.get("name") == "azure-arc"]
    return [each["status"] for each in sorted(kept, key=lambda each: int(each["version"]))]


def stopped_politely(last: Ended) -> None:
    """Assert how a command ends that a person has stopped."""
    assert last.code == 130, last.err
    assert "Traceback" not in last.err
    assert "[interrupted]" in last.err
    assert last.out == ""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_long_wait_can_be_stopped(quick: Stage, how: signal.Signals) -> None:
    """Agents that never connect are not waited for any longer; the same command goes on."""
    quick.fault("agents", {"blocked_egress": True}, times=None)
    with quick.start(f"{CONNECT} --debug") as process:
        until(lambda: releases(quick) == ["deployed"], "the agents' release")
        process.send_signal(how)
        last = ended(process)

    assert last.code == 130
    assert "[interrupted]" in last.err
    quick.within(quick.world.faults.remove)
    assert quick.well(CONNECT).data["connectivityStatus"] == "Connected"


def test_a_stop_that_meets_the_end_of_the_lease_is_heard(quick: Stage) -> None:
    """The Lease is let go all the same, and nothing is waited for after it."""
    quick.fault("agents", {"blocked_egress": True}, times=None)
    with quick.start(CONNECT) as process:
        moment = at(quick, "kubernetes DELETE .*/leases/arcctl$", "before", interrupt(process.pid))
        until(lambda: moment.happened, "the end of the Lease")
        last = ended(process)

    stopped_politely(last)
    assert not quick.within(lambda: list(quick.cluster.store.items(KINDS["leases"].key)))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_helm_is_stopped_with_arcctl(stage: Stage, how: signal.Signals) -> None:
    """It is in the midst of writing: no child stays, and the next run repairs the release."""
    slow = [
        stage.fault("kubernetes", {"delay": 2}, method=method, path="/deployments", times=None)
        for method in ("POST", "PATCH")  # helm 3 creates, helm 4 applies
    ]
    with stage.start(CONNECT) as process:
        until(lambda: any(map(stage.happened, slow)), "helm's first Deployment")
        children = descendants(process.pid)
        process.send_signal(how)
        last = ended(process)

    assert children
    stopped_politely(last)
    assert not any(alive(each) for each in children)
    stage.within(stage.world.faults.remove)
    assert stage.well(CONNECT).data["connectivityStatus"] == "Connected"
    assert releases(stage)[-1] == "deployed"


def alive(pid: int) -> bool:
    """Whether a process with this id still runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_twice_means_now(quick: Stage) -> None:
    """A helm that does not heed SIGTERM is killed when the person insists."""
    helm = quick.folder / "helm"
    deaf = 'trap "" TERM INT; touch "$0.deaf"; sleep 60 & wait; wait'
    well = f'exec "{quick.helm}" "$@"'
    helm.write_text(f'#!/bin/sh\ncase "$1" in upgrade | install) {deaf};; *) {well};; esac\n')
    helm.chmod(0o755)
    quick.extra["ARCCTL_HELM"] = str(helm)
    with quick.start(CONNECT) as process:
        until((quick.folder / "helm.deaf").exists, "a helm that hangs")
        children = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        last = ended(process)

    assert last.code == 130
    assert "Traceback" not in last.err
    until(lambda: not any(alive(each) for each in children), "the end of helm")


def test_a_deletion_can_be_stopped_and_ended(quick: Stage) -> None:
    """Helm is cut in the midst of it; the same command takes out the rest."""
    quick.after(CONNECT)
    slow = quick.fault("kubernetes", {"delay": 1}, method="DELETE", path="/deployments", times=None)
    with quick.start(DELETE) as process:
        until(lambda: quick.happened(slow), "helm's first deletion")
        process.send_signal(signal.SIGINT)
        stopped_politely(ended(process))

    quick.within(quick.world.faults.remove)
    again = quick.type(DELETE)
    assert (again.code, releases(quick)) == (0, []), again.err


def test_before_anything_has_begun_nothing_is_changed(quick: Stage) -> None:
    """Stopped while the checks wait for a silent Azure."""
    slow = quick.fault("arm", {"delay": 2}, path="providers/Microsoft.Kubernetes$", times=None)
    with quick.start(CONNECT) as process:
        until(lambda: quick.happened(slow), "the provider's state")
        process.send_signal(signal.SIGINT)
        stopped_politely(ended(process))

    assert not heard(quick, "arm", "PUT", "")
    assert releases(quick) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("times", [1, 2])
def test_a_stop_after_the_work_changes_no_ending(
    quick: Stage, how: signal.Signals, times: int
) -> None:
    """The Lease is being let go; what was done is told, and the exit code is its own."""
    quick.after(CONNECT)
    quick.fault("kubernetes", {"delay": 1}, method="DELETE", path="/leases/arcctl$", times=None)
    with quick.start("enable-features -n harbor -g edge --features azure-rbac") as process:
        until(lambda: heard(quick, "kubernetes", "DELETE", "/leases/arcctl"), "the Lease's end")
        for _ in range(times):
            process.send_signal(how)
            time.sleep(0.1)
        last = ended(process)

    assert (last.code, "azure-rbac" in last.out + last.err) == (0, True), last.err


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("times", [1, 2])
def test_a_stop_while_a_move_ends_hides_nothing(
    harbor: Stage, how: signal.Signals, times: int
) -> None:
    """The source is gone, the target refused: the run's own words are what a person needs."""
    refused = {"status": 400, "body": {"error": {"code": "BadRegion", "message": "not there"}}}
    harbor.fault("arm", refused, method="PUT", path="connectedClusters/harbor$", times=None)
    harbor.fault("kubernetes", {"delay": 1}, method="DELETE", path="/leases/arcctl$", times=None)
    with harbor.start(MOVE) as process:
        until(lambda: heard(harbor, "kubernetes", "DELETE", "/leases/arcctl"), "the Lease's end")
        for _ in range(times):
            process.send_signal(how)
            time.sleep(0.1)
        last = ended(process)

    assert (last.code, "arcctl resume move-" in last.err) == (6, True), last.err


def test_twice_in_the_midst_of_a_move_is_told_as_once(harbor: Stage) -> None:
    """That the run is half done, its name, and both ways on."""
    harbor.fault("arm", {"delay": 2}, method="PUT", path="connectedClusters/harbor$", times=None)
    with harbor.start(MOVE) as process:
        until(lambda: heard(harbor, "arm", "PUT", "connectedClusters/harbor"), "the target's PUT")
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
        last = ended(process)

    assert (last.code, "is half done" in last.err) == (130, True), last.err
    assert "arcctl rollback move-" in last.err
