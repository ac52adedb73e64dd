"""Locks hold what lies below them, at every scope (`arm.md` 11, 12.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.sandbox.azure.client import HARBOR, body_of_cluster

if TYPE_CHECKING:
    from arcctl.sandbox.world import World
    from tests.sandbox.azure.client import Client

EXTENSION = f"{HARBOR}/providers/Microsoft.KubernetesConfiguration/extensions/dapr"
CREDENTIAL = {"authenticationMethod": "Token", "clientProxy": True}
BODY = {"properties": {"extensionType": "microsoft.dapr"}}
EXT = "2025-03-01"


@pytest.fixture(autouse=True)
def harbor(world: World) -> None:
    """A connected cluster with one extension."""
    dapr = {"on": "edge/harbor", "name": "dapr", "type": "microsoft.dapr"}
    world.azure.plant({"clusters": [{"name": "harbor", "group": "edge"}], "extensions": [dapr]})


@pytest.mark.parametrize("on", ["", "edge", "edge/harbor"])
async def test_can_not_delete_stops_deletions_only(world: World, azure: Client, on: str) -> None:
    """Of the cluster and of what is on it; writing goes on."""
    world.azure.plant({"locks": [{"on": on}]})

    assert (await azure.delete(HARBOR)).code == "ScopeLocked"
    assert (await azure.delete(EXTENSION, version=EXT)).code == "ScopeLocked"
    assert (await azure.put(EXTENSION, BODY, version=EXT)).status == 200
    assert (await azure.patch(HARBOR, {"tags": {}})).status in {200, 202}


@pytest.mark.parametrize("on", ["", "edge", "edge/harbor"])
async def test_read_only_stops_every_change(world: World, azure: Client, on: str) -> None:
    """PUT, PATCH, DELETE and POST; the refusal names the scope that is locked."""
    world.azure.plant({"locks": [{"on": on, "level": "ReadOnly"}]})
    refusals = [
        await azure.put(HARBOR, body_of_cluster()),
        await azure.patch(HARBOR, {"tags": {}}),
        await azure.delete(HARBOR),
        await azure.post(f"{HARBOR}/listClusterUserCredential", CREDENTIAL),
        await azure.put(EXTENSION, BODY, version=EXT),
    ]

    assert [each.code for each in refusals] == ["ScopeLocked"] * 5
    assert (on.rpartition("/")[2] or "subscriptions") in refusals[0].body["error"]["message"]
    assert (await azure.get(HARBOR)).status == 200


async def test_a_lock_on_a_child_holds_its_cluster(world: World, azure: Client) -> None:
    """What would be deleted with it is locked, so it cannot be deleted either."""
    world.azure.plant({"locks": [{"on": EXTENSION}]})

    assert (await azure.delete(HARBOR)).code == "ScopeLocked"
    lock = f"{EXTENSION}/providers/Microsoft.Authorization/locks/hold"
    assert (await azure.delete(lock, version="2020-05-01")).status == 200
    assert (await azure.delete(HARBOR)).status == 202


async def test_locks_go_with_what_they_lock(world: World, azure: Client) -> None:
    """Once the cluster is gone nothing of the lock is left for its successor."""
    world.azure.plant({"locks": [{"on": "edge/harbor", "name": "keep"}]})
    world.azure.remove(HARBOR)
    await azure.put(HARBOR, body_of_cluster())
    path = f"{HARBOR}/providers/Microsoft.Authorization/locks"

    assert (await azure.get(path, version="2020-05-01")).body["value"] == []
