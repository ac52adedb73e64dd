"""Which api-version is asked for (`arm.md` 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from arcctl.clients import arm_versions
from arcctl.errors import AzureError, NotFound
from tests.clients.arm.server import CLUSTER, FOUND, SUBSCRIPTION, Azure, Say

if TYPE_CHECKING:
    from arcctl.clients.arm import Arm

PROVIDER = f"/subscriptions/{SUBSCRIPTION}/providers/microsoft.kubernetes"
REFUSED = {"error": {"code": "NoRegisteredProviderFound", "message": "Not that version."}}


def listed(*versions: str) -> dict[str, object]:
    """A provider document that offers those versions."""
    types = [{"resourceType": "ConnectedClusters", "apiVersions": list(versions)}]
    return {"id": PROVIDER, "registrationState": "Registered", "resourceTypes": types}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/subscriptions", "subscriptions"),
        ("/subscriptions/S", "subscriptions"),
        ("/subscriptions/S/locations", "locations"),
        ("/tenants", "tenants"),
        ("/subscriptions/S/resourceGroups/G", "resourcegroups"),
        ("/subscriptions/S/resourcegroups/G/resources", "resources"),
        ("/subscriptions/S/resources", "resources"),
        ("/subscriptions/S/providers", "providers"),
        ("/subscriptions/S/providers/Microsoft.Kubernetes", "providers"),
        ("/subscriptions/S/providers/Microsoft.Kubernetes/register", "providers"),
        (CLUSTER, "microsoft.kubernetes/connectedclusters"),
        (
            f"{CLUSTER}/providers/Microsoft.KubernetesConfiguration/Extensions/flux",
            "microsoft.kubernetesconfiguration/extensions",
        ),
        (f"{CLUSTER}/providers/Microsoft.Authorization/locks", "microsoft.authorization/locks"),
        (
            f"{CLUSTER}/listClusterUserCredential",
            "microsoft.kubernetes/connectedclusters/listclusterusercredential",
        ),
    ],
)
def test_a_path_names_its_type(path: str, kind: str) -> None:
    """The last provider of a path decides, and case does not matter."""
    assert arm_versions.kind_of(path) == kind
    assert arm_versions.pins(kind)


async def test_a_refused_version_is_replaced_by_one_that_is_listed(azure: Azure, arm: Arm) -> None:
    """The first substitute that the provider lists is used, and remembered."""
    azure.say("GET", CLUSTER, Say(REFUSED, 400), FOUND)
    azure.say("GET", PROVIDER, listed("2026-02-01-preview", "2024-01-01", "2021-10-01"))

    assert await arm.get(CLUSTER) == FOUND
    assert await arm.get(CLUSTER) == FOUND
    assert azure.targets() == [
        f"{CLUSTER}?api-version=2026-05-01",
        f"{PROVIDER}?api-version=2021-04-01",
        f"{CLUSTER}?api-version=2024-01-01",
        f"{CLUSTER}?api-version=2024-01-01",
    ]


async def test_a_cloud_that_is_behind_gets_its_newest_stable_version(
    azure: Azure, arm: Arm
) -> None:
    """Where no substitute of ours is listed, the newest version that is no preview is used."""
    azure.say("PUT", CLUSTER, Say(REFUSED, 400), FOUND)
    azure.say("GET", PROVIDER, listed("2022-10-01-preview", "2021-03-01", "2021-10-01"))

    assert await arm.put(CLUSTER, {"a": 1}) == FOUND
    assert azure.targets("PUT")[-1] == f"{CLUSTER}?api-version=2021-10-01"


async def test_an_unknown_type_is_looked_for_too(azure: Azure, arm: Arm) -> None:
    """ARM also says InvalidResourceType, with a 404, for a version it does not know."""
    wrong = {"error": {"code": "InvalidResourceType", "message": "No such type."}}
    azure.say("GET", CLUSTER, Say(wrong, 404))
    azure.say("GET", PROVIDER, listed())

    with pytest.raises(NotFound, match="No such type"):
        await arm.find(CLUSTER)


async def test_a_version_that_was_asked_for_is_not_replaced(azure: Azure, arm: Arm) -> None:
    """Whoever names a version gets it or an error."""
    azure.say("GET", CLUSTER, Say(REFUSED, 400))

    with pytest.raises(AzureError, match="Not that version"):
        await arm.get(CLUSTER, version="1999-01-01")

    assert azure.targets() == [f"{CLUSTER}?api-version=1999-01-01"]


async def test_a_type_without_a_pin_gets_what_is_listed(azure: Azure, arm: Arm) -> None:
    """The provider is asked before, for types that arcctl does not know."""
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Kubernetes/thingsToCome"
    azure.say("GET", path, {"value": []})
    types = [{"resourceType": "thingsToCome", "apiVersions": ["2030-01-01-preview", "2029-01-01"]}]
    azure.say("GET", PROVIDER, {"id": PROVIDER, "resourceTypes": types})

    assert [each async for each in arm.items(path)] == []

    assert azure.targets()[-1] == f"{path}?api-version=2029-01-01"


async def test_a_type_that_nobody_knows_is_an_error(azure: Azure, arm: Arm) -> None:
    """Without a pin and without a listing there is nothing to ask."""
    with pytest.raises(AzureError) as caught:
        await arm.get("/providers/Microsoft.Nothing/things")

    assert caught.value.code == "azure-no-version"
