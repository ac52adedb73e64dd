"""Stories of `arcctl show` (issue section 5): the resource, its status, and its agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.contracts.shown import SHOWN
from tests.stories.changing import agents
from tests.stories.refusals import refused
from tests.stories.symptoms import available, until
from tests.terminal import typed_at_a_terminal

if TYPE_CHECKING:
    from tests.stage import Stage

CONNECT = "connect -n harbor -g edge -l westeurope --skip-prechecks -o none"
SHOW = "show -n harbor -g edge"
COLUMNS = [
    "Name", "Location", "ResourceGroup", "ConnectivityStatus", "AgentVersion",
    "KubernetesVersion", "Nodes", "LastSeen",
]  # fmt: skip
MINUTE, DAY = 60, 24 * 3600


def planted(stage: Stage, **more: Any) -> None:
    """Let harbor be in Azure, with no cluster behind it."""
    entry = {"name": "harbor", "group": "edge", "location": "westeurope", **more}
    stage.seed(clusters=[entry])


def later(stage: Stage, seconds: float) -> None:
    """Move the sandbox's clock."""
    stage.within(lambda: stage.world.clock.advance(seconds))


def test_the_keys_are_those_of_the_peer(quick: Stage) -> None:
    """Flat, sorted, nulls printed, nothing more and nothing less."""
    planted(quick)

    shown = quick.well(SHOW).data

    assert list(shown) == SHOWN
    assert shown["resourceGroup"] == "edge"
    assert shown["type"] == "microsoft.kubernetes/connectedclusters"
    assert list(shown["identity"]) == ["principalId", "tenantId", "type"]
    assert shown["gateway"] is None


def test_a_table_has_the_peers_columns_first(quick: Stage) -> None:
    """Then what its users miss: status, versions, nodes, last seen."""
    planted(quick)

    head, _, row = quick.well(f"{SHOW} -o table").out.splitlines()

    assert head.split() == COLUMNS
    assert row.split()[:4] == ["harbor", "westeurope", "edge", "Connected"]


def test_a_query_picks_what_a_script_needs(quick: Stage) -> None:
    """JMESPath, as plain lines or as JSON."""
    planted(quick)

    plain = quick.well(f"{SHOW} --query connectivityStatus -o tsv").out
    mapped = quick.well(f"{SHOW} --query '{{n: name, v: agentVersion}}'").data
    wrong = quick.type(f"{SHOW} --query 'a['")

    assert plain == "Connected\n"
    assert mapped == {"n": "harbor", "v": "1.36.1"}
    refused(wrong, "usage", exit_code=2)


@pytest.mark.parametrize("group", ["edge", "nowhere"])
def test_what_is_not_there_is_exit_three(quick: Stage, group: str) -> None:
    """A missing cluster and a missing group, as az has it."""
    quick.seed(groups=[{"name": "edge"}])

    refused(quick.type(f"show -n harbor -g {group}"), "AZK8S0405", exit_code=3)


def test_exit_status_tells_a_script_whether_it_is_alive(quick: Stage) -> None:
    """Agents that are gone: Offline after 15 minutes, Expired after 90 days; both are exit 5."""
    quick.after(CONNECT)
    alive = quick.type(f"{SHOW} --exit-status")
    names = agents(quick)
    quick.within(lambda: quick.cluster.trouble("CrashLoopBackOff", namespace="azure-arc"))
    until(quick, lambda: not any(available(quick, each) for each in names))
    later(quick, 20 * MINUTE)
    offline = quick.type(f"{SHOW} --exit-status")
    later(quick, 90 * DAY)
    expired = quick.type(f"{SHOW} --exit-status")

    assert [each.code for each in (alive, offline, expired)] == [0, 5, 5]
    assert [each.data["connectivityStatus"] for each in (offline, expired)] == [
        "Offline",
        "Expired",
    ]
    assert "harbor is Offline, not Connected   [not-connected]" in offline.err
    assert f"arcctl {SHOW} --agents" in offline.err


def test_a_status_that_nobody_knows_yet_is_printed_as_it_is(quick: Stage) -> None:
    """As JSON, for a person, and as exit 5; a new property comes along unharmed."""
    planted(quick)
    patch = {"connectivityStatus": "Dreaming", "nextYears": {"thing": 1}}
    fault = quick.fault(
        "arm", {"patch_body": {"properties": patch}}, method="GET", path="/harbor$", times=None
    )

    asked = quick.type(f"{SHOW} --exit-status")
    seen = typed_at_a_terminal(quick, SHOW)

    assert (asked.code, asked.data["connectivityStatus"]) == (5, "Dreaming")
    assert asked.data["nextYears"] == {"thing": 1}
    assert "harbor   Dreaming   a status this arcctl does not know" in seen.out
    assert quick.happened(fault) == 2


def test_a_person_sees_what_the_status_means(quick: Stage) -> None:
    """Age of the heartbeat, days of the certificate, versions against the support window."""
    planted(quick)
    planted(quick, name="depot", state="Offline", properties={"agentVersion": "1.31.4"})
    planted(quick, name="quay", state="AgentNotInstalled")

    connected = typed_at_a_terminal(quick, SHOW).out
    offline = typed_at_a_terminal(quick, "show -n depot -g edge").out
    bare = typed_at_a_terminal(quick, "show -n quay -g edge").out

    assert "harbor   Connected   last heartbeat 2" in connected
    assert "Kubernetes 1.36.3 · 3 nodes, 12 cores" in connected
    assert "1.36.1, newest in support · auto-upgrade on" in connected
    assert "certificate valid 79 days more" in connected
    assert "depot   Offline   no heartbeat for 5" in offline
    assert "1.31.4, out of support: 5 minors behind" in offline
    assert "arcctl connect --adopt" in bare


@pytest.mark.parametrize(
    ("days", "said"),
    [(30, "30 days more, agents are trying to renew"), (10, "warning: certificate valid 10 days")],
)
def test_a_certificate_near_its_end_is_warned_of(quick: Stage, days: int, said: str) -> None:
    """In the last 44 days agents renew; in the last 14 a person should look."""
    until = quick.world.clock.after(days * DAY + MINUTE).strftime("%Y-%m-%dT%H:%M:%SZ")
    planted(quick, properties={"managedIdentityCertificateExpirationTime": until})

    assert said in typed_at_a_terminal(quick, SHOW).out


def test_the_agents_are_shown_with_their_jobs(quick: Stage) -> None:
    """All eleven, healthy, each with what it does and whether it is optional."""
    quick.after(CONNECT)

    agents = quick.well(f"{SHOW} --agents").data["agents"]

    assert len(agents) == 11
    assert [each["name"] for each in agents if not each["healthy"]] == []
    assert all(each["job"] and each["ready"] == each["total"] for each in agents)
    optional = [each["name"] for each in agents if each["optional"]]
    assert optional == ["kube-aad-proxy", "clusterconnect-agent", "extension-events-collector"]


def test_a_broken_agent_is_shown_with_its_reason(quick: Stage) -> None:
    """In JSON, in the table, and for a person."""
    quick.after(CONNECT)
    quick.within(lambda: quick.cluster.trouble("CrashLoopBackOff", prefix="config-agent-"))

    agents = {each["name"]: each for each in quick.well(f"{SHOW} --agents").data["agents"]}
    table = quick.well(f"{SHOW} --agents -o table").out
    screen = typed_at_a_terminal(quick, f"{SHOW} --agents").out

    broken = agents["config-agent"]
    assert (broken["healthy"], broken["ready"], broken["restarts"] > 0) == (False, 0, True)
    assert broken["reason"].startswith("CrashLoopBackOff: back-off")
    assert table.split()[:6] == ["Agent", "Ready", "Restarts", "Kind", "Job", "Reason"]
    assert "✗ config-agent" in screen
    assert "10 of 11 agents are well." in screen


def test_optional_agents_are_missed_only_where_they_belong(quick: Stage) -> None:
    """Over a private link there is no cluster connect, so nobody misses its agents."""
    scope = (
        f"/subscriptions/{quick.environment['AZURE_SUBSCRIPTION_ID']}/resourceGroups/edge"
        "/providers/Microsoft.HybridCompute/privateLinkScopes/link"
    )
    quick.seed(
        groups=[{"name": "edge", "location": "westeurope"}],
        resources=[{"id": scope, "location": "westeurope", "properties": {}}],
    )
    quick.well(f"{CONNECT} --yes --enable-private-link true --pls-arm-id {scope}")

    agents = quick.well(f"{SHOW} --agents").data["agents"]

    names = [each["name"] for each in agents]
    assert [each["name"] for each in agents if not each["healthy"]] == []
    assert not {"kube-aad-proxy", "clusterconnect-agent"} & set(names)


def test_agents_of_another_cluster_are_not_shown(two_clusters: Stage) -> None:
    """The kubeconfig leads elsewhere: refused with the owner's name, or that nobody is there."""
    two_clusters.after(f"{CONNECT} --kube-context sandbox")
    elsewhere = two_clusters.type(f"{SHOW} --agents --kube-context sandbox-2")
    planted(two_clusters, name="depot")
    owned = two_clusters.type("show -n depot -g edge --agents --kube-context sandbox")

    refused(elsewhere, "AZK8S0201", said="arcctl connect -n harbor")
    refused(owned, "AZK8S0406", said="the cluster of harbor")
