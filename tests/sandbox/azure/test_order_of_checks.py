"""ARM's checks come in ARM's order (`arm.md` 14.2): of two mistakes the earlier one is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from arcctl.sandbox.azure import entra, seeds
from tests.sandbox.azure.client import CLUSTERS, GROUP, HARBOR, SUB, body_of_cluster

if TYPE_CHECKING:
    from arcctl.sandbox.world import World
    from tests.sandbox.azure.client import Client

LOCK = f"{GROUP}/providers/Microsoft.Authorization/locks/hold"
POLICY = f"{SUB}/providers/Microsoft.Authorization/policyAssignments/where"
ALLOWED = {"properties": {"parameters": {"listOfAllowedLocations": {"value": ["westeurope"]}}}}


class Attempt:
    """One PUT with every mistake; asking it again tells the mistake that ARM sees first."""

    def __init__(self, azure: Client) -> None:
        self.azure = azure
        self.path = HARBOR.replace("/edge/", "/nowhere/").replace(seeds.SUBSCRIPTION, "no-guid")
        self.version: str | None = None
        self.headers = {"Authorization": ""}

    async def refusal(self) -> tuple[int, str]:
        """What is wrong first."""
        body = body_of_cluster() | {"location": "atlantis"}
        answer = await self.azure.put(self.path, body, version=self.version, headers=self.headers)
        return answer.status, answer.code


async def test_mistakes_of_the_address_come_first(world: World, azure: Client) -> None:
    """Token, api-version, subscription, registration, group: as each is mended, the next."""
    attempt = Attempt(azure)
    assert await attempt.refusal() == (401, "AuthenticationFailed")
    attempt.headers = {}
    assert await attempt.refusal() == (400, "MissingApiVersionParameter")
    attempt.version = "1999-01-01"
    assert await attempt.refusal() == (400, "InvalidSubscriptionId")
    attempt.path = attempt.path.replace("no-guid", "11111111-1111-1111-1111-111111111111")
    assert await attempt.refusal() == (404, "SubscriptionNotFound")
    attempt.path = HARBOR.replace("/edge/", "/nowhere/")
    world.azure.plant({"providers": {"Microsoft.Kubernetes": "NotRegistered"}})
    assert await attempt.refusal() == (409, "MissingSubscriptionRegistration")
    world.azure.plant({"providers": {"Microsoft.Kubernetes": "Registered"}})
    assert await attempt.refusal() == (404, "ResourceGroupNotFound")


async def test_rights_come_before_what_is_asked(azure: Client) -> None:
    """Permission, policy, lock, api-version, region: as each is mended, the next."""
    await azure.put(POLICY, ALLOWED, version="2022-06-01")
    await azure.put(LOCK, {"properties": {"level": "ReadOnly"}}, version="2020-05-01")
    attempt = Attempt(azure.as_(entra.NO_RIGHTS))
    attempt.path, attempt.version, attempt.headers = HARBOR, "1999-01-01", {}

    assert await attempt.refusal() == (403, "AuthorizationFailed")
    attempt.azure = azure
    assert await attempt.refusal() == (403, "RequestDisallowedByPolicy")
    await azure.delete(POLICY, version="2022-06-01")
    assert await attempt.refusal() == (409, "ScopeLocked")
    await azure.delete(LOCK, version="2020-05-01")
    assert await attempt.refusal() == (400, "NoRegisteredProviderFound")
    attempt.version = "2026-05-01"
    assert await attempt.refusal() == (400, "LocationNotAvailableForResourceType")


async def test_the_onboarding_role_connects_and_no_more(world: World, azure: Client) -> None:
    """It may write clusters into a group that is there; not delete, not make groups."""
    client = azure.as_(entra.ONBOARDING)

    assert (await client.put(HARBOR, body_of_cluster())).status == 201
    assert (await client.get(HARBOR)).status == 200
    assert (await client.delete(HARBOR)).code == "AuthorizationFailed"
    group = await client.put(
        f"{SUB}/resourceGroups/new", {"location": "eastus"}, version="2021-04-01"
    )
    assert group.code == "AuthorizationFailed"
    register = f"{SUB}/providers/Microsoft.Kubernetes/register"
    assert (await client.post(register, version="2021-04-01")).code == "AuthorizationFailed"
    flux = f"{HARBOR}/providers/Microsoft.KubernetesConfiguration/fluxConfigurations"
    assert (await client.get(flux, version="2025-04-01")).code == "AuthorizationFailed"


async def test_a_role_counts_where_it_was_given_and_below(world: World, azure: Client) -> None:
    """A role at the group opens the group's clusters, and nothing beside it."""
    world.azure.plant({"clusters": [{"name": "far", "group": "other"}]})
    scope = f"{GROUP}/providers/Microsoft.Authorization"
    role = f"{scope}/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c"
    body = {"properties": {"roleDefinitionId": role, "principalId": entra.NO_RIGHTS.object_id}}
    name = "11111111-2222-3333-4444-555555555555"
    given = await azure.put(f"{scope}/roleAssignments/{name}", body, version="2022-04-01")
    stranger = azure.as_(entra.NO_RIGHTS)

    assert given.status == 201
    assert (await stranger.put(HARBOR, body_of_cluster())).status == 201
    other = CLUSTERS.replace("/edge/", "/other/")
    assert (await stranger.get(f"{other}/far")).code == "AuthorizationFailed"
    assert len((await stranger.get("/subscriptions", version="2022-12-01")).body["value"]) == 1


@pytest.mark.parametrize(("level", "status"), [("CanNotDelete", 200), ("ReadOnly", 409)])
async def test_locks_hold(world: World, azure: Client, level: str, status: int) -> None:
    """Either level stops a deletion, also of the group above; only ReadOnly stops a PUT."""
    await azure.put(HARBOR, body_of_cluster())
    lock = f"{HARBOR}/providers/Microsoft.Authorization/locks/hold"
    await azure.put(lock, {"properties": {"level": level}}, version="2020-05-01")

    deleted = await azure.delete(HARBOR)
    assert (deleted.status, deleted.code) == (409, "ScopeLocked")
    assert (await azure.delete(GROUP, version="2021-04-01")).code == "ScopeLocked"
    assert (await azure.put(HARBOR, body_of_cluster())).status == status

    await azure.delete(lock, version="2020-05-01")
    assert (await azure.delete(HARBOR)).status == 202


async def test_permissions_tell_what_the_caller_may(azure: Client) -> None:
    """The permissions of a scope are those of the caller's roles there."""
    path = f"{GROUP}/providers/Microsoft.Authorization/permissions"
    full = await azure.get(path, version="2022-04-01")
    little = await azure.as_(entra.ONBOARDING).get(path, version="2022-04-01")

    assert full.body["value"][0]["actions"] == ["*"]
    assert "Microsoft.Kubernetes/connectedClusters/Write" in little.body["value"][0]["actions"]


async def test_a_policy_can_be_asked_before(azure: Client) -> None:
    """checkPolicyRestrictions names the locations that would be allowed."""
    await azure.put(POLICY, ALLOWED, version="2022-06-01")
    path = f"{GROUP}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
    content = {"resourceDetails": {"resourceContent": {"location": "East US"}}}
    answer = (await azure.post(path, content, version="2022-03-01")).body

    assert answer["fieldRestrictions"][0]["restrictions"][0]["values"] == ["westeurope"]
    assert answer["contentEvaluationResult"]["policyEvaluations"]


async def test_an_unregistered_provider_can_be_registered(world: World, azure: Client) -> None:
    """The refusal ends with the namespace in quotes; registration takes a few looks."""
    world.azure.plant({"providers": {"Microsoft.Kubernetes": "NotRegistered"}})
    refused = await azure.put(HARBOR, body_of_cluster())
    assert refused.body["error"]["message"].split("'")[-2] == "Microsoft.Kubernetes"

    world.faults.add({"service": "arm", "action": {"register_polls": 2}})
    provider = f"{SUB}/providers/Microsoft.Kubernetes"
    await azure.post(f"{provider}/register", version="2021-04-01")
    states = [
        (await azure.get(provider, version="2021-04-01")).body["registrationState"]
        for _ in range(3)
    ]

    assert states == ["Registering", "Registering", "Registered"]
    assert (await azure.put(HARBOR, body_of_cluster())).status == 201


async def test_a_provider_is_registered_in_each_subscription(world: World, azure: Client) -> None:
    """In one it may be, and in another not."""
    other = f"/subscriptions/{seeds.SECOND_SUBSCRIPTION}"
    state = {f"{seeds.SECOND_SUBSCRIPTION}/Microsoft.Kubernetes": "NotRegistered"}
    world.azure.plant({"providers": state})
    states = [
        (await azure.get(f"{where}/providers/Microsoft.Kubernetes", version="2021-04-01")).body[
            "registrationState"
        ]
        for where in (SUB, other)
    ]

    assert states == ["Registered", "NotRegistered"]


async def test_a_provider_lists_regions_and_versions(world: World, azure: Client) -> None:
    """Display names, newest version first; a planned gap is left out and refuses a PUT."""
    gap = {"type": "Microsoft.Kubernetes/connectedClusters", "region": "East US"}
    world.faults.add({"service": "arm", "action": {"region_without": gap}})
    provider = await azure.get(f"{SUB}/providers/microsoft.kubernetes", version="2024-11-01")
    clusters = provider.body["resourceTypes"][0]

    assert clusters["resourceType"] == "connectedClusters"
    assert clusters["apiVersions"][0] == "2026-05-01"
    assert "West Europe" in clusters["locations"]
    assert "East US" not in clusters["locations"]
    refused = await azure.put(HARBOR, body_of_cluster())
    assert refused.code == "LocationNotAvailableForResourceType"
