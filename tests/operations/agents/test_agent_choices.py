"""Which helm values of the old agents go over to the new ones, and which may be written down."""

from __future__ import annotations

from arcctl.operations.agents.choices import choices, leaves

OLD = {
    "global": {
        "location": "eastus",
        "resourceName": "harbor",
        "onboardingPrivateKey": "-----BEGIN RSA PRIVATE KEY-----",
        "httpsProxy": "http://user:word@proxy:3128",
        "noProxy": "10.0.0.0/8",
        "isProxyEnabled": True,
        "kubernetesDistro": "k3s",
    },
    "systemDefaultValues": {
        "clusterconnect-agent": {"enabled": False, "notification_dp_endpoint_override": "x"},
        "azureResourceManagerEndpoint": "https://management.azure.com",
        "customLocations": {"enabled": True, "oid": "51dfe1e8"},
        "custom": {"host": "eastus.example.com"},
    },
}


def test_a_proxy_stays_in_the_cluster() -> None:
    """Texts may hold passwords, so they are held and only their names are told."""
    found = choices(OLD, "eastus", "westeurope")
    assert found.held == {"global": {"httpsProxy": "http://user:word@proxy:3128"}}
    assert found.held_names == ("global.httpsProxy",)


def test_choices_that_are_no_secret_may_be_written_down() -> None:
    """Switches, numbers and the known harmless texts are carried in the open."""
    found = choices(OLD, "eastus", "westeurope").open
    assert found["global"] == {
        "noProxy": "10.0.0.0/8",
        "isProxyEnabled": True,
        "kubernetesDistro": "k3s",
    }
    assert found["systemDefaultValues"] == {
        "clusterconnect-agent": {"enabled": False},
        "customLocations": {"enabled": True, "oid": "51dfe1e8"},
    }


def test_identity_and_key_of_the_old_connection_are_not_carried() -> None:
    """The new connection has names, a region, addresses and a key of its own."""
    found = choices(OLD, "eastus", "westeurope")
    names = {name for tree in (found.open, found.held) for name, _ in leaves(tree)}
    assert not names & {"global.location", "global.resourceName", "global.onboardingPrivateKey"}
    assert "systemDefaultValues.azureResourceManagerEndpoint" not in names


def test_a_value_that_names_the_old_region_is_told() -> None:
    """It would be wrong in the new region, and is named instead of lost in silence."""
    assert choices(OLD, "eastus", "westeurope").dropped == ("systemDefaultValues.custom.host",)


def test_a_dot_in_a_name_survives() -> None:
    """Helm escapes it with a backslash."""
    found = choices({"nodeSelector": {"kubernetes.io/os": 1}}, "eastus", "westeurope")
    assert found.open == {"nodeSelector": {"kubernetes.io/os": 1}}
