"""What ARM is asked for: what is there, changed by what the flags say and no more (trap 19)."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from arcctl.model.connected_cluster import writable
from arcctl.model.secret import Secret
from arcctl.operations.registration_body import desired
from arcctl.operations.request import ConnectRequest, Proxy
from tests.model.resources import HARBOR

KIND = [{"metadata": {"name": "one"}, "spec": {"providerID": "kind://docker/one"}}]


def body(resource: dict[str, Any] | None = None, **flags: Any) -> dict[str, Any]:
    """The body of the PUT."""
    request = ConnectRequest(name="harbor", group="edge", **flags)
    return desired(request, resource, region="westeurope", key="KEY", nodes=KIND)


def test_a_new_cluster_is_described_by_its_nodes() -> None:
    """The least that ARM accepts, and what was found out."""
    assert body() == {
        "location": "westeurope",
        "tags": {},
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "agentPublicKeyCertificate": "KEY",
            "distribution": "kind",
            "infrastructure": "kind",
        },
    }


def test_running_again_without_flags_changes_nothing() -> None:
    """Tags, profiles and configurations stay; the peer would have lost them."""
    assert body(HARBOR) == writable(HARBOR)


@pytest.mark.parametrize(
    ("flags", "properties"),
    [
        ({"distribution": "k3s"}, {"distribution": "k3s"}),
        ({"distribution": "KIND"}, {"distribution": "kind"}),
        ({"distribution": "generic"}, {"distribution": "kind"}),
        ({"infrastructure": "aws"}, {"infrastructure": "aws"}),
        ({"distribution_version": "1"}, {"distributionVersion": "1"}),
        ({"azure_hybrid_benefit": "True"}, {"azureHybridBenefit": "True"}),
        (
            {"private_link": True, "private_link_scope": "/s"},
            {"privateLinkState": "Enabled", "privateLinkScopeResourceId": "/s"},
        ),
        ({"private_link": False}, {"privateLinkState": "Disabled"}),
        (
            {"workload_identity": True},
            {"securityProfile": {"workloadIdentity": {"enabled": True}}},
        ),
        (
            {"oidc_issuer": True, "self_hosted_issuer": "https://i"},
            {"oidcIssuerProfile": {"enabled": True, "selfHostedIssuerUrl": "https://i"}},
        ),
    ],
)
def test_a_flag_changes_its_own_field(flags: dict[str, Any], properties: dict[str, Any]) -> None:
    """And leaves every other as it was."""
    expected = writable(HARBOR)
    expected["properties"] |= properties

    assert body(HARBOR, **flags) == expected


def test_a_profile_keeps_what_the_flag_does_not_name() -> None:
    """Turning auto-upgrade off keeps the components."""
    profile = body(HARBOR, auto_upgrade=False)["properties"]["arcAgentProfile"]

    assert profile["agentAutoUpgrade"] == "Disabled"
    assert profile["systemComponents"] == [{"type": "Strato", "majorVersion": 1}]


@pytest.mark.parametrize(
    ("said", "tags"),
    [
        (None, {"site": "north"}),
        ({"team": "a"}, {"site": "north", "team": "a"}),
        ({"site": "south"}, {"site": "south"}),
        ({"Site": "south"}, {"Site": "south"}),
        ({}, {}),
    ],
)
def test_tags_are_merged(said: dict[str, str] | None, tags: dict[str, str]) -> None:
    """Unnamed ones stay, a name counts in any case, an empty set said on purpose clears."""
    assert body(HARBOR, tags=said)["tags"] == tags


def test_secrets_never_reach_arm() -> None:
    """A protected feature is named with what is plain about it, and nothing else (trap 4)."""
    sent = body(
        proxy=Proxy(https=Secret("marked")),
        protected_settings={"guard": {"key": Secret("marked")}},
        settings={"guard": {"mode": "x"}},
        container_log_path="/var/log",
    )

    assert sent["properties"]["arcAgentryConfigurations"] == [
        {"feature": "guard", "settings": {"mode": "x"}},
        {"feature": "logging", "settings": {"container_log_path": "/var/log"}},
        {"feature": "proxy", "settings": {}},
    ]
    assert "marked" not in repr(sent)


def test_a_logging_feature_of_ones_own_beats_the_path() -> None:
    """As in the peer (B.1.5)."""
    sent = body(settings={"logging": {"level": "x"}}, container_log_path="/var/log")

    assert sent["properties"]["arcAgentryConfigurations"] == [
        {"feature": "logging", "settings": {"level": "x"}}
    ]


def test_features_that_are_not_named_stay() -> None:
    """One that is named, in any case, is laid over its earlier self, so that nothing is lost."""
    resource = deepcopy(HARBOR)
    resource["properties"]["arcAgentryConfigurations"].append({"feature": "Other", "settings": {}})
    sent = body(resource, settings={"Logging": {"path": "/y"}})

    assert sent["properties"]["arcAgentryConfigurations"] == [
        {
            "feature": "logging",
            "settings": {"path": "/y"},
            "protectedSettings": None,
        },
        {"feature": "Other", "settings": {}},
    ]


def test_the_resource_is_not_touched() -> None:
    """The body is a new value."""
    before = deepcopy(HARBOR)
    body(HARBOR, tags={"a": "b"}, auto_upgrade=False, settings={"x": {"y": "z"}})

    assert before == HARBOR
