"""Resource groups, subscriptions, and what is kept and nothing more (`arm.md` 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.azure import entra, seeds
from arcctl.sandbox.clock import RECORDED
from tests.sandbox.azure.client import GROUP, HARBOR, SUB, body_of_cluster

if TYPE_CHECKING:
    from arcctl.sandbox.world import World
    from tests.sandbox.azure.client import Client

V = "2021-04-01"
DEPOT = f"{SUB}/resourcegroups/depot"


async def test_a_group_is_made_once(azure: Client) -> None:
    """201, then 200; another location is refused; HEAD tells whether it is there."""
    assert (await azure.ask("HEAD", DEPOT, version=V)).status == 404
    made = await azure.put(DEPOT, {"location": "West Europe", "tags": {"a": "b"}}, version=V)
    again = await azure.put(DEPOT, {"location": "westeurope"}, version=V)
    moved = await azure.put(DEPOT, {"location": "eastus"}, version=V)

    assert (made.status, made.body["location"], made.body["id"]) == (
        201,
        "westeurope",
        f"{SUB}/resourceGroups/depot",
    )
    assert (again.status, again.body["tags"]) == (200, {})
    assert (moved.status, moved.code) == (409, "InvalidResourceGroupLocation")
    assert (await azure.ask("HEAD", DEPOT, version=V)).status == 204


@pytest.mark.parametrize(
    ("name", "location", "code"),
    [
        ("depot.", "eastus", "InvalidResourceGroupName"),
        ("depot", "atlantis", "LocationNotAvailableForResourceGroup"),
        ("depot", "", "LocationRequired"),
    ],
)
async def test_a_wrong_group_is_refused(azure: Client, name: str, location: str, code: str) -> None:
    """Names do not end in a dot; regions exist."""
    path = f"{SUB}/resourceGroups/{name}"
    assert (await azure.put(path, {"location": location}, version=V)).code == code


async def test_a_group_goes_with_all_that_is_in_it(world: World, azure: Client) -> None:
    """202 with a Location alone; nothing can be written meanwhile."""
    world.delays = RECORDED
    await azure.put(HARBOR, body_of_cluster())
    answer = await azure.delete(GROUP, version=V)
    assert (answer.status, "Azure-AsyncOperation" in answer.headers) == (202, False)
    assert (await azure.get(answer.headers["Location"])).status == 202
    assert (await azure.put(HARBOR, body_of_cluster())).code == "ResourceGroupBeingDeleted"

    world.clock.advance(30)
    assert (await azure.get(answer.headers["Location"])).status == 200
    assert (await azure.get(HARBOR)).code == "ResourceGroupNotFound"
    assert world.azure.counts() == {"roleAssignments": 5}


async def test_subscriptions_have_what_clients_read(azure: Client) -> None:
    """Two of them, with tenant and state; their regions; the tenant itself."""
    found = (await azure.get("/subscriptions", version="2022-12-01")).body["value"]
    one = (await azure.get(SUB, version="2022-12-01")).body
    regions = (await azure.get(f"{SUB}/locations", version="2022-12-01")).body["value"]
    tenants = (await azure.get("/tenants", version="2022-12-01")).body["value"]

    assert [each["subscriptionId"] for each in found] == [
        seeds.SUBSCRIPTION,
        seeds.SECOND_SUBSCRIPTION,
    ]
    assert (one["state"], one["tenantId"]) == ("Enabled", entra.TENANT)
    assert {"name": "westeurope", "displayName": "West Europe"}.items() <= next(
        region for region in regions if region["name"] == "westeurope"
    ).items()
    assert tenants[0]["tenantId"] == entra.TENANT


async def test_a_stranger_sees_no_subscription(azure: Client) -> None:
    """Whoever has no role anywhere gets an empty list, not an error."""
    answer = await azure.as_(entra.NO_RIGHTS).get("/subscriptions", version="2022-12-01")

    assert (answer.status, answer.body["value"]) == (200, [])


async def test_a_disabled_subscription_is_read_only(world: World, azure: Client) -> None:
    """Reads go on, writes are 409."""
    other = "00000000-0000-0000-0000-000000000003"
    world.azure.plant(
        {"subscriptions": [{"subscriptionId": other, "displayName": "X", "state": "Disabled"}]}
    )
    path = f"/subscriptions/{other}/resourceGroups/depot"
    answer = await azure.put(path, {"location": "eastus"}, version=V)

    assert answer.code == "ReadOnlyDisabledSubscription"
    assert (await azure.get(f"/subscriptions/{other}/resourceGroups", version=V)).status == 200


async def test_clusters_cannot_be_moved_between_groups(azure: Client) -> None:
    """The type lacks the capability."""
    answer = await azure.post(f"{GROUP}/moveResources", {"resources": [HARBOR]}, version=V)

    assert (answer.status, answer.code) == (409, "ResourceMoveNotSupported")


HOSTED = {"hostResourceId": HARBOR, "namespace": "x"}
LOGS = {"workspaceId": "/subscriptions/s/resourceGroups/g/providers/p/workspaces/logs"}
KEPT: list[tuple[str, str, dict[str, Any]]] = [
    (f"{GROUP}/providers/Microsoft.ExtendedLocation/customLocations/x", "2021-08-15", HOSTED),
    (f"{GROUP}/providers/Microsoft.HybridCompute/privateLinkScopes/x", "2023-06-20-preview", {}),
    (f"{GROUP}/providers/Microsoft.HybridCompute/gateways/x", "2024-07-31-preview", {}),
    (f"{HARBOR}/providers/Microsoft.HybridCompute/settings/default", "2024-07-31-preview", {}),
    (f"{HARBOR}/providers/Microsoft.Insights/diagnosticSettings/x", "2021-05-01-preview", LOGS),
    (f"{HARBOR}/providers/Microsoft.Authorization/policyExemptions/x", "2022-07-01-preview", {}),
]


@pytest.mark.parametrize(("path", "version", "properties"), KEPT)
async def test_what_is_kept_is_given_back(
    world: World, azure: Client, path: str, version: str, properties: dict[str, Any]
) -> None:
    """Stored, listed, found by HEAD, deleted; 204 when it was not there."""
    world.azure.plant({"clusters": [{"name": "harbor", "group": "edge"}]})
    body = {"location": "eastus", "properties": properties}
    assert (await azure.put(path, body, version=version)).status in {200, 201}
    shown = (await azure.get(path, version=version)).body
    listed = (await azure.get(path.rpartition("/")[0], version=version)).body["value"]

    assert shown["properties"].items() >= properties.items()
    assert [each["id"] for each in listed] == [path]
    assert (await azure.ask("HEAD", path, version=version)).status == 204
    assert (await azure.delete(path, version=version)).status == 200
    assert (await azure.delete(path, version=version)).status == 204


async def test_tags_of_anything_can_be_changed(world: World, azure: Client) -> None:
    """Merge, delete and replace."""
    world.azure.plant({"clusters": [{"name": "harbor", "group": "edge", "tags": {"a": "1"}}]})
    path = f"{HARBOR}/providers/Microsoft.Resources/tags/default"
    seen = []
    for operation, tags in (("Merge", {"b": "2"}), ("Delete", {"a": "1"}), ("Replace", {"c": "3"})):
        sent = {"operation": operation, "properties": {"tags": tags}}
        seen.append((await azure.patch(path, sent, version=V)).body["properties"]["tags"])

    assert seen == [{"a": "1", "b": "2"}, {"b": "2"}, {"c": "3"}]
    assert (await azure.get(HARBOR)).body["tags"] == {"c": "3"}


async def test_locks_and_roles_are_inherited(world: World, azure: Client) -> None:
    """A list at a cluster shows what is above it, with the scope in its id."""
    world.azure.plant({"clusters": [{"name": "harbor", "group": "edge"}]})
    lock = f"{GROUP}/providers/Microsoft.Authorization/locks/hold"
    await azure.put(lock, {"properties": {"level": "CanNotDelete"}}, version="2020-05-01")
    at = f"{HARBOR}/providers/Microsoft.Authorization"
    locks = (await azure.get(f"{at}/locks", version="2020-05-01")).body["value"]
    path = f"{at}/roleAssignments?$filter=atScope()"
    roles = (await azure.get(path, version="2022-04-01")).body["value"]
    one = f"{at}/roleAssignments?$filter=principalId%20eq%20'{entra.PERSON.object_id}'"
    persons = (await azure.get(one, version="2022-04-01")).body["value"]

    assert [each["id"] for each in locks] == [lock]
    assert len(roles) == 3
    assert [each["properties"]["principalId"] for each in persons] == [entra.PERSON.object_id]


async def test_resource_graph_finds_by_type_and_id(world: World, azure: Client) -> None:
    """Custom locations that point at a cluster, and the cluster's extensions."""
    world.reset("standing")
    demo = "/resourceGroups/arc-demo/providers/Microsoft.Kubernetes/connectedClusters/demo"
    questions = {
        "customLocations": "resources | where type =~ 'microsoft.extendedlocation/customlocations'"
        f" and properties.hostResourceId =~ '{SUB}{demo}'",
        "extensions": "kubernetesconfigurationresources"
        " | where type == 'microsoft.kubernetesconfiguration/extensions'",
        "text": f"resources | where tostring(properties) contains '{SUB}{demo}'",
    }
    path = "/providers/Microsoft.ResourceGraph/resources"
    found = {
        name: [
            row["name"]
            for row in (await azure.post(path, {"query": text}, version="2022-10-01")).body["data"]
        ]
        for name, text in questions.items()
    }

    assert found["customLocations"] == ["harbor"]
    assert sorted(found["extensions"]) == ["backup", "flux", "monitor", "policy", "secrets"]
    assert "harbor" in found["text"]
