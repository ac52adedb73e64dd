"""Questions about the cluster and the kubeconfig that leads to it (`connectedk8s.md` B.1, C.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from arcctl.checks import cluster
from arcctl.errors import ExitCode
from arcctl.model.finding import Verdict
from tests.checks.sights import Seen, World

if TYPE_CHECKING:
    from arcctl.checks.check import Answer

RELEASES = "/api/v1/secrets"
NODES = "/api/v1/nodes"


def node(system: str | None, machine: str | None) -> dict[str, Any]:
    """A node that runs this."""
    labels = {"kubernetes.io/os": system, "kubernetes.io/arch": machine}
    return {"metadata": {"labels": {key: each for key, each in labels.items() if each} or None}}


def code_of(answer: Answer) -> str:
    """The code of the error it carries."""
    assert answer.error is not None
    return answer.error.code


async def test_the_servers_version_is_the_proof_that_it_answers() -> None:
    """As the server writes it."""
    answer = await cluster.reachable.ask(Seen(World()))

    assert (answer.verdict, answer.detail) == (Verdict.PASS, "v1.36.3")


@pytest.mark.parametrize(("through", "verdict"), [(False, Verdict.PASS), (True, Verdict.FAIL)])
async def test_a_session_over_the_agents_is_refused(through: bool, verdict: Verdict) -> None:
    """It would cut itself off (trap 10)."""
    answer = await cluster.direct.ask(Seen(World(connected=through)))

    assert answer.verdict is verdict
    assert not through or code_of(answer) == "AZK8S0406"


@pytest.mark.parametrize(
    ("server", "verdict"),
    [
        ("https://127.0.0.1:6443", Verdict.WARN),
        ("https://localhost", Verdict.WARN),
        ("https://[::1]:6443", Verdict.WARN),
        ("https://harbor.example:6443", Verdict.PASS),
        ("https://10.0.0.1", Verdict.PASS),
    ],
)
async def test_a_loopback_address_is_noted(server: str, verdict: Verdict) -> None:
    """Fine here, not from CI."""
    assert (await cluster.from_elsewhere.ask(Seen(World(server)))).verdict is verdict


async def test_role_bindings_need_permission() -> None:
    """Without it nobody may connect: exit code 4."""
    answer = await cluster.may_bind_roles.ask(Seen(World(permitted=False)))

    assert code_of(answer) == "AZK8S0207"
    assert answer.error is not None
    assert answer.error.exit_code is ExitCode.ACCESS
    assert (await cluster.may_bind_roles.ask(Seen(World()))).verdict is Verdict.PASS


async def test_the_newest_record_of_the_release_is_told() -> None:
    """In whatever namespace it lies (trap 5)."""
    records = [
        {
            "metadata": {
                "namespace": "default",
                "labels": {"version": str(revision), "status": status},
            }
        }
        for revision, status in [(2, "superseded"), (10, "deployed"), (9, "superseded")]
    ]
    answer = await cluster.may_read_releases.ask(Seen(World(lists={RELEASES: records})))

    assert answer.detail == "azure-arc is deployed"
    assert (await cluster.may_read_releases.ask(Seen(World()))).detail == "no release of Azure Arc"


@pytest.mark.parametrize(
    ("nodes", "verdict", "detail"),
    [
        ([node("linux", "amd64")], Verdict.PASS, "1 node"),
        ([node("windows", "amd64"), node("linux", "arm64")], Verdict.PASS, "2 nodes"),
        ([node("windows", "amd64")], Verdict.FAIL, "windows/amd64"),
        ([node("linux", "s390x")], Verdict.FAIL, "linux/s390x"),
        ([node(None, None)], Verdict.FAIL, "?/?"),
        ([], Verdict.FAIL, "no nodes"),
    ],
)
async def test_the_agents_need_a_node(
    nodes: list[dict[str, Any]], verdict: Verdict, detail: str
) -> None:
    """Linux on amd64 or arm64; otherwise what there is instead."""
    answer = await cluster.linux_node.ask(Seen(World(lists={NODES: nodes})))

    assert answer.verdict is verdict
    assert detail in answer.detail


@pytest.mark.parametrize(
    ("server", "verdict"),
    [
        ("https://x-dns.hcp.westeurope.azmk8s.io:443", Verdict.WARN),
        ("https://10.0.0.1", Verdict.PASS),
    ],
)
async def test_aks_is_noted(server: str, verdict: Verdict) -> None:
    """Azure manages it already (B.1.15)."""
    assert (await cluster.not_aks.ask(Seen(World(server)))).verdict is verdict
