"""What hangs on the resource, and whether it may be put back."""

from __future__ import annotations

from typing import Any

import pytest
from arcctl.checks.move import attached
from arcctl.model.plan import Fate
from tests.checks.move.sights import Around, Told, Wish, codes

STORAGE = "/subscriptions/s-1/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/logs"
HUB = "/subscriptions/s-1/resourceGroups/logs/providers/Microsoft.EventHub/namespaces/hub"


def setting(**properties: Any) -> dict[str, Any]:
    """A diagnostic setting."""
    return {"name": "to-logs", "properties": properties}


async def test_what_hangs_on_it_is_put_back() -> None:
    """Each kind is counted and named."""
    some = [{"name": "one"}, {"name": "two"}]
    sight = Told(
        diagnostic_settings=some,
        data_collection=some,
        policy_assignments=some,
        policy_exemptions=some,
    )
    rows = [row for ask in attached.ASKED for row in await ask(sight)]

    assert {row.fate for row in rows} == {Fate.RESTORED}
    assert [row.subject for row in rows] == [
        "2 diagnostic settings",
        "2 data collection associations",
        "2 policy assignments",
        "2 policy exemptions",
    ]


@pytest.mark.parametrize(
    ("properties", "place"),
    [
        ({"storageAccountId": STORAGE}, STORAGE),
        ({"eventHubAuthorizationRuleId": f"{HUB}/authorizationRules/send"}, HUB),
        ({"eventHubAuthorizationRuleId": f"{HUB}/authorizationrules/send"}, HUB),
    ],
)
@pytest.mark.parametrize(("region", "blocked"), [("East US", True), ("West Europe", False)])
async def test_a_destination_must_lie_in_the_region(
    properties: dict[str, Any], place: str, region: str, blocked: bool
) -> None:
    """Storage and event hubs take logs of their own region only."""
    around = Around(objects={place: {"location": region}})
    rows = await attached.diagnostics(
        Told(clients=around, diagnostic_settings=[setting(**properties)])
    )

    assert ("diagnostic-region" in codes(rows)) == blocked


async def test_a_workspace_serves_every_region() -> None:
    """Log Analytics is not bound to the cluster's region."""
    found = [setting(workspaceId="/subscriptions/s-1/…/workspaces/logs")]

    assert codes(await attached.diagnostics(Told(diagnostic_settings=found))) == [
        "diagnostic-settings"
    ]


@pytest.mark.parametrize(("region", "noted"), [("East US", True), ("West Europe", False)])
async def test_an_endpoint_elsewhere_is_noted(region: str, noted: bool) -> None:
    """It belongs into the region of cluster or workspace, which a person must judge."""
    around = Around(objects={"/x/endpoints/dce": {"location": region}})
    association = {
        "name": "configuration",
        "properties": {"dataCollectionEndpointId": "/x/endpoints/dce"},
    }
    rows = await attached.data_collection(Told(clients=around, data_collection=[association]))

    assert codes(rows) == ["data-collection", *["data-collection-region"] * noted]


CONTRIBUTOR = [{"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]}]


@pytest.mark.parametrize(
    ("said", "wish", "blocked"),
    [
        ({"role_assignments": [{}]}, Wish(), True),
        ({"policy_exemptions": [{}]}, Wish(), True),
        ({"diagnostic_settings": [{}]}, Wish(), False),
        ({"identity_assignments": [{}]}, Wish(), False),
        ({"identity_assignments": [{}]}, Wish(reassign_identities=True), True),
        ({}, Wish(), False),
    ],
)
async def test_whoever_may_not_put_it_back_is_told_before(
    said: dict[str, Any], wish: Wish, blocked: bool
) -> None:
    """A Contributor may make clusters but no role assignments."""
    rows = await attached.may_put_back(Told(wish, permissions=CONTRIBUTOR, **said))

    assert codes(rows) == ["cannot-restore"] * blocked
