"""The JSON of `show` and `list` has the peer's keys (`connectedk8s.md` A.12)."""

from __future__ import annotations

from typing import Any

from arcctl.model.connected_cluster import printed
from arcctl.views.clusters import row
from tests.contracts.shown import SHOWN
from tests.model.resources import HARBOR, UNHEARD

NESTED = {
    "aadProfile": ["adminGroupObjectIDs", "enableAzureRbac", "tenantId"],
    "arcAgentProfile": [
        "agentAutoUpgrade",
        "agentErrors",
        "agentState",
        "desiredAgentVersion",
        "systemComponents",
    ],
    "arcAgentProfile.agentErrors": ["component", "message", "severity", "time"],
    "arcAgentProfile.systemComponents": [
        "currentVersion",
        "majorVersion",
        "type",
        "userSpecifiedVersion",
    ],
    "arcAgentryConfigurations": ["feature", "protectedSettings", "settings"],
    "gateway": ["enabled"],
    "identity": ["principalId", "tenantId", "type"],
    "oidcIssuerProfile": ["enabled", "issuerUrl", "selfHostedIssuerUrl"],
    "securityProfile": ["workloadIdentity"],
    "securityProfile.workloadIdentity": ["enabled"],
    "systemData": [
        "createdAt",
        "createdBy",
        "createdByType",
        "lastModifiedAt",
        "lastModifiedBy",
        "lastModifiedByType",
    ],
}


def with_profiles() -> dict[str, Any]:
    """A resource that has every profile, each empty."""
    return {
        **UNHEARD,
        "identity": {},
        "systemData": {},
        "properties": {
            **{name: {} for name in NESTED if "." not in name},
            "arcAgentProfile": {"agentErrors": [{}], "systemComponents": [{}]},
            "arcAgentryConfigurations": [{}],
            "securityProfile": {"workloadIdentity": {}},
        },
    }


def at(value: Any, path: str) -> Any:
    """What stands at a path; of a list its one element."""
    for part in path.split("."):
        value = value[part][0] if isinstance(value[part], list) else value[part]
    return value


def test_show_prints_these_keys_and_no_others() -> None:
    """Before the first heartbeat and after; previews' own fields are extra."""
    extra = {"inboundConnectivityStatus", "lastInboundConnectivityTime"}

    assert list(printed(UNHEARD)) == SHOWN
    assert [key for key in printed(HARBOR) if key not in extra] == SHOWN


def test_profiles_have_these_keys() -> None:
    """With nulls where nothing is set."""
    flat = printed(with_profiles())

    assert {name: list(at(flat, name)) for name in NESTED} == NESTED


def test_a_table_begins_with_the_peers_three_columns() -> None:
    """Scripts cut them by position."""
    assert list(row(printed(HARBOR)))[:3] == ["Name", "Location", "ResourceGroup"]
