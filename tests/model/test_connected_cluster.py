"""The connected cluster, as it is printed and as it may be sent back (A.12; `arm.md` 8.1)."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from arcctl.model.connected_cluster import never_connected, printed, status, writable
from tests.model.resources import HARBOR, UNHEARD


def test_everything_is_flat_and_sorted() -> None:
    """The properties stand beside the name, in the order of the alphabet, all the way down."""
    flat = printed(HARBOR)

    assert list(flat) == sorted(flat)
    assert list(flat["systemData"]) == sorted(flat["systemData"])
    assert list(flat["arcAgentProfile"]["agentErrors"][0]) == [
        "component",
        "message",
        "severity",
        "time",
    ]
    assert flat["agentVersion"] == "1.36.1"
    assert "properties" not in flat


def test_the_group_is_read_from_the_id() -> None:
    """Az adds it, in the case in which the id has it."""
    assert printed(HARBOR)["resourceGroup"] == "Edge"


def test_the_aad_profile_is_respelled() -> None:
    """The wire says enableAzureRBAC and tenantID, the peer prints enableAzureRbac and tenantId."""
    assert printed(HARBOR)["aadProfile"] == {
        "adminGroupObjectIDs": None,
        "enableAzureRbac": True,
        "tenantId": "t-1",
    }


def test_what_is_absent_is_null() -> None:
    """Before the first heartbeat the keys are there all the same."""
    flat = printed(UNHEARD)

    assert flat["agentVersion"] is None
    assert flat["oidcIssuerProfile"] is None
    assert flat["tags"] is None


def test_a_profile_that_is_there_has_all_its_parts() -> None:
    """Nulls are printed inside of profiles too."""
    body = deepcopy(UNHEARD)
    body["properties"]["oidcIssuerProfile"] = {"enabled": True}

    assert printed(body)["oidcIssuerProfile"] == {
        "enabled": True,
        "issuerUrl": None,
        "selfHostedIssuerUrl": None,
    }


def test_what_a_newer_service_adds_is_kept() -> None:
    """Nothing is lost, at the top or in a profile."""
    body = deepcopy(HARBOR)
    body["properties"] |= {"novelty": 1}
    body["properties"]["gateway"] = {"enabled": True, "resourceId": "/x"}

    assert printed(body)["novelty"] == 1
    assert printed(body)["gateway"] == {"enabled": True, "resourceId": "/x"}


def test_printing_does_not_touch_the_resource() -> None:
    """The wire's body is a value."""
    before = deepcopy(HARBOR)
    printed(HARBOR)
    writable(HARBOR)

    assert before == HARBOR


def test_what_is_sent_back_has_nothing_of_the_servers() -> None:
    """The allow-list at the top, and no read-only field below."""
    body = writable(HARBOR)

    assert set(body) == {"location", "tags", "identity", "properties"}
    assert body["identity"] == {"type": "SystemAssigned"}
    assert not {
        "agentVersion",
        "connectivityStatus",
        "inboundConnectivityStatus",
        "kubernetesVersion",
        "lastConnectivityTime",
        "lastInboundConnectivityTime",
        "managedIdentityCertificateExpirationTime",
        "miscellaneousProperties",
        "offering",
        "provisioningState",
        "totalCoreCount",
        "totalNodeCount",
    } & set(body["properties"])


def test_nested_read_only_fields_are_stripped() -> None:
    """The choice stays, what the service found out goes."""
    properties = writable(HARBOR)["properties"]

    assert properties["arcAgentProfile"] == {
        "agentAutoUpgrade": "Enabled",
        "systemComponents": [{"type": "Strato", "majorVersion": 1}],
    }
    assert properties["oidcIssuerProfile"] == {"enabled": True}


def test_what_a_person_chose_is_sent_back() -> None:
    """Key, distribution, tags, configurations and unknown fields change nothing when replayed."""
    body = deepcopy(HARBOR)
    body["properties"]["novelty"] = {"keep": "me"}
    sent = writable(body)

    assert sent["tags"] == {"site": "north"}
    assert sent["properties"]["agentPublicKeyCertificate"] == "KEY"
    assert sent["properties"]["distribution"] == "kind"
    assert sent["properties"]["arcAgentryConfigurations"] == [
        {"feature": "logging", "settings": {"path": "/x"}, "protectedSettings": None}
    ]
    assert sent["properties"]["novelty"] == {"keep": "me"}


@pytest.mark.parametrize("profile", [None, {}])
def test_an_empty_aad_profile_is_not_sent(profile: dict[str, Any] | None) -> None:
    """The service echoes an empty one, which is nobody's choice."""
    body = deepcopy(HARBOR)
    body["properties"]["aadProfile"] = profile

    assert "aadProfile" not in writable(body)["properties"]


def test_a_kind_is_kept() -> None:
    """Without it a PUT would try to change what cannot be changed."""
    assert writable({**HARBOR, "kind": "AWS"})["kind"] == "AWS"


@pytest.mark.parametrize(
    ("properties", "never"),
    [
        ({"connectivityStatus": "Connecting"}, True),
        ({"connectivityStatus": "AgentNotInstalled"}, True),
        ({}, True),
        (
            {"connectivityStatus": "Connecting", "lastConnectivityTime": "2026-08-01T10:00:00Z"},
            False,
        ),
        ({"connectivityStatus": "Connected"}, False),
        ({"connectivityStatus": "Offline"}, False),
        ({"connectivityStatus": "Expired"}, False),
        ({"connectivityStatus": "Resting"}, False),
    ],
)
def test_who_has_never_spoken(properties: dict[str, Any], never: bool) -> None:
    """Only a resource without any heartbeat may be given to new agents."""
    assert never_connected({"properties": properties}) is never


def test_a_status_nobody_knows_is_kept() -> None:
    """The enum is open; an absent one is Unknown."""
    assert status({"properties": {"connectivityStatus": "Resting"}}) == "Resting"
    assert status({"properties": None}) == "Unknown"
