"""What stands on the cluster, or names it."""

from __future__ import annotations

from typing import Any

import pytest
from arcctl.checks.move import dependants
from arcctl.model.plan import Fate
from tests.checks.move.sights import DEPOT, Told, Wish, codes, resource

LOCATION = {"id": "/subscriptions/s-1/…/customLocations/harbor", "name": "harbor"}
WEB = {
    "id": "/x/connectedEnvironments/web",
    "name": "web",
    "type": "microsoft.app/connectedenvironments",
}
SCOPE = "/subscriptions/s-1/…/privateLinkScopes/east"
NEW_SCOPE = "/subscriptions/s-1/…/privateLinkScopes/west"
GATEWAY = "/subscriptions/s-1/…/gateways/gate"


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        ([WEB], "connectedenvironments/web"),
        ([], "nothing stands on them"),
        (None, "not known"),
    ],
)
async def test_custom_locations_block(standing: Any, words: str) -> None:
    """What stands on them is named, or that it cannot be known; it may be let pass."""
    sight = Told(custom_locations=[LOCATION], on_custom_locations=standing)
    [row] = await dependants.custom_locations(sight)

    assert row.code == "custom-locations"
    assert words in row.detail
    assert row.remedy[-1] == "--accept custom-locations"


async def test_what_others_keep_below_it_is_lost() -> None:
    """It goes with the resource, and arcctl does not know how to make it."""
    [row] = await dependants.below(Told(sub_resources=[{"name": "lb", "type": "x/loadBalancers"}]))

    assert row.fate is Fate.LOST
    assert row.detail == "loadBalancers/lb"


async def test_ids_elsewhere_stay_valid_in_place_only() -> None:
    """Under another id they must be changed."""
    stay = await dependants.naming(Told(references=[WEB]))
    change = await dependants.naming(Told(Wish(target=DEPOT), references=[WEB]))

    assert [row.fate for row in (*stay, *change)] == [Fate.NOTED, Fate.CHANGES]


async def test_custom_locations_are_told_once() -> None:
    """They name the cluster too, and have a row of their own."""
    sight = Told(references=[LOCATION], custom_locations=[LOCATION])

    assert await dependants.naming(sight) == []


async def test_without_resource_graph_it_is_said() -> None:
    """The slower path sees less, so a person must know which one was taken."""
    [row] = await dependants.naming(Told(references=None, graph_refusal="not permitted"))

    assert row.code == "graph-unread"
    assert "not permitted" in row.detail


@pytest.mark.parametrize(
    ("old", "asked", "location", "expected"),
    [
        ("", None, None, []),
        (SCOPE, None, "East US", ["private-link-region"]),
        (SCOPE, NEW_SCOPE, "West Europe", ["private-link"]),
        (SCOPE, NEW_SCOPE, None, ["private-link-region"]),
        (SCOPE, None, "West Europe", ["private-link"]),
        ("", NEW_SCOPE, "West Europe", ["private-link"]),
    ],
    ids=["none", "the old one", "a new one", "not there", "there already", "first one"],
)
async def test_a_private_link_scope_serves_its_own_region(
    old: str, asked: str | None, location: str | None, expected: list[str]
) -> None:
    """A scope of the target's region must be named."""
    state = {"privateLinkState": "Enabled", "privateLinkScopeResourceId": old} if old else {}
    sight = Told(
        Wish(private_link_scope=asked),
        resource=resource(**state),
        target_scope={"location": location} if location else None,
    )

    assert codes(await dependants.private_link(sight)) == expected


@pytest.mark.parametrize(
    ("enabled", "linked", "asked", "fate"),
    [
        (False, "", None, None),
        (True, GATEWAY, None, Fate.CARRIED),
        (True, GATEWAY, GATEWAY.upper(), Fate.CARRIED),
        (True, "", None, Fate.BLOCKS),
        (True, "", GATEWAY, Fate.CHANGES),
        (False, "", GATEWAY, Fate.CHANGES),
    ],
)
async def test_the_gateway_must_be_known(
    enabled: bool, linked: str, asked: str | None, fate: Fate | None
) -> None:
    """It serves any region; its link is not in the resource's body."""
    sight = Told(
        Wish(gateway=asked), resource=resource(gateway={"enabled": enabled}), gateway=linked
    )
    rows = await dependants.gateway(sight)

    assert [row.fate for row in rows] == ([fate] if fate else [])


async def test_history_stays_behind() -> None:
    """Said in every plan, because nothing brings it back."""
    [row] = await dependants.history(Told())

    assert row.fate is Fate.LOST
