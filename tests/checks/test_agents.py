"""How the agents are, and what keeps them from being well (`arc.md` A3; B.13, triage)."""

from __future__ import annotations

from typing import Any

import pytest
from arcctl.checks import agents
from arcctl.model import cluster as names
from tests.checks.sights import HARBOR, Seen, World

MAP = f"/api/v1/namespaces/azure-arc/configmaps/{names.IDENTITY_MAP}"
CERTIFICATE = f"/api/v1/namespaces/azure-arc/secrets/{names.IDENTITY_CERTIFICATE}"
PULL = {"waiting": {"reason": "ImagePullBackOff", "message": "no such host"}}


def deployment(name: str = "config-agent", **status: int) -> dict[str, Any]:
    """A Deployment of one pod, whole unless said otherwise."""
    whole = {"observedGeneration": 2, "updatedReplicas": 1, "availableReplicas": 1}
    return {
        "metadata": {"name": name, "generation": 2},
        "spec": {"replicas": 1},
        "status": whole | status,
    }


def pod(
    name: str = "config-agent-1",
    ready: tuple[bool, ...] = (True, True),
    *,
    phase: str = "Running",
    state: dict[str, Any] | None = None,
    restarts: int = 0,
    conditions: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """A pod with two containers, unless none of them has been started."""
    statuses = [{"ready": each, "restartCount": restarts, "state": state} for each in ready]
    return {
        "metadata": {"name": name},
        "spec": {"containers": [{}, {}]},
        "status": {
            "phase": phase,
            "containerStatuses": statuses or None,
            "conditions": conditions,
        },
    }


def warning(reason: str, message: str, **times: str) -> dict[str, Any]:
    """A warning event."""
    return {"type": "Warning", "reason": reason, "message": message, "metadata": {}, **times}


def sight(
    deployments: list[Any] | None = None,
    pods: list[Any] | None = None,
    events: list[Any] | None = None,
    **objects: Any,
) -> Seen:
    """A cluster that shows this."""
    lists: dict[str, Any] = {
        agents.DEPLOYMENTS: deployments or [],
        agents.PODS: pods or [],
        agents.EVENTS: events or [],
    }
    held = {"map": MAP, "certificate": CERTIFICATE, "resource": HARBOR.path}
    return Seen(World(lists=lists, objects={held[key]: each for key, each in objects.items()}))


UNPLACED = [
    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
]


@pytest.mark.parametrize(
    ("seen", "available"),
    [
        (deployment(), True),
        (deployment(availableReplicas=0), False),
        (deployment(updatedReplicas=0), False),
        (deployment(observedGeneration=1), False),
        ({"metadata": {}}, False),
        ({"metadata": {}, "spec": {"replicas": 0}}, True),
    ],
)
def test_available_means_the_newest_version(seen: dict[str, Any], available: bool) -> None:
    """An old pod that still runs is not the answer to a new specification."""
    assert agents.available(seen) is available


@pytest.mark.parametrize(
    ("pods", "reason"),
    [
        ([], "no pod has been made; the ReplicaSet's events say why"),
        ([pod(ready=(False,), state=PULL)], "ImagePullBackOff: no such host"),
        (
            [pod(ready=(False,), state={"waiting": {"reason": "CrashLoopBackOff"}})],
            "CrashLoopBackOff",
        ),
        ([pod(ready=(), phase="Pending", conditions=UNPLACED)], "Unschedulable: 0/3 nodes"),
        ([pod(ready=(False,), state={"running": {}})], "not ready yet"),
        ([pod(), pod(ready=(False,), state=PULL)], "ImagePullBackOff: no such host"),
    ],
)
def test_trouble_is_told_in_a_few_words(pods: list[Any], reason: str) -> None:
    """What a container waits for, or where the pod could not be placed."""
    assert agents.trouble(pods) == reason


async def test_each_agent_is_counted_by_its_containers() -> None:
    """Of its own pods, restarts and all."""
    pods = [pod("config-agent-1", restarts=2), pod("metrics-agent-1", (True, False))]
    found = await agents.agents(
        sight([deployment(), deployment("metrics-agent", availableReplicas=0)], pods)
    )
    states = {each.name: each for each in found}

    assert (states["config-agent"].ready, states["config-agent"].total) == (2, 2)
    assert (states["config-agent"].restarts, states["config-agent"].healthy) == (4, True)
    assert (states["metrics-agent"].ready, states["metrics-agent"].total) == (1, 2)
    assert not states["metrics-agent"].healthy


async def test_leftovers_are_not_agents() -> None:
    """Evicted and completed pods do not count (A3)."""
    pods = [pod(), pod("config-agent-old", (False, False), phase="Failed")]
    [state] = [each for each in await agents.agents(sight([deployment()], pods)) if each.total > 0]

    assert (state.name, state.ready, state.total, state.healthy) == ("config-agent", 2, 2, True)


@pytest.mark.parametrize(
    ("objects", "present", "absent"),
    [
        ({}, {"clusterconnect-agent", "kube-aad-proxy"}, {"guard", "arc-proxy"}),
        (
            {"map": {"data": {"CLUSTER_CONNECT_AGENT_ENABLED": "false"}}},
            {"config-agent"},
            {"clusterconnect-agent", "kube-aad-proxy"},
        ),
        ({"map": {"data": {"GUARD_ENABLED": "true"}}}, {"guard"}, {"arc-proxy"}),
        ({"resource": {"properties": {"gateway": {"enabled": True}}}}, {"arc-proxy"}, {"guard"}),
        ({"resource": {"properties": {"gateway": None}}}, {"config-agent"}, {"arc-proxy"}),
    ],
)
async def test_expected_agents_that_are_missing_are_shown(
    objects: dict[str, Any], present: set[str], absent: set[str]
) -> None:
    """By the features of this cluster (A4), each with the reason."""
    found = {each.name: each for each in await agents.agents(sight(**objects))}

    assert present <= set(found)
    assert not absent & set(found)
    assert {found[name].reason for name in present} == {"the Deployment is missing"}


async def test_unknown_agents_are_shown_last() -> None:
    """A newer chart may bring some."""
    found = await agents.agents(sight([deployment("novelty")], [pod("novelty-1")]))

    assert (found[-1].name, found[-1].job) == (
        "novelty",
        "an agent that arcctl does not know yet",
    )
    assert found[-1].healthy


HELD = {"certificate": {"metadata": {}}}


@pytest.mark.parametrize(
    ("pods", "events", "held", "code"),
    [
        ([pod(ready=(False,), state=PULL)], [], HELD, "AZK8S0513"),
        ([], [warning("Failed", "Failed to pull image x")], HELD, "AZK8S0513"),
        ([], [warning("BackOff", "Back-off restarting failed container")], HELD, "AZK8S0514"),
        ([pod(ready=(), phase="Pending")], [], HELD, "AZK8S0512"),
        ([], [warning("FailedScheduling", "0/3 nodes: insufficient memory")], HELD, "AZK8S0512"),
        ([pod(ready=(False,), state=PULL), pod(ready=(), phase="Pending")], [], {}, "AZK8S0513"),
        ([pod(ready=(), phase="Pending")], [], {}, "AZK8S0512"),
        ([pod(ready=(False,))], [], {}, "AZK8S0309"),
        (
            [pod(ready=(False,))],
            [warning("FailedMount", 'secret "kube-aad-proxy-certificate" not found')],
            HELD,
            "AZK8S0309",
        ),
        ([pod(ready=(False,))], [], HELD, "AZK8S0514"),
        ([pod(ready=(), phase="Failed")], [], HELD, "AZK8S0514"),
    ],
)
async def test_a_time_out_has_its_class(
    pods: list[Any], events: list[Any], held: dict[str, Any], code: str
) -> None:
    """The peer's four, in its order of priority."""
    assert (await agents.triage(sight(pods=pods, events=events, **held))).code == code


async def test_normal_events_are_no_evidence() -> None:
    """Only warnings count."""
    event = warning("Failed", "Failed to pull image x") | {"type": "Normal"}
    found = await agents.triage(sight(events=[event], **HELD))

    assert (found.code, found.evidence) == ("AZK8S0514", ())


async def test_evidence_is_short_and_new() -> None:
    """Eight lines at most, the five newest events, each cut; the agent is named, not its pod."""
    sick = ("metrics-agent", "config-agent", "guard")
    pods = [pod(f"{name}-x1", (False,), state=PULL) for name in sick]
    events = [
        warning(
            "Unhealthy",
            f"probe {number} " + "x" * 400,
            lastTimestamp=f"2026-08-01T10:0{number}:00Z",
        )
        for number in range(7)
    ]
    events.append(warning("Late", "new style", eventTime="2026-08-01T11:00:00.000000Z"))
    events.append(warning("Timeless", "no time at all"))
    found = await agents.triage(sight(pods=[*pods, *pods], events=events, **HELD))

    assert len(found.evidence) == 8
    assert found.evidence[0] == "metrics-agent: ImagePullBackOff: no such host"
    assert [line.split(":")[0] for line in found.evidence[3:5]] == ["Late", "Unhealthy"]
    assert "probe 6" in found.evidence[4]
    assert max(map(len, found.evidence)) == 240


@pytest.mark.parametrize(
    ("seen", "reason", "code"),
    [
        (pod("a", (False,)), "Failed", "AZK8S0513"),
        (pod("a"), "Failed", "AZK8S0514"),
        (pod("b", (False,)), "Failed", "AZK8S0514"),
        (
            pod("a", (False,), state={"waiting": {"reason": "ContainerCreating"}}),
            "FailedMount",
            "AZK8S0309",
        ),
        (pod("a", (False,), state={"running": {}}), "FailedMount", "AZK8S0514"),
    ],
)
async def test_a_warning_that_is_over_is_no_evidence(
    seen: dict[str, Any], reason: str, code: str
) -> None:
    """About a pod that is well or gone, or a volume that came late."""
    about = {"involvedObject": {"kind": "Pod", "name": "a"}}
    event = warning(reason, "image or secret not found") | about
    found = await agents.triage(sight(pods=[seen], events=[event], **HELD))

    assert found.code == code
