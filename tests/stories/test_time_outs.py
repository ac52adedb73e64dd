"""Clusters that cannot do what they were asked: which pod, which event, which class, and what heals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.stories.refusals import CONNECT, changes, refused
from tests.stories.symptoms import dying

if TYPE_CHECKING:
    from tests.stage import Stage

JOB = "cluster-diagnostic-checks-job"
SOON = f"{CONNECT} --skip-prechecks --onboarding-timeout 2"
OUTBOUND = "Outbound Network Connectivity Check Result : https://"
REACHED = f"{OUTBOUND}obo.arc.azure.com:8084/ : 200\n{OUTBOUND}mcr.microsoft.com : 200\n"
RESOLVED = "DNS Result:Server: 10.96.0.10\nName: gbl.his.arc.azure.com\nAddress: 20.1.2.3\n"


def logged(stage: Stage, log: str) -> str:
    """Let the diagnostics job write this log."""
    answer = {"status": 200, "body": log, "headers": {"Content-Type": "text/plain"}}
    return stage.fault("kubernetes", answer, path=r"checks-job-\w+/log$")


@pytest.mark.parametrize(
    ("log", "code", "said"),
    [
        (f"DNS Result:server can't find gbl: NXDOMAIN\n{REACHED}", "AZK8S0301", "NXDOMAIN"),
        (f"DNS Result:;; connection timed out\n{REACHED}", "AZK8S0302", "timed out"),
        (f"DNS Result:server can't find gbl: SERVFAIL\n{REACHED}", "AZK8S0303", "SERVFAIL"),
        (f"{RESOLVED}{REACHED.replace('com : 200', 'com : 000')}", "AZK8S0306", "mcr.microsoft"),
        (
            f"{RESOLVED}{REACHED}Check Failed: CRD gitconfigs is owned by flux\n",
            "AZK8S0600",
            "owned by flux",
        ),
        (f"{REACHED}", "AZK8S0603", "no DNS result"),
        ("", "AZK8S0603", "no DNS result"),
    ],
    ids=["NXDOMAIN", "DNS time-out", "SERVFAIL", "outbound", "CRD", "no DNS", "empty"],
)
def test_what_the_diagnostics_job_finds_is_told(
    quick: Stage, log: str, code: str, said: str
) -> None:
    """Refused with the job's own words, cleaned up, and Azure has heard nothing."""
    fault = logged(quick, log)

    refused(quick.type(CONNECT), code, said=said)

    assert quick.happened(fault) == 1
    assert [each for each in changes(quick) if each.startswith("arm")] == []
    assert quick.within(lambda: list(quick.cluster.store.items(KINDS["jobs"].key))) == []


def test_what_is_only_needed_for_cluster_connect_is_a_note(quick: Stage) -> None:
    """The first of two outbound lines may fail: connected all the same."""
    logged(quick, RESOLVED + REACHED.replace("8084/ : 200", "8084/ : 000"))

    ended = quick.well(CONNECT)

    assert "obo.arc.azure.com:8084/ cannot be reached" in ended.err
    assert ended.data["connectivityStatus"] == "Connected"


@pytest.mark.parametrize(
    ("reason", "patience", "code", "said"),
    [
        ("Unschedulable", 2, "AZK8S0604", "FailedScheduling: 0/3 nodes are available"),
        ("Fails", 60, "AZK8S0601", "failed three times"),
    ],
)
def test_a_diagnostics_job_that_cannot_run_is_explained(
    quick: Stage, reason: str, patience: int, code: str, said: str
) -> None:
    """By its events; the next run sweeps what it left and goes on."""
    quick.within(lambda: quick.cluster.trouble(reason, prefix=JOB))

    refused(quick.type(f"{CONNECT} --onboarding-timeout {patience}"), code, said=said)

    quick.within(quick.cluster.heal)
    assert quick.well(CONNECT).data["connectivityStatus"] == "Connected"


@pytest.mark.parametrize(
    ("reason", "agent", "code", "said"),
    [
        ("ImagePullBackOff", "kube-aad-proxy", "AZK8S0513", "no such host"),
        ("Unschedulable", "metrics-agent", "AZK8S0512", "Insufficient memory"),
        ("CrashLoopBackOff", "config-agent", "AZK8S0514", "CrashLoopBackOff"),
        ("ImagePullBackOff", "clusteridentityoperator", "AZK8S0513", "no such host"),
    ],
)
def test_agents_that_are_not_ready_in_time_are_named(
    quick: Stage, reason: str, agent: str, code: str, said: str
) -> None:
    """The pod, why it waits, and that nothing was lost; healed, the same command goes on."""
    quick.within(lambda: quick.cluster.trouble(reason, prefix=f"{agent}-"))

    ended = refused(quick.type(SOON), code, said=said)

    assert f"       {agent}: " in ended.err
    assert "nothing was lost" in ended.err
    quick.within(quick.cluster.heal)
    assert quick.well(f"{CONNECT} --skip-prechecks").data["connectivityStatus"] == "Connected"


def test_agents_without_a_way_out_lack_their_certificate(quick: Stage) -> None:
    """Blocked egress from the start: no identity certificate, so no agent can begin."""
    fault = quick.fault("agents", {"blocked_egress": True}, times=None)

    refused(quick.type(SOON), "AZK8S0309", said="identity certificate")

    assert quick.happened(fault) >= 1
    quick.within(quick.world.faults.remove)
    assert quick.well(f"{CONNECT} --skip-prechecks").data["connectivityStatus"] == "Connected"


def test_agents_that_are_ready_but_unheard_are_told_apart(quick: Stage) -> None:
    """They got their certificate, and then the way out was closed: no heartbeat."""
    quick.within(lambda: quick.cluster.trouble("NeverReady", prefix="metrics-agent-"))
    refused(quick.type(SOON), "AZK8S0514")
    quick.fault("agents", {"blocked_egress": True}, times=None)
    quick.within(quick.cluster.heal)

    refused(quick.type(SOON), "no-heartbeat", said="none has reached Azure")

    quick.within(quick.world.faults.remove)
    assert quick.well(f"{CONNECT} --skip-prechecks").data["connectivityStatus"] == "Connected"


def test_a_namespace_that_dies_is_waited_for_as_long_as_was_said(quick: Stage) -> None:
    """Two seconds, not the three minutes that it usually gets."""
    quick.well(f"{CONNECT} --skip-prechecks")
    dying(quick)

    refused(quick.type(SOON), "AZK8S0205", said="namespaces still there after 2.0 s")


def test_an_operation_of_azure_is_waited_for_as_long_as_was_said(quick: Stage) -> None:
    """One that never ends, too; the same command goes on from there."""
    path = "/connectedClusters/harbor$"
    quick.fault("arm", {"operation_stuck": True}, method="PUT", path=path, times=None)

    ended = quick.type(SOON)

    assert (ended.code, "[azure-still-running]" in ended.err) == (1, True), ended.err
    assert "2.0 s" in ended.err
