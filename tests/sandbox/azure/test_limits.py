"""ARM counts requests, if a scenario wants it to (`arm.md` 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.sandbox.azure import entra
from tests.sandbox.azure.client import GROUP, HARBOR, SUB

if TYPE_CHECKING:
    from arcctl.sandbox.world import World
    from tests.sandbox.azure.client import Client

V = "2021-04-01"


async def test_nothing_is_limited_unless_wanted(azure: Client) -> None:
    """Three hundred reads in a row are all answered."""
    statuses = {(await azure.get(GROUP, version=V)).status for _ in range(300)}

    assert statuses == {200}


async def test_a_bucket_empties_and_fills_again(world: World, azure: Client) -> None:
    """429 with code and Retry-After; after that time the same request is let in."""
    world.azure.plant({"throttle": {"deletes": [3, 0.5]}})
    path = f"{HARBOR}-none"
    answers = [await azure.delete(path) for _ in range(4)]
    name = "x-ms-ratelimit-remaining-subscription-deletes"

    assert [each.status for each in answers] == [204, 204, 204, 429]
    assert [each.headers.get(name) for each in answers] == ["2", "1", "0", None]
    assert answers[-1].code == "SubscriptionRequestsThrottled"
    wait = int(answers[-1].headers["Retry-After"])
    assert 1 <= wait <= 2
    world.clock.advance(wait)
    assert (await azure.delete(path)).status == 204


async def test_reads_writes_and_principals_have_buckets_of_their_own(
    world: World, azure: Client
) -> None:
    """One that is empty does not stop the others; the tenant's is told apart in the code."""
    world.azure.plant({"throttle": {"writes": [1, 0.01], "reads": [2, 0.01]}})
    tags = {"location": "eastus", "tags": {"a": "b"}}
    assert (await azure.put(GROUP, tags, version=V)).status == 200
    assert (await azure.put(GROUP, tags, version=V)).status == 429
    assert (await azure.get(GROUP, version=V)).status == 200

    person = azure.as_(entra.PERSON)
    assert (await person.put(GROUP, tags, version=V)).status == 200
    assert (await person.get(f"{SUB}/providers/Microsoft.Kubernetes", version=V)).status == 200
    tenant = [await azure.get("/subscriptions", version="2022-12-01") for _ in range(3)]
    assert [each.status for each in tenant] == [200, 200, 429]
    assert tenant[-1].code == "TenantRequestsThrottled"


async def test_real_limits_are_those_of_arm(world: World, azure: Client) -> None:
    """Two hundred writes at once, and then ten a second."""
    world.azure.plant({"throttle": True})
    statuses = [(await azure.delete(f"{HARBOR}-none")).status for _ in range(230)]

    assert statuses[:200] == [204] * 200
    assert 429 in statuses[200:]
