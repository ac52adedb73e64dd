"""The client against the sandbox's Azure: an independent witness, on good days and bad ones."""

from __future__ import annotations

import os
import ssl
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from arcctl import settings as settings_module
from arcctl.clients.arm import Arm
from arcctl.clients.cloud import find_cloud
from arcctl.clients.data_plane import DataPlane
from arcctl.clients.graph import custom_locations_app
from arcctl.clients.identity import Identity
from arcctl.clients.providers import read, register
from arcctl.clients.subscriptions import resolve
from arcctl.errors import AccessError, ArcctlError, AzureError
from arcctl.sandbox.azure import entra, routes, seeds
from arcctl.sandbox.world import World
from arcctl.settings import Flags
from tests.clients.arm import server
from tests.clients.arm.conftest import FAST
from tests.clients.serving import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

GROUP = f"/subscriptions/{seeds.SUBSCRIPTION}/resourceGroups/edge"
CLUSTER = f"{GROUP}/providers/Microsoft.Kubernetes/connectedClusters/harbor"
CHART = "127.0.0.1:1/azurearck8s/batch1/stable/azure-arc-k8sagents:1.36.1"
BODY: dict[str, Any] = {
    "location": "eastus",
    "tags": {"team": "edge"},
    "identity": {"type": "SystemAssigned"},
    "properties": {
        "agentPublicKeyCertificate": seeds.public_key(),
        "distribution": "k3s",
        "infrastructure": "generic",
    },
}


@pytest.fixture
async def world(home: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A world with the group `edge`, over TLS; nothing may crash in it."""
    world = World()
    world.agent_charts = {"stable": CHART}
    world.azure.plant({"groups": [{"name": "edge", "location": "eastus"}]})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.certify(context)
    async with serving(routes.application(world), context) as port:
        world.base_url = f"https://127.0.0.1:{port}"
        for name, value in {
            "REQUESTS_CA_BUNDLE": str(server.trust(home)),
            "NO_PROXY": "127.0.0.1",
            "ARCCTL_CLOUD": world.base_url,
            "AZURE_TENANT_ID": entra.TENANT,
            "AZURE_CLIENT_ID": entra.FULL_RIGHTS.client_id,
            "AZURE_CLIENT_SECRET": entra.FULL_RIGHTS.secret,
            "AZURE_SUBSCRIPTION_ID": seeds.SUBSCRIPTION,
            "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
        }.items():
            monkeypatch.setenv(name, value)
        yield world
    assert world.crashes == []


@pytest.fixture
async def arm(world: World) -> AsyncIterator[Arm]:
    """A client in a hurry, signed in to that world."""
    settings = settings_module.read(dict(os.environ), Flags())
    cloud = await find_cloud(settings)
    arm = Arm(settings, cloud, Identity(settings, cloud), pace=FAST)
    yield arm
    await arm.close()


async def test_a_cluster_comes_and_goes(world: World, arm: Arm) -> None:
    """Created, read, listed, changed, deleted, and found nowhere after."""
    created = await arm.put(CLUSTER, BODY)
    assert created["properties"]["provisioningState"] == "Succeeded"
    assert created["identity"]["principalId"]

    assert (await arm.get(CLUSTER))["properties"]["connectivityStatus"] == "Connecting"
    listed = arm.items(
        f"/subscriptions/{seeds.SUBSCRIPTION}/providers/Microsoft.Kubernetes/connectedClusters"
    )
    assert [each["name"] async for each in listed] == ["harbor"]
    assert (await arm.patch(CLUSTER, {"tags": {"a": "b"}}))["tags"] == {"a": "b"}

    assert await arm.delete(CLUSTER) is True
    assert await arm.delete(CLUSTER) is False
    assert await arm.find(CLUSTER) is None


async def test_a_group_is_made_by_the_same_put(world: World, arm: Arm) -> None:
    """Existence by HEAD, creation by PUT."""
    path = GROUP.replace("edge", "new-one")

    assert await arm.exists(path) is False
    await arm.put(path, {"location": "westeurope"})
    assert await arm.exists(path) is True


async def test_azures_clock_can_be_read(world: World, arm: Arm) -> None:
    """From the head of an answer; where none is said, there is no time."""
    path = f"/subscriptions/{seeds.SUBSCRIPTION}"
    there = await arm.time(path)
    odd = {"service": "arm", "path": f"{path}$", "action": {"add_header": {"Date": "noon"}}}
    world.faults.add(odd)

    assert there is not None
    assert abs((there - datetime.now(UTC)).total_seconds()) < 60
    assert await arm.time(path) is None


async def test_who_is_signed_in_and_where(world: World, arm: Arm) -> None:
    """The token tells the tenant, the environment the subscription."""
    assert (await arm.identity.whoami())["tid"] == entra.TENANT
    assert (await resolve(arm, replace(arm.settings, subscription="sandbox"))).id == (
        seeds.SUBSCRIPTION
    )


async def test_the_data_plane_answers(world: World, arm: Arm) -> None:
    """Health, chart and values, on the host that the metadata names."""
    service = DataPlane(arm)
    await service.healthy("eastus")

    settings = await service.helm_settings(await arm.put(CLUSTER, BODY), region="eastus")

    assert settings.repository_path == CHART
    assert settings.values["global.resourceName"] == "harbor"
    assert await service.latest_chart("eastus") == CHART


async def test_graph_knows_the_app_of_custom_locations(world: World, arm: Arm) -> None:
    """Graph's token is asked for at the same login."""
    assert await custom_locations_app(arm)


async def test_a_provider_is_registered(world: World, arm: Arm) -> None:
    """Regions and versions are there, and registering ends in Registered."""
    world.faults.add({"service": "arm", "action": {"not_registered": "Microsoft.Kubernetes"}})
    provider = await read(arm, seeds.SUBSCRIPTION, "Microsoft.Kubernetes")
    assert "eastus" in provider.regions("connectedClusters")

    registered = await register(arm, seeds.SUBSCRIPTION, "Microsoft.Kubernetes", pause=0.01)
    assert registered.state == "Registered"


SURVIVED: list[tuple[str, dict[str, Any]]] = [
    ("PUT", {"status": 503}),
    ("PUT", {"status": 500, "body": {"error": {"code": "InternalServerError"}}}),
    ("PUT", {"status": 429, "headers": {"Retry-After": "1"}}),
    ("PUT", {"reset": "before"}),
    ("PUT", {"reset": "after"}),
    ("PUT", {"cut": "mid"}),
    ("PUT", {"no_async_header": True}),
    ("PUT", {"location_only": True}),
    ("PUT", {"internal_location": True}),
    ("PUT", {"retry_after": 1}),
    ("PUT", {"sync": True}),
    ("PUT", {"patch_body": {"properties": {"brandNew": {"a": 1}}}}),
    ("PUT", {"mangle_ids": True}),
    ("GET", {"status": 504}),
    ("GET", {"reset": "before"}),
    ("GET", {"reset": "after"}),
    ("GET", {"cut": "mid"}),
    ("GET", {"gzip": True}),
    ("GET", {"chunked": True}),
    ("GET", {"expire_token": "expired"}),
    ("GET", {"expire_token": "claims"}),
    ("DELETE", {"status": 502}),
    ("DELETE", {"reset": "before"}),
    ("DELETE", {"reset": "after"}),
    ("DELETE", {"location_only": True}),
    ("DELETE", {"internal_location": True}),
    ("DELETE", {"add_header": {"Retry-After": "0"}}),
]


@pytest.mark.parametrize(("method", "action"), SURVIVED, ids=str)
async def test_a_bad_moment_is_survived(
    world: World, arm: Arm, method: str, action: dict[str, Any]
) -> None:
    """The fault happens, and the cluster comes and goes all the same."""
    fault = world.faults.add({"service": "arm", "method": method, "action": action})

    created = await arm.put(CLUSTER, BODY)
    read_again = await arm.get(CLUSTER)
    deleted = await arm.delete(CLUSTER)

    assert created["properties"]["provisioningState"] == "Succeeded"
    assert read_again["properties"]["provisioningState"] == "Succeeded"
    assert deleted is True
    assert await arm.find(CLUSTER) is None
    assert world.faults.happened(fault.id) == 1


REFUSED: list[tuple[dict[str, Any], type[ArcctlError], str]] = [
    ({"forbid": True}, AccessError, "AuthorizationFailed"),
    ({"deny_policy": True}, AzureError, "RequestDisallowedByPolicy"),
    ({"lock": "ReadOnly"}, AzureError, "ScopeLocked"),
    (
        {"operation_fails": {"polls": 1, "code": "KeyRejected", "message": "No such key."}},
        AzureError,
        "KeyRejected",
    ),
]


@pytest.mark.parametrize(("action", "kind", "code"), REFUSED, ids=str)
async def test_a_refusal_is_told(
    world: World, arm: Arm, action: dict[str, Any], kind: type[ArcctlError], code: str
) -> None:
    """Each with ARM's own code, and with the id that support asks for."""
    fault = world.faults.add({"service": "arm", "method": "PUT", "action": action})

    with pytest.raises(kind) as caught:
        await arm.put(CLUSTER, BODY)

    assert caught.value.code == code
    assert "correlation id" in caught.value.why[-1]
    assert world.faults.happened(fault.id) == 1


async def test_ten_thousand_clusters_come_page_by_page(world: World, arm: Arm) -> None:
    """All of them, each once."""
    world.azure.plant({"clusters": [{"name": "c", "count": 10_000, "group": "edge"}]})
    path = f"/subscriptions/{seeds.SUBSCRIPTION}/providers/Microsoft.Kubernetes/connectedClusters"

    names = [each["name"] async for each in arm.items(path)]

    assert len(set(names)) == len(names) == 10_000
