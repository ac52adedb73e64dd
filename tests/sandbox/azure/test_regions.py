"""What a region offers differs by type, version and release train (`arm.md` 7, 9.2, 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.sandbox.azure.client import CLUSTERS, HARBOR, SUB, body_of_cluster

if TYPE_CHECKING:
    from arcctl.sandbox.world import World
    from tests.sandbox.azure.client import Client

EXT, FLX, SCC, TYPES = "2025-03-01", "2025-04-01", "2023-05-01", "2026-05-01"
CONFIGURATION = "Microsoft.KubernetesConfiguration"
BASE = f"{HARBOR}/providers/{CONFIGURATION}"
FLUX = {"properties": {"gitRepository": {"url": "https://git.example/a"}}}
DAPR = {"properties": {"extensionType": "microsoft.dapr"}}


def there(world: World, region: str) -> None:
    """Let the cluster lie in a region."""
    cluster = {"name": "harbor", "group": "edge", "location": region}
    world.azure.plant({"clusters": [cluster]})


async def listed(azure: Client, namespace: str, kind: str) -> list[str] | None:
    """The regions a provider lists for a type; None where it does not list the type."""
    found = await azure.get(f"{SUB}/providers/{namespace}", version="2021-04-01")
    types = {each["resourceType"]: each["locations"] for each in found.body["resourceTypes"]}
    return types.get(kind)


@pytest.mark.parametrize(
    ("namespace", "kind", "region", "offered"),
    [
        ("Microsoft.Kubernetes", "connectedClusters", "West Europe", True),
        ("Microsoft.Kubernetes", "connectedClusters", "Brazil South", False),
        (CONFIGURATION, "extensions", "Brazil South", True),
        ("Microsoft.Kubernetes", "connectedClusters", "East Asia", True),
        (CONFIGURATION, "fluxConfigurations", "East Asia", False),
        (CONFIGURATION, "extensions", "East Asia", True),
        ("Microsoft.Kubernetes", "connectedClusters", "Canada East", True),
        (CONFIGURATION, "extensions", "Canada East", False),
        (CONFIGURATION, "locations/extensionTypes", "Canada East", False),
        (CONFIGURATION, "sourceControlConfigurations", "West US 3", False),
        (CONFIGURATION, "sourceControlConfigurations", "West Europe", True),
    ],
)
async def test_regions_support_different_types(
    azure: Client, namespace: str, kind: str, region: str, offered: bool
) -> None:
    """The providers' documents say so; a client has to read both."""
    found = await listed(azure, namespace, kind)

    assert (region in (found or [])) is offered


async def test_a_cluster_is_refused_where_clusters_are_not_served(azure: Client) -> None:
    """400, with the regions that would do."""
    body = body_of_cluster() | {"location": "Brazil South"}
    answer = await azure.put(HARBOR, body)

    assert (answer.status, answer.code) == (400, "LocationNotAvailableForResourceType")
    assert "westeurope" in answer.body["error"]["message"]


@pytest.mark.parametrize(
    ("region", "path", "body", "version"),
    [
        ("eastasia", f"{BASE}/fluxConfigurations/a", FLUX, FLX),
        ("canadaeast", f"{BASE}/extensions/a", DAPR, EXT),
        ("westus3", f"{BASE}/sourceControlConfigurations/a", {"properties": {}}, SCC),
    ],
)
async def test_a_child_is_refused_where_its_type_is_not_served(
    world: World, azure: Client, region: str, path: str, body: dict[str, Any], version: str
) -> None:
    """The region is that of the cluster; reading is refused there too."""
    there(world, region)
    answers = [
        await azure.put(path, body, version=version),
        await azure.get(path.rpartition("/")[0], version=version),
    ]

    assert [each.code for each in answers] == ["NoRegisteredProviderFound"] * 2
    assert "supported locations are" in answers[0].body["error"]["message"]


async def test_a_type_can_be_retired_everywhere(world: World, azure: Client) -> None:
    """The provider does not list it any more, and asking for it is 404."""
    there(world, "westeurope")
    kind = "sourceControlConfigurations"
    world.azure.plant({"regionGaps": [{"type": f"{CONFIGURATION}/{kind}", "region": "*"}]})
    answer = await azure.get(f"{BASE}/{kind}", version=SCC)

    assert await listed(azure, CONFIGURATION, kind) is None
    assert (answer.status, answer.code) == (404, "InvalidResourceType")


async def test_a_cloud_can_lag_behind(world: World, azure: Client) -> None:
    """It lists fewer api-versions of a type, and refuses the others."""
    there(world, "westeurope")
    world.azure.plant({"versions": {f"{CONFIGURATION}/fluxConfigurations": ["2023-05-01"]}})
    provider = await azure.get(f"{SUB}/providers/{CONFIGURATION}", version="2021-04-01")
    known = {each["resourceType"]: each["apiVersions"] for each in provider.body["resourceTypes"]}
    newest = await azure.get(f"{BASE}/fluxConfigurations", version=FLX)

    assert known["fluxConfigurations"] == ["2023-05-01"]
    assert newest.code == "NoRegisteredProviderFound"
    assert (await azure.get(f"{BASE}/fluxConfigurations", version="2023-05-01")).status == 200


async def versions(azure: Client, region: str, kind: str, train: str = "stable") -> Any:
    """The versions of an extension type in a region, or the status of the refusal."""
    path = f"{SUB}/providers/{CONFIGURATION}/locations/{region}/extensionTypes/{kind}/versions"
    answer = await azure.get(f"{path}?releaseTrain={train}", version=TYPES)
    return [each["name"] for each in answer.body["value"]] if answer.status == 200 else 404


async def test_versions_depend_on_region_and_train(world: World, azure: Client) -> None:
    """A train has versions that another lacks; what is withdrawn in one region is not elsewhere."""
    vault = "microsoft.azurekeyvaultsecretsprovider"
    withdrawn = {"type": "microsoft.dapr", "version": "1.13.6", "region": "North Europe"}
    world.azure.plant({"withdrawn": [withdrawn]})

    assert (await versions(azure, "westeurope", "microsoft.flux"))[0] == "1.18.2"
    assert (await versions(azure, "westeurope", "microsoft.flux", "Preview"))[0] == "1.19.0"
    assert await versions(azure, "japaneast", vault) == ["1.7.2"]
    assert await versions(azure, "westeurope", vault) == ["1.7.2", "1.6.4"]
    assert await versions(azure, "westus3", "microsoft.azureml.kubernetes") == 404
    assert await versions(azure, "northeurope", "microsoft.dapr") == ["1.14.4"]
    assert await versions(azure, "westeurope", "microsoft.dapr", "nightly") == 404


@pytest.mark.parametrize(
    ("properties", "status"),
    [
        ({"extensionType": "microsoft.azureml.kubernetes"}, 400),
        ({"extensionType": "Microsoft.Dapr", "releaseTrain": "nightly"}, 400),
        ({"extensionType": "microsoft.dapr", "version": "0.0.1"}, 400),
        ({"extensionType": "microsoft.dapr", "version": "1.14.4"}, 201),
        ({"extensionType": "fabrikam.unheard.of", "version": "7.0.0"}, 201),
    ],
)
async def test_an_extension_must_be_offered_where_its_cluster_is(
    world: World, azure: Client, properties: dict[str, Any], status: int
) -> None:
    """Type, version and train are looked up in the catalogue, which does not know every type."""
    there(world, "westus3")
    pinned = {"autoUpgradeMinorVersion": False} | properties
    answer = await azure.put(f"{BASE}/extensions/a", {"properties": pinned}, version=EXT)

    assert answer.status == status
    if status == 400:
        assert answer.code == "ExtensionTypeRegistrationGetFailed"


async def test_the_catalogue_can_be_missing(world: World, azure: Client) -> None:
    """Then the check before a move has to do without."""
    there(world, "westeurope")
    world.azure.plant({"regionGaps": [{"type": "extensionTypes", "region": "*"}]})

    assert (await azure.get(f"{BASE}/extensionTypes", version=TYPES)).code == "InvalidResourceType"
    assert await versions(azure, "westeurope", "microsoft.dapr") == 404


@pytest.mark.parametrize(
    ("region", "status"), [("West Europe", 503), ("East US", 201)], ids=["there", "elsewhere"]
)
async def test_a_fault_can_wait_for_a_region(
    world: World, azure: Client, region: str, status: int
) -> None:
    """A target region that refuses is planned without harm to the source region."""
    plan = {"service": "arm", "method": "PUT", "region": "westeurope", "action": {"status": 503}}
    world.faults.add(plan)
    answer = await azure.put(f"{CLUSTERS}/quay", body_of_cluster() | {"location": region})

    assert answer.status == status


async def test_a_fault_of_a_region_strikes_what_lies_there(world: World, azure: Client) -> None:
    """A request without a location belongs to the region of what it is about."""
    there(world, "westeurope")
    refused = {"forbid": True}
    world.faults.add({"service": "arm", "method": "PUT", "region": "westeurope", "action": refused})

    assert (
        await azure.put(f"{BASE}/extensions/a", DAPR, version=EXT)
    ).code == "AuthorizationFailed"
