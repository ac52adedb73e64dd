"""Arc's configuration service of a region (`connectedk8s.md` B.1.26 and 27)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from arcctl.clients.data_plane import DataPlane, HelmSettings
from arcctl.errors import AccessError, AzureError
from tests.clients.arm.server import CLUSTER, Azure, Say

if TYPE_CHECKING:
    from arcctl.clients.arm import Arm

HEALTH = "/dp/azure-arc-k8sagents/healthCheck"
SETTINGS = "/dp/azure-arc-k8sagents/GetHelmSettings"
LATEST = "/dp/azure-arc-k8sagents/GetLatestHelmPackagePath"
CHART = "mcr.microsoft.com/azurearck8s/batch1/stable/azure-arc-k8sagents:1.36.1"


async def test_a_healthy_region_is_asked_with_arms_token(azure: Azure, arm: Arm) -> None:
    """The health check is a POST without a body; the audience is ARM's."""
    azure.say("POST", HEALTH, Say(None, 200))

    await DataPlane(arm).healthy("eastus")

    assert azure.targets("POST") == [f"{HEALTH}?api-version=2024-07-01-preview"]
    assert (azure.asked[0].token, azure.asked[0].body) == ("given-token", "")


async def test_a_passing_illness_is_asked_about_again(azure: Azure, arm: Arm) -> None:
    """These POSTs only ask, so a cut one and a failed one are repeated."""
    azure.say("POST", HEALTH, Say({}, cut="before"), Say(None, 502), Say(None, 500), Say(None, 200))

    await DataPlane(arm).healthy("eastus")

    assert len(azure.asked) == 4


async def test_a_region_that_stays_ill_is_the_peers_error(azure: Azure, arm: Arm) -> None:
    """Code AZK8S0300, the cause beneath, and the host to allow."""
    azure.say("POST", HEALTH, Say({"error": {"code": "Down", "message": "Out of order."}}, 500))

    with pytest.raises(AzureError, match="in eastus does not answer") as caught:
        await DataPlane(arm).healthy("eastus")

    assert (caught.value.code, caught.value.azure_code) == ("AZK8S0300", "Down")
    assert caught.value.why[0] == "Out of order"
    assert f"{azure.url}/dp" in caught.value.hints[0]


async def test_helm_settings_are_asked_with_the_whole_resource(azure: Azure, arm: Arm) -> None:
    """The resource travels as ARM gave it, and the train is named."""
    resource = {"id": CLUSTER, "identity": {"principalId": "p"}, "future": [1]}
    values = {"global.resourceName": "harbor", "global.n": 3}
    azure.say("POST", SETTINGS, {"repositoryPath": CHART, "helmValuesContent": values})

    found = await DataPlane(arm).helm_settings(resource, region="eastus", train="preview")

    assert found == HelmSettings(CHART, {"global.resourceName": "harbor", "global.n": "3"})
    assert json.loads(azure.asked[0].body) == resource
    assert azure.targets() == [f"{SETTINGS}?api-version=2024-07-01-preview&releaseTrain=preview"]


async def test_without_a_chart_the_newest_is_asked_for(azure: Azure, arm: Arm) -> None:
    """An empty path falls back to the older question."""
    azure.say("POST", SETTINGS, {"repositoryPath": "", "helmValuesContent": None})
    azure.say("POST", LATEST, {"repositoryPath": CHART})

    found = await DataPlane(arm).helm_settings({}, region="eastus")

    assert found == HelmSettings(CHART, {})
    assert azure.targets()[-1] == f"{LATEST}?api-version=2019-11-01-preview&releaseTrain=stable"


async def test_a_train_without_a_chart_is_an_error(azure: Azure, arm: Arm) -> None:
    """No path at all is told with the variable that chose the train."""
    azure.say("POST", LATEST, {})

    with pytest.raises(AzureError, match="no chart for train nightly") as caught:
        await DataPlane(arm).latest_chart("eastus", "nightly")

    assert "RELEASETRAIN" in caught.value.hints[0]


async def test_a_refusal_says_who_refused(azure: Azure, arm: Arm) -> None:
    """A 403 of the service is an access error that names region and service."""
    azure.say("POST", HEALTH, Say({"error": {"code": "Forbidden", "message": "No."}}, 403))

    with pytest.raises(AccessError, match="service in eastus refused: No"):
        await DataPlane(arm).healthy("eastus")
