"""One 404 is not absence: it is asked again, a second later, over another connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from arcctl.errors import AzureError, NotFound
from tests.clients.arm.server import CLUSTER, FOUND, Azure, Say

if TYPE_CHECKING:
    from arcctl.clients.arm import Arm

GONE = Say({"error": {"code": "ResourceNotFound", "message": "There is none."}}, 404)
NOWHERE = Say({"error": {"code": "SubscriptionNotFound", "message": "None of that id."}}, 404)
NEVER = Say({"error": {"code": "Down", "message": "Down."}}, 500)


async def test_a_replica_that_is_behind_is_not_believed(azure: Azure, arm: Arm) -> None:
    """The second look finds it, and went over a connection of its own."""
    azure.say("GET", CLUSTER, GONE, FOUND)

    assert await arm.find(CLUSTER) == FOUND
    first, second = azure.asked
    assert first.peer != second.peer
    assert first.token == second.token


async def test_two_looks_that_find_nothing_are_absence(azure: Azure, arm: Arm) -> None:
    """No third is taken."""
    azure.say("GET", CLUSTER, GONE)

    assert await arm.find(CLUSTER) is None
    assert len(azure.asked) == 2


async def test_what_is_there_is_asked_for_once(azure: Azure, arm: Arm) -> None:
    """Certainty costs nothing where there is no doubt."""
    azure.say("GET", CLUSTER, FOUND)

    assert await arm.find(CLUSTER) == FOUND
    assert len(azure.asked) == 1


async def test_an_unknown_subscription_is_asked_for_twice_too(azure: Azure, arm: Arm) -> None:
    """It is an error still, and not on the word of one look."""
    azure.say("GET", CLUSTER, NOWHERE, FOUND)
    assert await arm.find(CLUSTER) == FOUND

    azure.say_only("GET", CLUSTER, NOWHERE)
    with pytest.raises(NotFound, match="None of that id"):
        await arm.find(CLUSTER)


@pytest.mark.parametrize("second", [NEVER, Say(raw="<html>"), Say({}), Say(None, 404)])
async def test_a_second_look_that_fails_proves_nothing(azure: Azure, arm: Arm, second: Say) -> None:
    """Doubt is an error, not absence."""
    azure.say("GET", CLUSTER, GONE, second)

    with pytest.raises(AzureError):
        await arm.find(CLUSTER)
