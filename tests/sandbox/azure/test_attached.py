"""What hangs on a cluster or stands on it: written strictly, planted in short words (`arm.md` 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.azure import attached
from tests.sandbox.azure.client import GROUP, HARBOR, SUB, body_of_cluster

if TYPE_CHECKING:
    from arcctl.sandbox.world import World
    from tests.sandbox.azure.client import Client

INSIGHTS = f"{HARBOR}/providers/Microsoft.Insights"
SETTING, ASSOCIATION = f"{INSIGHTS}/diagnosticSettings/logs", "dataCollectionRuleAssociations"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts"
ENDPOINT = f"{GROUP}/providers/Microsoft.Insights/dataCollectionEndpoints/dce"
CUSTOM = f"{GROUP}/providers/Microsoft.ExtendedLocation/customLocations/depot"
APPS = f"{GROUP}/providers/Microsoft.App/connectedEnvironments/apps"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mover"
FEDERATION = f"{IDENTITY}/federatedIdentityCredentials/flux"
LOGS, RULES, IDENTITIES = "2021-05-01-preview", "2022-06-01", "2023-01-31"


@pytest.fixture(autouse=True)
def harbor(world: World) -> None:
    """A connected cluster in eastus."""
    world.azure.plant({"clusters": [{"name": "harbor", "group": "edge"}]})


async def refusal(azure: Client, path: str, properties: Any, version: str, **more: Any) -> int:
    """The status of a PUT."""
    return (await azure.put(path, {"properties": properties, **more}, version=version)).status


@pytest.mark.parametrize(
    ("properties", "status"),
    [
        ({}, 400),
        ({"workspaceId": "/subscriptions/s/anywhere"}, 201),
        ({"storageAccountId": f"{STORAGE}/near"}, 201),
        ({"storageAccountId": f"{STORAGE}/far"}, 400),
        ({"storageAccountId": f"{STORAGE}/unknown"}, 201),
    ],
)
async def test_diagnostics_go_to_storage_of_the_same_region(
    world: World, azure: Client, properties: dict[str, Any], status: int
) -> None:
    """A workspace may be anywhere; what this Azure does not hold is not looked at."""
    stores = [
        {"id": f"{STORAGE}/near", "location": "eastus"},
        {"id": f"{STORAGE}/far", "location": "westeurope"},
    ]
    world.azure.plant({"resources": stores})

    assert await refusal(azure, SETTING, properties, LOGS) == status


@pytest.mark.parametrize(
    ("name", "properties", "status"),
    [
        ("rule", {"dataCollectionRuleId": f"{GROUP}/rule"}, 201),
        ("rule", {}, 400),
        ("mine", {"dataCollectionEndpointId": ENDPOINT}, 400),
        ("configurationAccessEndpoint", {"dataCollectionEndpointId": ENDPOINT}, 400),
    ],
)
async def test_an_association_names_a_rule_or_an_endpoint_of_its_region(
    world: World, azure: Client, name: str, properties: dict[str, Any], status: int
) -> None:
    """An endpoint has a fixed name and lies where the cluster lies."""
    world.azure.plant({"resources": [{"id": ENDPOINT, "location": "westeurope"}]})

    assert await refusal(azure, f"{INSIGHTS}/{ASSOCIATION}/{name}", properties, RULES) == status


async def test_a_custom_location_needs_its_host(azure: Client) -> None:
    """And what stands on it needs the custom location."""
    place = {"location": "eastus"}
    nowhere = {"hostResourceId": f"{HARBOR}x", "namespace": "depot"}
    here = {"hostResourceId": HARBOR, "namespace": "depot"}
    on = {"extendedLocation": {"name": CUSTOM, "type": "CustomLocation"}, **place}
    version = "2021-08-15"

    assert await refusal(azure, APPS, {}, "2024-03-01", **on) == 400
    assert await refusal(azure, CUSTOM, nowhere, version, **place) == 400
    assert await refusal(azure, CUSTOM, here, version, **place) == 201
    assert await refusal(azure, APPS, {}, "2024-03-01", **on) == 201
    shown = (await azure.get(APPS, version="2024-03-01")).body
    assert shown["extendedLocation"]["name"] == CUSTOM


async def test_a_federated_credential_names_an_issuer(azure: Client) -> None:
    """It is a child of an identity, which gets its ids from the service."""
    assert await refusal(azure, IDENTITY, {}, IDENTITIES, location="eastus") == 201
    whole = {"issuer": "https://issuer/", "subject": "system:x", "audiences": ["api://y"]}
    identity = (await azure.get(IDENTITY, version=IDENTITIES)).body

    assert await refusal(azure, FEDERATION, {"issuer": "https://issuer/"}, IDENTITIES) == 400
    assert await refusal(azure, FEDERATION, whole, IDENTITIES) == 201
    assert {"principalId", "clientId", "tenantId"} <= identity["properties"].keys()
    shown = (await azure.get(FEDERATION, version=IDENTITIES)).body
    assert shown["properties"] == whole


async def test_a_private_link_scope_serves_its_own_region(world: World, azure: Client) -> None:
    """The provider refuses a cluster of another one."""
    world.azure.plant({"privateLinkScopes": [{"name": "pls", "group": "edge"}]})
    scope = f"{GROUP}/providers/Microsoft.HybridCompute/privateLinkScopes/pls"
    body = body_of_cluster(privateLinkState="Enabled", privateLinkScopeResourceId=scope)

    assert (await azure.put(f"{HARBOR}2", body)).status == 201
    assert (await azure.put(f"{HARBOR}3", body | {"location": "westeurope"})).status == 400


EVERYTHING: dict[str, Any] = {
    "locks": [{"on": "edge/harbor", "level": "ReadOnly", "name": "keep"}],
    "roles": [{"name": "mover", "actions": ["*"]}],
    "assignments": [
        {"on": "edge/harbor", "who": "stranger", "role": "mover"},
        {"on": "edge/harbor/namespaces/apps", "who": "operator", "role": "Reader"},
    ],
    "policies": [{"name": "where", "allow": ["eastus"]}],
    "exemptions": [{"on": "edge/harbor", "policy": "where"}],
    "customLocations": [{"name": "depot", "cluster": "edge/harbor", "holds": ["apps"]}],
    "diagnosticSettings": [{"on": "edge/harbor", "workspaceId": "/w"}],
    "dataCollection": [{"on": "edge/harbor", "dataCollectionRuleId": "/r"}],
    "privateLinkScopes": [{"name": "pls", "group": "edge", "location": "westeurope"}],
    "gateways": [{"name": "gate", "group": "edge", "cluster": "edge/harbor"}],
    "federations": [
        {"identity": "edge/mover", "name": "flux", "issuer": "https://i/", "subject": "s"}
    ],
    "extensions": [{"on": "edge/harbor", "name": "dapr", "type": "microsoft.dapr"}],
    "fluxConfigurations": [
        {"on": "edge/harbor", "name": "apps", "gitRepository": {"url": "https://git.example/a"}}
    ],
    "sourceControlConfigurations": [
        {"on": "edge/quay", "name": "v1", "repositoryUrl": "https://git.example/v1"}
    ],
}
LYING = {
    "customLocations/depot",
    "connectedEnvironments/apps",
    "privateLinkScopes/pls",
    "gateways/gate",
    "userAssignedIdentities/mover",
    "federatedIdentityCredentials/flux",
    "policyAssignments/where",
}


async def test_short_words_plant_it_all(world: World, azure: Client) -> None:
    """Every word has an example here; what hangs on the cluster goes with it, the rest stays."""
    assert EVERYTHING.keys() == attached.WORDS
    before = set(world.azure.dump()["resources"])
    world.azure.plant({"clusters": [{"name": "quay", "group": "edge"}], **EVERYTHING})
    planted = world.azure.dump()["resources"].keys() - before
    last = {"/".join(key.split("/")[-2:]) for key in planted}
    assert len(planted) == 19
    assert {each.lower() for each in LYING} <= last

    world.azure.remove(HARBOR)
    left = world.azure.dump()["resources"].keys() - before
    assert not [key for key in left if "/harbor/" in key]
    assert {each.lower() for each in LYING} <= {"/".join(key.split("/")[-2:]) for key in left}


@pytest.mark.parametrize(
    "nonsense",
    [
        {"policies": [{"name": "empty"}]},
        {"locks": [{"on": 1}]},
        {"assignments": [{"who": "stranger"}]},
        {"throttle": {"thoughts": [1, 1]}},
        {"withdrawn": [{}]},
    ],
)
async def test_nonsense_is_refused(world: World, nonsense: dict[str, Any]) -> None:
    """A scenario that cannot be planted says so."""
    with pytest.raises(ValueError, match=r"."):
        world.azure.plant(nonsense)


async def test_an_id_can_stay_taken_after_a_deletion(world: World, azure: Client) -> None:
    """The cluster is gone, and for a while a new one is refused as still being deleted."""
    world.faults.add({"service": "arm", "method": "DELETE", "action": {"gone_for": 20}})
    await azure.delete(HARBOR)
    assert (await azure.get(HARBOR)).status == 404
    west = body_of_cluster() | {"location": "westeurope"}
    refused = await azure.put(HARBOR, west)
    assert (refused.status, refused.code) == (409, "Conflict")
    world.clock.advance(20)

    assert (await azure.put(HARBOR, west)).status == 201


async def test_diagnostic_settings_can_linger(world: World, azure: Client) -> None:
    """By plan they outlive the cluster and turn up on its successor."""
    world.azure.plant({"diagnosticSettings": [{"on": "edge/harbor", "workspaceId": "/w"}]})
    world.faults.add({"service": "arm", "action": {"lingering_diagnostics": True}})
    await azure.delete(HARBOR)
    await azure.put(HARBOR, body_of_cluster())
    found = await azure.get(f"{INSIGHTS}/diagnosticSettings", version=LOGS)

    assert [each["name"] for each in found.body["value"]] == ["logs"]


async def test_agents_cannot_beat_into_a_closed_region(world: World) -> None:
    """Where the cluster cannot reach the region's endpoints, its resource stays Connecting."""
    world.azure.plant({"unreachable": ["eastus"]})
    answer = world.azure.heartbeat(HARBOR, public_key=None, facts={})

    assert (answer.accepted, "reached" in answer.reason) == (False, True)


async def test_runtime_resources_hang_on_a_cluster(world: World, azure: Client) -> None:
    """Load balancers and their like are listed under the cluster that holds them."""
    base = f"{HARBOR}/providers/Microsoft.KubernetesRuntime/loadBalancers"
    world.azure.plant({"resources": [{"id": f"{base}/front"}]})
    found = await azure.get(base, version="2024-03-01")

    assert [each["name"] for each in found.body["value"]] == ["front"]
    assert (await azure.get(f"{SUB}/resources", version="2021-04-01")).status == 200


async def test_a_planted_issuer_is_the_clusters_own(world: World, azure: Client) -> None:
    """Region and a random part, as after a PUT."""
    properties = {"oidcIssuerProfile": {"enabled": True}}
    world.azure.plant({"clusters": [{"name": "q", "group": "edge", "properties": properties}]})
    found = await azure.get(HARBOR.replace("harbor", "q"))

    assert "//eastus.oic." in found.body["properties"]["oidcIssuerProfile"]["issuerUrl"]
    assert properties == {"oidcIssuerProfile": {"enabled": True}}
