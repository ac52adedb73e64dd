"""The cloud's metadata and Arc's data plane (`connectedk8s.md` B.1, B.13; `arm.md` 15.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.azure import seeds
from tests.sandbox.azure.client import HARBOR, SUB, body_of_cluster

if TYPE_CHECKING:
    from arcctl.sandbox.world import World
    from tests.sandbox.azure.client import Client

SETTINGS = "/azure-arc-k8sagents/GetHelmSettings?releaseTrain=stable"
DP = "2024-07-01-preview"
CHART = "127.0.0.1:5000/azurearck8s/batch1/stable/azure-arc-k8sagents:1.36.1"


@pytest.fixture(autouse=True)
def chart(world: World) -> None:
    """Where the agents' chart lies."""
    world.agent_charts["stable"] = CHART


async def posted(azure: Client, **properties: Any) -> dict[str, Any]:
    """A cluster's document as a client posts it."""
    made = await azure.put(HARBOR, body_of_cluster(**properties))
    whole: dict[str, Any] = made.body
    return whole


@pytest.mark.parametrize(
    ("version", "shape"),
    [("2015-01-01", "galleryEndpoint"), ("2019-05-01", 0), ("2022-09-01", "dataplaneEndpoints")],
)
async def test_the_cloud_describes_itself(azure: Client, version: str, shape: str | int) -> None:
    """Without a token; an object or a list by api-version; a doubled slash does not matter."""
    answer = await azure.get("//metadata/endpoints", version=version, headers={"Authorization": ""})

    assert answer.status == 200
    assert answer.body[shape]


async def test_the_data_plane_is_where_the_metadata_says(azure: Client) -> None:
    """arcConfigEndpoint, login endpoint and audience all lead back to this port."""
    found = (await azure.get("/metadata/endpoints", version="2022-09-01")).body

    assert found["dataplaneEndpoints"]["arcConfigEndpoint"] == azure.base
    assert found["authentication"]["loginEndpoint"] == azure.base
    assert found["suffixes"]["relayEndpointSuffix"]


async def test_a_health_check_needs_a_token(azure: Client) -> None:
    """200 with one, 401 without."""
    path = "/azure-arc-k8sagents/healthCheck"

    assert (await azure.post(path, version=DP)).status == 200
    assert (await azure.post(path, version=DP, headers={"Authorization": ""})).status == 401


async def test_the_data_plane_of_one_region_can_be_down(world: World, azure: Client) -> None:
    """Of what carries the cluster in its body; the health check tells nobody where it asks."""
    east = await posted(azure)
    down = {"service": "dataplane", "action": {"status": 503}, "times": None}
    world.faults.add(down | {"region": "West Europe", "id": "west"})
    assert (await azure.post(SETTINGS, east, version=DP)).status == 200
    west = east | {"location": "westeurope"}
    assert (await azure.post(SETTINGS, west, version=DP)).status == 503

    world.faults.remove("west")
    world.faults.add(down | {"path": "/healthCheck$"})
    assert (await azure.post("/azure-arc-k8sagents/healthCheck", version=DP)).status == 503
    assert (await azure.post(SETTINGS, west, version=DP)).status == 200


async def test_settings_name_chart_and_resource(azure: Client) -> None:
    """All values are texts, and they say whose agents these will be."""
    answer = (await azure.post(SETTINGS, await posted(azure), version=DP)).body
    values = answer["helmValuesContent"]

    assert answer["repositoryPath"] == CHART
    assert values["global.subscriptionId"] == seeds.SUBSCRIPTION
    assert (values["global.resourceGroupName"], values["global.resourceName"]) == ("edge", "harbor")
    assert values["global.location"] == "eastus"
    assert values["systemDefaultValues.azureArcAgents.autoUpdate"] == "true"
    assert {type(value) for value in values.values()} == {str}


async def test_settings_carry_placeholders_for_secrets(azure: Client) -> None:
    """Proxy values come back as they were sent, for the client to put its own in."""
    body = await posted(azure, arcAgentProfile={"agentAutoUpgrade": "Disabled"})
    protected = {
        "https_proxy": "redacted:proxy:https_proxy",
        "no_proxy": "redacted:proxy:no_proxy",
    }
    body["properties"]["arcAgentryConfigurations"] = [
        {"feature": "proxy", "settings": {}, "protectedSettings": protected},
        {"feature": "logging", "settings": {"container_log_path": "/logs"}},
    ]
    values = (await azure.post(SETTINGS, body, version=DP)).body["helmValuesContent"]

    assert values["global.httpsProxy"] == "redacted:proxy:https_proxy"
    assert values["global.isProxyEnabled"] == "true"
    assert values["systemDefaultValues.fluent-bit.containerLogPath"] == "/logs"
    assert values["systemDefaultValues.azureArcAgents.autoUpdate"] == "false"


async def test_a_secret_is_refused(azure: Client) -> None:
    """A value where a placeholder belongs is 400: it must not have been sent."""
    body = await posted(azure)
    body["properties"]["arcAgentryConfigurations"] = [
        {"feature": "proxy", "protectedSettings": {"https_proxy": "http://user:marked@proxy"}}
    ]
    answer = await azure.post(SETTINGS, body, version=DP)

    assert answer.status == 400
    assert "marked" not in answer.text


@pytest.mark.parametrize("missing", ["id", "identity"])
async def test_settings_need_to_know_whose_they_are(azure: Client, missing: str) -> None:
    """Without id or identity there is no answer."""
    body = await posted(azure)
    del body[missing]

    assert (await azure.post(SETTINGS, body, version=DP)).status == 400


async def test_the_older_call_gives_the_chart_alone(world: World, azure: Client) -> None:
    """And GetHelmSettings can be planned to leave it out."""
    latest = "/azure-arc-k8sagents/GetLatestHelmPackagePath?releaseTrain=stable"
    world.faults.add({"service": "dataplane", "action": {"no_chart_path": True}})
    settings = await azure.post(SETTINGS, await posted(azure), version=DP)
    path = await azure.post(latest, version="2019-11-01-preview")
    unknown = await azure.post(latest.replace("stable", "fast"), version="2019-11-01-preview")

    assert settings.body["repositoryPath"] == ""
    assert path.body == {"repositoryPath": CHART}
    assert unknown.status == 400


async def test_every_answer_has_the_front_doors_headers(azure: Client) -> None:
    """Ids to report, a budget that counts down, and the client's own id when it asks for it."""
    headers = {"x-ms-client-request-id": "me", "x-ms-return-client-request-id": "true"}
    headers["x-ms-correlation-request-id"] = "chain"
    first = await azure.get(SUB, version="2022-12-01", headers=headers)
    second = await azure.get(SUB, version="2022-12-01")
    left = "x-ms-ratelimit-remaining-subscription-reads"

    assert first.headers["x-ms-client-request-id"] == "me"
    assert first.headers["x-ms-correlation-request-id"] == "chain"
    assert first.headers["x-ms-request-id"] != second.headers["x-ms-request-id"]
    assert int(first.headers[left]) - 1 == int(second.headers[left])
