"""Resource providers of a subscription (`arm.md` 9.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from arcctl.clients.providers import read, register
from arcctl.errors import AzureError
from tests.clients.arm.server import SUBSCRIPTION, Azure

if TYPE_CHECKING:
    from arcctl.clients.arm import Arm

NAMESPACE = "Microsoft.Kubernetes"
PATH = f"/subscriptions/{SUBSCRIPTION}/providers/{NAMESPACE}"
TYPES = [
    {
        "resourceType": "connectedClusters",
        "locations": ["West Europe", "Uk West"],
        "apiVersions": ["2026-05-01", "2024-01-01"],
    },
    {"resourceType": "operations", "locations": ["global"]},
]


def document(state: str) -> dict[str, Any]:
    """What ARM says of the provider."""
    return {"id": PATH, "namespace": NAMESPACE, "registrationState": state, "resourceTypes": TYPES}


async def test_a_provider_tells_state_regions_and_versions(azure: Azure, arm: Arm) -> None:
    """Regions are canonical, types are found in any case, a global type has no regions."""
    azure.say("GET", PATH, document("Registered"))

    provider = await read(arm, SUBSCRIPTION, NAMESPACE)

    assert provider.state == "Registered"
    assert provider.regions("ConnectedClusters") == {"westeurope", "ukwest"}
    assert provider.regions("operations") == provider.regions("nothing") == set()
    assert provider.versions("connectedClusters") == ["2026-05-01", "2024-01-01"]


async def test_registering_waits_until_it_is_registered(azure: Azure, arm: Arm) -> None:
    """The state is looked at until it is Registered, and every look is told."""
    azure.say("POST", f"{PATH}/register", document("Registering"))
    azure.say("GET", PATH, document("Registering"), document("Registered"))
    heard: list[str] = []

    provider = await register(arm, SUBSCRIPTION, NAMESPACE, progress=heard.append, pause=0.01)

    assert provider.state == "Registered"
    assert heard == ["Registering", "Registering"]
    assert azure.targets("POST") == [f"{PATH}/register?api-version=2021-04-01"]


async def test_what_is_registered_already_needs_no_look(azure: Azure, arm: Arm) -> None:
    """The answer to the first POST may be the end."""
    azure.say("POST", f"{PATH}/register", document("Registered"))

    await register(arm, SUBSCRIPTION, NAMESPACE)

    assert azure.targets("GET") == []


async def test_a_registration_that_hangs_is_told(azure: Azure, arm: Arm) -> None:
    """After a quarter of an hour it is an error, with the command to look again."""
    azure.say("POST", f"{PATH}/register", document("Registering"))
    azure.say("GET", PATH, document("Registering"))

    with pytest.raises(AzureError, match="still Registering") as caught:
        await register(arm, SUBSCRIPTION, NAMESPACE, pause=0.01, patience=0.03)

    assert caught.value.code == "AZK8S0408"
