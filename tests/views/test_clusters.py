"""A cluster and its agents, as a person reads them."""

from __future__ import annotations

import io
import re
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from arcctl.model.agents import AgentState
from arcctl.model.connected_cluster import printed
from arcctl.views import clusters
from tests.model.resources import HARBOR, UNHEARD
from tests.views.screens import golden

AGENTS = [
    AgentState("config-agent", "watches for configurations", False, 2, 2),
    AgentState("kube-aad-proxy", "signs in", True, 0, 2, 1, "ImagePullBackOff: no such host"),
    AgentState("guard", "decides", True, 1, 1, 3),
]


def before(**length: float) -> str:
    """A moment of the past as ARM writes it, with seven digits."""
    return f"{datetime.now(UTC) - timedelta(**length):%Y-%m-%dT%H:%M:%S.%f}7Z"


def after(**length: float) -> str:
    """A moment to come; a minute more, so that the days are whole when it is read."""
    return f"{datetime.now(UTC) + timedelta(**length, minutes=1):%Y-%m-%dT%H:%M:%S}Z"


def seen(resource: dict[str, Any] = HARBOR, **properties: Any) -> str:
    """The human view of a resource with these properties."""
    body = deepcopy(resource)
    body["properties"] |= properties
    out = io.StringIO()
    clusters.write(printed(body), out)
    return out.getvalue()


def fact(text: str, title: str) -> str:
    """The line of that title."""
    [line] = re.findall(rf"^  {title} +(.*)$", text, re.MULTILINE)
    return str(line)


def test_a_healthy_cluster() -> None:
    """The whole view, beside the one on record."""
    text = seen(
        lastConnectivityTime=before(minutes=2),
        managedIdentityCertificateExpirationTime=after(days=84),
        arcAgentProfile={"agentAutoUpgrade": "Enabled"},
    )

    assert text == golden("healthy", text)


def test_a_cluster_that_was_never_heard_of() -> None:
    """Before the first heartbeat, nothing is claimed and no None is printed."""
    text = seen(UNHEARD)

    assert text == golden("unheard", text)
    assert "None" not in text


def test_a_cluster_in_trouble() -> None:
    """State, urgent certificate, old agents, their errors."""
    text = seen(
        connectivityStatus="Offline",
        provisioningState="Failed",
        lastConnectivityTime=before(hours=50),
        managedIdentityCertificateExpirationTime=after(days=9),
        agentVersion="1.32.7",
        totalNodeCount=1,
        privateLinkState="Enabled",
        gateway={"enabled": True},
        securityProfile={"workloadIdentity": {"enabled": True}},
    )

    assert text == golden("trouble", text)


def test_offline_a_second_after_a_heartbeat_is_no_time_to_tell() -> None:
    """Azure waits a quarter of an hour, so a clock is wrong."""
    first = seen(connectivityStatus="Offline", lastConnectivityTime=before(minutes=0)).splitlines()[
        0
    ]

    assert first.endswith("no heartbeat: the agents are gone or cannot reach Azure")


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("Connecting", "no agent has reached Azure yet"),
        ("Connected", "last heartbeat 2 min ago"),
        ("Offline", "no heartbeat for 2 min"),
        ("Expired", "delete and connect again"),
        ("AgentNotInstalled", "--adopt"),
        ("Resting", "a status this arcctl does not know"),
        (None, "a status this arcctl does not know"),
    ],
)
def test_each_status_has_its_meaning(status: str | None, meaning: str) -> None:
    """The service's word as it is, then what it means."""
    first = seen(connectivityStatus=status, lastConnectivityTime=before(minutes=2)).splitlines()[0]

    assert first.startswith(f"harbor   {status or 'Unknown'}   ")
    assert meaning in first


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (84, "certificate valid 84 days more"),
        (45, "certificate valid 45 days more"),
        (44, "certificate valid 44 days more, agents are trying to renew it"),
        (15, "certificate valid 15 days more, agents are trying to renew it"),
        (14, "warning: certificate valid 14 days more; bring the cluster online to renew it"),
        (1, "warning: certificate valid 1 day more; bring the cluster online to renew it"),
    ],
)
def test_the_certificate_warns_in_time(days: int, words: str) -> None:
    """From 44 days on it is being renewed, from 14 days on it is urgent (`arc.md` B2)."""
    until = after(days=days)

    assert fact(seen(managedIdentityCertificateExpirationTime=until), "identity") == words


def test_an_expired_certificate_says_since_when() -> None:
    """Also in its first hours."""
    text = seen(managedIdentityCertificateExpirationTime=before(hours=3))

    assert fact(text, "identity") == "certificate expired 3 h ago"


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("1.36.1", "newest in support"),
        ("1.37.0", "in support"),
        ("2.0.0", "in support"),
        ("1.35.3", "in support"),
        ("1.34.2", "in support"),
        ("1.33.0", "out of support: 3 minors behind, arcctl upgrade"),
        ("0.40.1", "out of support: a major version behind, arcctl upgrade"),
        ("1.35.3-preview", "in support"),
        ("unknown", "support unknown"),
    ],
)
def test_a_version_stands_in_the_support_window(version: str, words: str) -> None:
    """Two minors back are supported (`arc.md` A7)."""
    assert clusters.support(version) == words


@pytest.mark.parametrize("text", [None, "", "yesterday"])
def test_no_time_is_no_error(text: str | None) -> None:
    """The view says that it is unknown."""
    assert "an unknown time" in seen(connectivityStatus="Offline", lastConnectivityTime=text)


def test_agents_are_listed_with_their_reasons() -> None:
    """A mark, containers, restarts, the job, and below what is wrong."""
    out = io.StringIO()
    clusters.write_agents(AGENTS, out)

    assert out.getvalue() == golden("agents", out.getvalue())


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 nodes"), (1, "1 node"), (3, "3 nodes"), (None, "? nodes")]
)
def test_things_are_counted(number: int | None, words: str) -> None:
    """One node, three nodes."""
    assert clusters.counted(number, "node") == words
