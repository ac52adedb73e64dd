"""The world as a whole: time, scenarios, reset, and the sandbox's own endpoints."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox import admin
from arcctl.sandbox.clock import Clock
from arcctl.sandbox.merge import merged
from arcctl.sandbox.world import World
from tests.sandbox.azure.client import HARBOR, body_of_cluster

if TYPE_CHECKING:
    from tests.sandbox.azure.client import Client


async def test_a_sleeper_wakes_when_time_is_moved() -> None:
    """Whoever sleeps an hour of the sandbox's time need not wait for it."""
    clock = Clock()
    sleeper = asyncio.create_task(clock.sleep(3600))
    await asyncio.sleep(0)
    assert not sleeper.done()
    clock.advance(1800)
    clock.advance(1800)

    await asyncio.wait_for(sleeper, timeout=5)
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)


def test_a_fresh_world_has_no_group() -> None:
    """Two subscriptions, five role assignments, nothing else."""
    world = World()

    assert world.azure.counts() == {"roleAssignments": 5}
    assert len(world.azure.dump()["subscriptions"]) == 2


async def test_the_demo_has_a_bit_of_everything(world: World, azure: Client) -> None:
    """Each of its resources can be read by its own api-version."""
    world.reset("standing")
    versions = {
        "connectedclusters": "2026-05-01",
        "extensions": "2025-03-01",
        "fluxconfigurations": "2025-04-01",
        "sourcecontrolconfigurations": "2023-05-01",
        "customlocations": "2021-08-15",
        "roleassignments": "2022-04-01",
    }
    kinds = set()
    for key, body in world.azure.dump()["resources"].items():
        kind = body["type"].rpartition("/")[2].lower()
        if kind in versions:
            kinds.add(kind)
            assert (await azure.get(body["id"], version=versions[kind])).status == 200, key

    assert kinds == versions.keys()


async def test_reset_begins_anew(world: World, azure: Client) -> None:
    """Resources, faults and journal are gone, and others hear of it."""
    told: list[str] = []
    world.when_reset.append(lambda: told.append("reset"))
    await azure.put(HARBOR, body_of_cluster())
    world.faults.add({"service": "arm", "action": {"status": 500}, "path": "never"})
    await azure.post("/_sandbox/reset", {}, version=None)

    assert world.azure.counts() == {"roleAssignments": 5}
    assert (world.faults.waiting, list(world.journal.entries)) == ([], [])
    assert told == ["reset"]


async def test_a_scenario_comes_over_the_wire(azure: Client) -> None:
    """Groups, clusters in many states, providers, page size."""
    scenario = {
        "groups": [{"name": "depot", "location": "westeurope"}],
        "clusters": [{"name": "c", "group": "depot", "count": 3, "state": "Offline"}],
        "providers": {"Microsoft.ExtendedLocation": "NotRegistered"},
        "pageSize": 2,
    }
    counts = (await azure.post("/_sandbox/seed", scenario)).body
    dump = (await azure.get("/_sandbox/dump")).body["azure"]
    clusters = [body for key, body in dump["resources"].items() if "/c-0000" in key]

    assert counts["connectedclusters"] == 3
    assert {body["properties"]["connectivityStatus"] for body in clusters} == {"Offline"}
    states = next(iter(dump["providers"].values()))
    assert states["microsoft.extendedlocation"] == "NotRegistered"


@pytest.mark.parametrize(
    "nonsense",
    [
        {"castles": []},
        {"scenario": "unknown"},
        {"clusters": [{"group": "x"}]},
        {"resources": [{}]},
        {"providers": {"Microsoft.Nothing": "Registered"}},
    ],
)
async def test_a_scenario_that_makes_no_sense_is_refused(
    azure: Client, nonsense: dict[str, Any]
) -> None:
    """400 with a reason."""
    answer = await azure.post("/_sandbox/seed", nonsense)

    assert (answer.status, bool(answer.body["error"])) == (400, True)


@pytest.mark.parametrize(("method", "name"), sorted(admin._ENDPOINTS))
@pytest.mark.parametrize("secret", ["", "arcctl-sandbox-secret"])
async def test_nobody_else_may_play_with_it(
    world: World, azure: Client, method: str, name: str, secret: str
) -> None:
    """Another user of the machine reaches the port; without the secret it tells and does nothing."""
    before = world.dump()["azure"]
    answer = await azure.ask(
        method, f"/_sandbox/{name}", {}, version=None, headers={admin.HEADER: secret}
    )

    assert answer.status == 401
    assert world.dump()["azure"] == before


async def test_time_faults_and_beats_come_over_the_wire(world: World, azure: Client) -> None:
    """What a test in another process needs."""
    await azure.put(HARBOR, body_of_cluster())
    beat = {"cluster": HARBOR, "facts": {"agentVersion": "1.36.1"}}
    assert (await azure.post("/_sandbox/agents", beat)).body["accepted"] is True
    moved = (await azure.post("/_sandbox/clock", {"advance": 3600})).body
    fault = {"service": "arm", "action": {"status": 503}, "id": "down"}
    assert (await azure.post("/_sandbox/faults", [fault])).body == {"ids": ["down"]}
    assert (await azure.get(HARBOR)).status == 503

    consumed = (await azure.get("/_sandbox/faults")).body["consumed"]
    assert [(each["id"], each["happened"]) for each in consumed] == [("down", 1)]
    assert moved["offset"] == 3600.0
    status = (await azure.get("/_sandbox/status")).body
    assert (status["connectedclusters"], status["crashes"]) == (1, 0)
    assert (await azure.get("/_sandbox/crashes")).body == {"crashes": []}


def test_a_merge_patch_follows_the_rfc() -> None:
    """A null removes, a list replaces, an object is merged."""
    target = {"a": {"b": 1, "c": [1, 2]}, "d": 1}

    assert merged(target, {"a": {"b": None, "c": [3]}, "e": {"f": None}}) == {
        "a": {"c": [3]},
        "d": 1,
        "e": {},
    }
