"""Azure Policy denies, spares, is asked beforehand, and installs (`arm.md` 11, 12.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.azure import entra
from tests.sandbox.azure.client import GROUP, HARBOR, SUB, body_of_cluster

if TYPE_CHECKING:
    from arcctl.sandbox.world import World
    from tests.sandbox.azure.client import Client

EXT = "2025-03-01"
EXTENSIONS = f"{HARBOR}/providers/Microsoft.KubernetesConfiguration/extensions"
ASSIGNMENTS = "providers/Microsoft.Authorization/policyAssignments"
ASK = "providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
WEST = body_of_cluster() | {"location": "westeurope"}


def policies(world: World, *entries: dict[str, Any]) -> None:
    """Assign policies, in the short words of a scenario."""
    world.azure.plant({"policies": list(entries)})


@pytest.mark.parametrize("on", ["", "edge"])
@pytest.mark.parametrize("words", [{"allow": ["East US"]}, {"deny": ["westeurope"]}])
async def test_a_region_can_be_denied(
    world: World, azure: Client, on: str, words: dict[str, Any]
) -> None:
    """At the group or above it; the refusal names the assignment and what it found."""
    policies(world, {"on": on, "name": "where", **words})
    refused = await azure.put(HARBOR, WEST)
    violation = refused.body["error"]["additionalInfo"][0]["info"]

    assert (refused.status, refused.code) == (403, "RequestDisallowedByPolicy")
    assert violation["policyAssignmentName"] == "where"
    assert violation["evaluationDetails"]["evaluatedExpressions"][0]["expressionValue"] == (
        "westeurope"
    )
    assert (await azure.put(HARBOR, body_of_cluster())).status == 201


async def test_a_type_can_be_denied(world: World, azure: Client) -> None:
    """Clusters may come, extensions may not."""
    kind = "Microsoft.KubernetesConfiguration/extensions"
    policies(world, {"name": "no-extensions", "forbidTypes": [kind]})
    await azure.put(HARBOR, body_of_cluster())
    body = {"properties": {"extensionType": "microsoft.dapr"}}
    refused = await azure.put(f"{EXTENSIONS}/dapr", body, version=EXT)

    assert refused.code == "RequestDisallowedByPolicy"


async def test_a_policy_spares_whom_it_exempts(world: World, azure: Client) -> None:
    """By an exemption, by an excluded scope, or because it is not enforced."""
    policies(world, {"name": "where", "allow": ["eastus"]})
    assert (await azure.put(HARBOR, WEST)).status == 403
    world.azure.plant({"exemptions": [{"on": "edge", "policy": "where"}]})
    assert (await azure.put(HARBOR, WEST)).status == 201


@pytest.mark.parametrize(
    "more", [{"enforcementMode": "DoNotEnforce"}, {"notScopes": [GROUP]}], ids=str
)
async def test_an_assignment_can_spare_a_scope(azure: Client, more: dict[str, Any]) -> None:
    """As its own words say."""
    parameters = {"listOfAllowedLocations": {"value": ["eastus"]}}
    sent = {"properties": {"parameters": parameters, **more}}
    await azure.put(f"{SUB}/{ASSIGNMENTS}/where", sent, version="2022-06-01")

    assert (await azure.put(HARBOR, WEST)).status == 201


async def test_groups_have_a_policy_of_their_own(azure: Client) -> None:
    """The policy for groups says nothing of clusters, and the other way round."""
    parameters = {"listOfAllowedLocations": {"value": ["eastus"]}}
    definition = (
        "/providers/Microsoft.Authorization/policyDefinitions/e765b5de-1225-4ba3-bd56-1ac6695af988"
    )
    sent = {"properties": {"policyDefinitionId": definition, "parameters": parameters}}
    await azure.put(f"{SUB}/{ASSIGNMENTS}/groups", sent, version="2022-06-01")
    group = await azure.put(
        f"{SUB}/resourceGroups/depot", {"location": "westeurope"}, version="2021-04-01"
    )

    assert group.code == "RequestDisallowedByPolicy"
    assert (await azure.put(HARBOR, WEST)).status == 201


async def asked(azure: Client, scope: str, content: Any, **more: Any) -> Any:
    """What checkPolicyRestrictions says."""
    sent = {"resourceDetails": {"resourceContent": content, "apiVersion": "2026-05-01"}, **more}
    return (await azure.post(f"{scope}/{ASK}", sent, version="2022-03-01")).body


@pytest.mark.parametrize("scope", [SUB, GROUP])
async def test_a_policy_can_be_asked_beforehand(world: World, azure: Client, scope: str) -> None:
    """What would be denied is an evaluation; what would be required is a restriction."""
    policies(world, {"name": "where", "allow": ["eastus", "northeurope"]})
    kind = "Microsoft.Kubernetes/connectedClusters"
    content = {"type": kind, "name": "harbor", "location": "westeurope"}
    denied = await asked(azure, scope, content)
    allowed = await asked(azure, scope, content | {"location": "eastus"})

    evaluations = denied["contentEvaluationResult"]["policyEvaluations"]
    assert [each["evaluationResult"] for each in evaluations] == ["NonCompliant"]
    assert evaluations[0]["policyInfo"]["policyAssignmentId"].endswith("/where")
    assert denied["fieldRestrictions"][0]["restrictions"][0]["values"] == ["eastus", "northeurope"]
    assert allowed["contentEvaluationResult"]["policyEvaluations"] == []


async def test_values_in_question_are_sorted_out(world: World, azure: Client) -> None:
    """Of the values that are offered those are named that a policy denies."""
    policies(world, {"name": "where", "deny": ["westeurope"]})
    pending = [{"field": "location", "values": ["westeurope", "eastus"]}, {"field": "tags"}]
    found = await asked(azure, GROUP, {}, pendingFields=pending)
    (field,) = found["fieldRestrictions"]

    assert field["field"] == "location"
    assert field["restrictions"][0]["result"] == "Deny"
    assert field["restrictions"][0]["values"] == ["westeurope"]


async def test_asking_a_policy_is_reading(world: World, azure: Client) -> None:
    """A read-only lock does not forbid it; a caller without any role may not; nor if planned."""
    world.azure.plant({"locks": [{"on": "edge", "level": "ReadOnly"}]})
    content = {"resourceDetails": {"resourceContent": {"location": "eastus"}}}
    path = f"{GROUP}/{ASK}"
    assert (await azure.post(path, content, version="2022-03-01")).status == 200
    stranger = azure.as_(entra.NO_RIGHTS)
    assert (await stranger.post(path, content, version="2022-03-01")).status == 403

    world.faults.add({"service": "arm", "path": "checkPolicy", "action": {"forbid": True}})
    assert (await azure.post(path, content, version="2022-03-01")).status == 403


async def test_assignments_are_listed_with_what_is_inherited(world: World, azure: Client) -> None:
    """At a cluster one sees those of the group and of the subscription too, and exemptions."""
    policies(world, {"name": "a", "allow": ["eastus"]}, {"on": "edge", "name": "b", "deny": []})
    world.azure.plant({"exemptions": [{"on": "edge", "policy": "a"}]})
    await azure.put(HARBOR, body_of_cluster())
    found = await azure.get(f"{HARBOR}/{ASSIGNMENTS}?$filter=atScope()", version="2022-06-01")
    spared = await azure.get(
        f"{HARBOR}/providers/Microsoft.Authorization/policyExemptions", version="2022-07-01-preview"
    )

    assert sorted(each["name"] for each in found.body["value"]) == ["a", "b"]
    definitions = {each["properties"]["policyDefinitionId"] for each in found.body["value"]}
    assert len(definitions) == 2
    assert [each["name"] for each in spared.body["value"]] == ["without-a"]


async def test_a_policy_puts_an_extension_on_every_new_cluster(world: World, azure: Client) -> None:
    """It comes once the cluster is there, after its time, and not where such a one is already."""
    deploy = {"extensionType": "microsoft.policyinsights", "extensionName": "azurepolicy"}
    policies(world, {"name": "deploy", "deploy": deploy | {"afterSeconds": 60}})
    await azure.put(HARBOR, body_of_cluster())
    assert (await azure.get(EXTENSIONS, version=EXT)).body["value"] == []
    world.clock.advance(60)
    (found,) = (await azure.get(EXTENSIONS, version=EXT)).body["value"]
    assert found["name"] == "azurepolicy"
    assert found["properties"]["extensionType"] == "microsoft.policyinsights"

    await azure.put(HARBOR, body_of_cluster())
    world.clock.advance(60)
    assert len((await azure.get(EXTENSIONS, version=EXT)).body["value"]) == 1
