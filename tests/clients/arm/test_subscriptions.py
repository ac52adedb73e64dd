"""Which subscription is meant (`arm.md` 9)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.clients.subscriptions import Subscription, look_up, resolve
from arcctl.errors import AccessError, NotFound, UsageError
from tests.clients.arm.server import SUBSCRIPTION, TENANT, Azure

if TYPE_CHECKING:
    from arcctl.clients.arm import Arm
    from arcctl.settings import Settings

OTHER = "22222222-0000-4000-8000-000000000002"


def seen(identifier: str, name: str, state: str = "Enabled") -> dict[str, Any]:
    """A subscription as ARM lists it."""
    return {
        "id": f"/subscriptions/{identifier}",
        "subscriptionId": identifier,
        "displayName": name,
        "state": state,
        "tenantId": TENANT,
    }


EDGE, DEPOT = seen(SUBSCRIPTION, "Edge"), seen(OTHER, "Depot")


async def test_an_id_is_taken_without_a_request(azure: Azure, arm: Arm, settings: Settings) -> None:
    """A GUID needs no looking up."""
    found = await resolve(arm, replace(settings, subscription=OTHER.upper()))

    assert found == Subscription(OTHER.upper(), tenant=TENANT)
    assert azure.asked == []


async def test_a_name_is_looked_up(azure: Azure, arm: Arm, settings: Settings) -> None:
    """In any case, over all pages."""
    link = f"{azure.url}/subscriptions?page=2"
    azure.say("GET", "/subscriptions", {"value": [EDGE], "nextLink": link}, {"value": [DEPOT]})

    found = await resolve(arm, replace(settings, subscription="depot"))

    assert found == Subscription(OTHER, "Depot", TENANT)
    assert azure.targets()[0] == "/subscriptions?api-version=2022-12-01"


async def test_an_unknown_name_lists_the_known(azure: Azure, arm: Arm, settings: Settings) -> None:
    """Exit code 3, and what there is."""
    azure.say("GET", "/subscriptions", {"value": [EDGE, DEPOT]})

    with pytest.raises(NotFound, match="no subscription is called Harbour") as caught:
        await resolve(arm, replace(settings, subscription="Harbour"))

    assert caught.value.why == (f"Depot  {OTHER}", f"Edge  {SUBSCRIPTION}")


async def test_two_of_one_name_must_be_told_apart(
    azure: Azure, arm: Arm, settings: Settings
) -> None:
    """Names are not unique; ids are."""
    azure.say("GET", "/subscriptions", {"value": [EDGE, seen(OTHER, "edge")]})

    with pytest.raises(UsageError, match="2 subscriptions are called Edge"):
        await resolve(arm, replace(settings, subscription="Edge"))


async def test_the_only_one_is_meant(azure: Azure, arm: Arm, settings: Settings) -> None:
    """Without a name, the one enabled subscription is it; disabled ones do not count."""
    azure.say("GET", "/subscriptions", {"value": [seen(OTHER, "Old", "Disabled"), EDGE]})

    assert (await resolve(arm, replace(settings, subscription=None))).name == "Edge"


async def test_several_must_be_chosen_from(azure: Azure, arm: Arm, settings: Settings) -> None:
    """Nothing is guessed: a usage error lists them."""
    azure.say("GET", "/subscriptions", {"value": [EDGE, DEPOT]})

    with pytest.raises(UsageError, match="2 subscriptions to choose from") as caught:
        await resolve(arm, replace(settings, subscription=None))

    assert "--subscription" in caught.value.hints[0]


async def test_none_at_all_is_an_access_error(azure: Azure, arm: Arm, settings: Settings) -> None:
    """Signed in, but without a role anywhere."""
    azure.say("GET", "/subscriptions", {"value": []})

    with pytest.raises(AccessError, match="sees no enabled subscription"):
        await resolve(arm, replace(settings, subscription=None))


async def test_a_disabled_one_is_told(azure: Azure, arm: Arm, settings: Settings) -> None:
    """By name or looked up by id."""
    old = seen(OTHER, "Old", "Disabled")
    azure.say("GET", "/subscriptions", {"value": [old]})
    azure.say("GET", f"/subscriptions/{OTHER}", old)

    with pytest.raises(AccessError, match="subscription Old is Disabled"):
        await resolve(arm, replace(settings, subscription="Old"))
    with pytest.raises(AccessError, match="subscription Old is Disabled"):
        await look_up(arm, OTHER)


async def test_name_and_tenant_of_an_id_can_be_looked_up(azure: Azure, arm: Arm) -> None:
    """Asked only by those who print them."""
    azure.say("GET", f"/subscriptions/{SUBSCRIPTION}", EDGE)

    assert await look_up(arm, SUBSCRIPTION) == Subscription(SUBSCRIPTION, "Edge", TENANT)
