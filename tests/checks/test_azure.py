"""Questions about the Azure side: providers, region, permission, the region's services."""

from __future__ import annotations

from typing import Any

import pytest
from arcctl.checks import azure
from arcctl.errors import AccessError, AzureError, UsageError
from arcctl.model.finding import Verdict
from tests.checks.sights import HARBOR, Seen, World, provider

PERMISSIONS = f"{HARBOR.group_path}/providers/Microsoft.Authorization/permissions"
ABOVE = "/subscriptions/s-1/providers/Microsoft.Authorization/permissions"
GROUP = {HARBOR.group_path: {"location": "West Europe"}}
SCOPE = "/subscriptions/s-1/scope"


@pytest.mark.parametrize(
    ("state", "needed", "verdict"),
    [
        ("Registered", True, Verdict.PASS),
        ("Registering", True, Verdict.PASS),
        ("NotRegistered", True, Verdict.FAIL),
        ("Unregistering", True, Verdict.FAIL),
        ("NotRegistered", False, Verdict.WARN),
    ],
)
async def test_a_provider_must_be_registered(state: str, needed: bool, verdict: Verdict) -> None:
    """Registering is good enough (trap 23); one that is only useful is noted."""
    sight = Seen(World(), Kubernetes=provider(state))
    answer = await azure.registered(azure.KUBERNETES, needed=needed).ask(sight)

    assert answer.verdict is verdict
    assert verdict is Verdict.PASS or any("az provider register" in each for each in answer.remedy)


@pytest.mark.parametrize(
    ("asked", "offered", "verdict"),
    [
        ("westeurope", ["West Europe", "East US"], Verdict.PASS),
        ("West Europe", ["westeurope"], Verdict.PASS),
        ("westeurope", [], Verdict.PASS),
        ("westeurop", ["West Europe", "East US"], Verdict.FAIL),
    ],
)
async def test_the_providers_list_decides_on_the_region(
    asked: str, offered: list[str], verdict: Verdict
) -> None:
    """Display names and short names are one; no list is no refusal."""
    sight = Seen(World(), asked, Kubernetes=provider("Registered", *offered))

    assert (await azure.region_offered.ask(sight)).verdict is verdict


async def test_a_misspelt_region_gets_its_neighbours_and_the_list() -> None:
    """The nearest names first, then all of them."""
    sight = Seen(World(), "westeurop", Kubernetes=provider("Registered", "West Europe", "East US"))
    answer = await azure.region_offered.ask(sight)

    assert isinstance(answer.error, UsageError)
    assert answer.error.why == ("did you mean westeurope?", "offered in eastus, westeurope")
    assert answer.error.code == "AZK8S0104"


@pytest.mark.parametrize(
    ("permissions", "verdict"),
    [
        ([{"actions": ["*"], "notActions": []}], Verdict.PASS),
        ([{"actions": ["*/write"]}], Verdict.PASS),
        ([{"actions": ["microsoft.kubernetes/ConnectedClusters/*"]}], Verdict.PASS),
        ([{"actions": ["*/read"]}], Verdict.FAIL),
        ([{"actions": ["*"], "notActions": ["Microsoft.Kubernetes/*/write"]}], Verdict.FAIL),
        (
            [
                {"actions": ["*"], "notActions": ["Microsoft.Kubernetes/*"]},
                {"actions": ["Microsoft.Kubernetes/connectedClusters/write"]},
            ],
            Verdict.PASS,
        ),
        ([], Verdict.FAIL),
        (AccessError("no right to read them"), Verdict.SKIP),
    ],
)
async def test_permissions_are_judged_as_azure_judges_them(
    permissions: Any, verdict: Verdict
) -> None:
    """Each grant less its own exceptions; one that allows is enough; the unreadable is skipped."""
    world = World(objects=GROUP, lists={PERMISSIONS: permissions})

    assert (await azure.may_register.ask(Seen(world))).verdict is verdict


@pytest.mark.parametrize(
    ("actions", "lacks"),
    [
        (["*"], ""),
        (["Microsoft.Kubernetes/*"], "does not exist, and you may not create it"),
        (["Microsoft.Resources/*"], "you may not create connected clusters"),
    ],
)
async def test_a_group_to_come_needs_the_right_to_make_it(actions: list[str], lacks: str) -> None:
    """Both rights are then looked for in the subscription."""
    answer = await azure.may_register.ask(Seen(World(lists={ABOVE: [{"actions": actions}]})))

    assert answer.verdict is (Verdict.FAIL if lacks else Verdict.PASS)
    assert lacks in answer.detail


async def test_the_regions_service_must_answer() -> None:
    """In the region of the group, where no other was said."""
    assert (await azure.data_plane.ask(Seen(World(objects=GROUP)))).detail == "westeurope"
    with pytest.raises(AzureError, match="does not answer"):
        await azure.data_plane.ask(
            Seen(World(objects=GROUP | {"westeurope": AzureError("it does not answer")}))
        )


@pytest.mark.parametrize(
    ("place", "verdict"),
    [("West Europe", Verdict.PASS), ("westeurope", Verdict.PASS), ("eastus", Verdict.FAIL)],
)
async def test_a_private_link_scope_lies_in_the_region(place: str, verdict: Verdict) -> None:
    """Elsewhere it could not be used."""
    sight = Seen(World(objects={SCOPE: {"location": place}}), "westeurope")

    assert (await azure.private_link_scope(SCOPE).ask(sight)).verdict is verdict
