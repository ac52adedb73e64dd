"""The log of the in-cluster diagnostics job is read by its grammar (`connectedk8s.md` B.8)."""

from __future__ import annotations

import pytest
from arcctl.model.diagnosis import Outcome, Part, read, way_out

HEALTHY = """\
DNS Result:Server: 10.96.0.10
Address: 10.96.0.10#53
Name: gbl.his.arc.azure.com
Address: 20.1.2.3
Outbound Network Connectivity Check Result for Cluster Connect : https://westeurope.obo.arc.azure.com:8084/ : 401
Outbound Network Connectivity Check Result for Onboarding : https://westeurope.dp.kubernetesconfiguration.azure.com : 404
Entra Authentication Endpoint Connectivity Check Result : https://login.microsoftonline.com : 200
"""


def part(log: str, name: str) -> Part:
    """The part of that name."""
    [found] = [each for each in read(log) if each.name == name]
    return found


def test_a_healthy_log_passes() -> None:
    """Any answer of a server is reachability, 4xx included."""
    assert {each.outcome for each in read(HEALTHY)} == {Outcome.PASSED}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("** server can't find x: NXDOMAIN", "AZK8S0301"),
        (";; connection timed out", "AZK8S0302"),
        ("** server can't find x: SERVFAIL", "AZK8S0303"),
        (";; connection timed out; no servers could be reached", "AZK8S0304"),
        (";; communications error to 10.96.0.10#53", "AZK8S0305"),
        (";; communications error to 10.96.0.10#53: timed out", "AZK8S0302"),
    ],
)
def test_a_name_that_is_not_found_has_its_own_code(answer: str, code: str) -> None:
    """Each way in which DNS fails is told apart, also on the lines after the marker."""
    found = part(HEALTHY.replace("Name: gbl", f"{answer}\nName: gbl"), "DNS")

    assert (found.outcome, found.code) == (Outcome.FAILED, code)
    assert answer.split(":")[0] in found.text


def test_the_dns_answer_ends_at_the_next_marker() -> None:
    """Words of another part are not DNS's fault."""
    log = HEALTHY + "Check Failed: CRD x timed out\n"

    assert part(log, "DNS").outcome is Outcome.PASSED


def test_the_last_outbound_line_decides() -> None:
    """What onboarding needs cannot be reached: failed."""
    found = part(HEALTHY.replace(" : 404", " : 000"), "outbound")

    assert (found.outcome, found.code) == (Outcome.FAILED, "AZK8S0306")
    assert found.text == "https://westeurope.dp.kubernetesconfiguration.azure.com"


def test_cluster_connect_is_optional() -> None:
    """Its endpoint is the first of two lines, and only warns."""
    log = HEALTHY.replace(" : 401", " : 000")

    assert part(log, "outbound for cluster connect").outcome is Outcome.WARNED
    assert part(log, "outbound").outcome is Outcome.PASSED


def test_a_single_outbound_line_is_the_one_that_is_needed() -> None:
    """Older charts print only one."""
    parts = read("DNS Result: ok\nOutbound Network Connectivity Check Result : https://a.b : 000\n")

    assert [each.name for each in parts if each.outcome is Outcome.FAILED] == ["outbound"]
    assert "outbound for cluster connect" not in {each.name for each in parts}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("200", Outcome.PASSED), ("404", Outcome.PASSED), ("403", Outcome.FAILED)],
)
def test_the_sign_in_endpoint_answers_200_or_404(status: str, outcome: Outcome) -> None:
    """A proxy that answers for it, with 403 for instance, is not it."""
    log = HEALTHY.replace("microsoftonline.com : 200", f"microsoftonline.com : {status}")

    assert part(log, "sign-in endpoint").outcome is outcome


def test_a_sign_in_line_that_is_absent_does_not_apply() -> None:
    """Older charts do not try it."""
    log = "".join(line for line in HEALTHY.splitlines(keepends=True) if "Entra" not in line)

    assert part(log, "sign-in endpoint").outcome is Outcome.NOT_APPLICABLE


def test_foreign_crds_fail() -> None:
    """A kind that belongs to another release blocks the install, and the line says whose it is."""
    log = HEALTHY + "Check Failed: CRD arccertificates is owned by release other\n"

    assert part(log, "CRD ownership") == Part(
        "CRD ownership",
        Outcome.FAILED,
        "AZK8S0600",
        "Check Failed: CRD arccertificates is owned by release other",
    )


def test_an_empty_log_never_passes() -> None:
    """Nothing tried is incomplete, which the peer once took for passed."""
    found = {each.name: each.outcome for each in read("")}

    assert found["DNS"] is Outcome.INCOMPLETE
    assert found["outbound"] is Outcome.INCOMPLETE


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("FailedScheduling: 0/3 nodes are available: 3 Insufficient cpu.", "free cpu and memory"),
        ("FailedScheduling: 0/3 nodes are available: 3 had untolerated taint", "a linux node"),
        ("Failed: Failed to pull image x: connection refused", "mcr.microsoft.com"),
        ("FailedCreate: denied by policy", "exempt namespace azure-arc-release"),
    ],
)
def test_what_kept_the_job_tells_the_way_out(event: str, said: str) -> None:
    """Each hindrance has its own; without any event a policy or quota is the usual one."""
    assert said in way_out([event], "azure-arc-release")
    assert way_out([], "azure-arc") == "exempt namespace azure-arc from policies and quotas"
