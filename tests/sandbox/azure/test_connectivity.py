"""Heartbeats, and what becomes of a cluster that sends none (`arc.md` B1, B2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from arcctl.sandbox.azure import connectivity, seeds
from tests.sandbox.azure.client import HARBOR, body_of_cluster

if TYPE_CHECKING:
    from arcctl.sandbox.world import World
    from tests.sandbox.azure.client import Client

FACTS = {"agentVersion": "1.36.1", "kubernetesVersion": "1.36.3", "totalNodeCount": 3}
DAY = 24 * 3600


async def status(azure: Client, version: str = "2026-05-01") -> str:
    """What ARM says of the cluster."""
    return (await azure.get(HARBOR, version=version)).body["properties"]["connectivityStatus"]


async def test_a_heartbeat_connects(world: World, azure: Client) -> None:
    """Versions, counts, times and the service's own name appear."""
    await azure.put(HARBOR, body_of_cluster())
    answer = world.azure.heartbeat(HARBOR, public_key=seeds.public_key(), facts=FACTS)
    body = (await azure.get(HARBOR)).body

    assert answer.accepted
    assert body["properties"].items() >= (FACTS | {"connectivityStatus": "Connected"}).items()
    assert body["properties"]["lastConnectivityTime"].endswith("Z")
    assert body["systemData"]["lastModifiedBy"] == connectivity.SERVICE_APP


async def test_another_key_is_not_heard(world: World, azure: Client) -> None:
    """Only the private half of the registered key may speak."""
    await azure.put(HARBOR, body_of_cluster())
    answer = world.azure.heartbeat(HARBOR, public_key="another", facts=FACTS)

    assert not answer.accepted
    assert await status(azure) == "Connecting"


async def test_silence_is_offline_and_then_expired(world: World, azure: Client) -> None:
    """15 minutes without a heartbeat, and 90 days without a new certificate."""
    await azure.put(HARBOR, body_of_cluster())
    world.azure.heartbeat(HARBOR, public_key=None, facts=FACTS)
    world.clock.advance(14 * 60)
    assert await status(azure) == "Connected"
    world.clock.advance(60)
    assert await status(azure) == "Offline"
    world.clock.advance(90 * DAY)
    assert await status(azure) == "Expired"

    refused = world.azure.heartbeat(HARBOR, public_key=None, facts=FACTS)
    assert "expired" in refused.reason


async def test_a_certificate_is_renewed_in_its_last_weeks(world: World, azure: Client) -> None:
    """From day 46 on a heartbeat gives another 90 days."""
    await azure.put(HARBOR, body_of_cluster())
    first = world.azure.heartbeat(HARBOR, public_key=None, facts=FACTS).certificate_expires
    world.clock.advance(45 * DAY)
    second = world.azure.heartbeat(HARBOR, public_key=None, facts=FACTS).certificate_expires
    world.clock.advance(2 * DAY)
    third = world.azure.heartbeat(HARBOR, public_key=None, facts=FACTS).certificate_expires

    assert first == second
    assert third is not None
    assert second is not None
    assert third > second


async def test_a_cluster_without_agents_says_so(world: World, azure: Client) -> None:
    """AgentNotInstalled where the api-version has the word, else Connecting."""
    world.azure.plant(
        {"clusters": [{"name": "harbor", "group": "edge", "state": "AgentNotInstalled"}]}
    )

    assert await status(azure) == "AgentNotInstalled"
    assert await status(azure, "2024-07-01-preview") == "Connecting"
    world.azure.heartbeat(HARBOR, public_key=None, facts=FACTS)
    assert await status(azure) == "Connected"


@pytest.mark.parametrize("state", ["Connected", "Connecting", "Offline", "Expired"])
async def test_a_seeded_state_is_shown(world: World, azure: Client, state: str) -> None:
    """A scenario can begin in any state."""
    world.azure.plant({"clusters": [{"name": "harbor", "group": "edge", "state": state}]})

    assert await status(azure) == state


async def test_what_is_gone_is_not_heard(world: World, azure: Client) -> None:
    """Agents of a deleted cluster get nowhere, and the cluster is found no more."""
    await azure.put(HARBOR, body_of_cluster())
    assert world.azure.find_cluster(seeds.SUBSCRIPTION, "EDGE", "Harbor") is not None
    await azure.delete(HARBOR)

    assert not world.azure.heartbeat(HARBOR, public_key=None, facts=FACTS).accepted
    assert world.azure.find_cluster(seeds.SUBSCRIPTION, "edge", "harbor") is None
