"""A small Azure on a loopback port."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from arcctl.sandbox import admin
from arcctl.sandbox.azure import routes
from arcctl.sandbox.world import World
from tests.sandbox.azure.client import Client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A world with one resource group, `edge` in eastus; no request may crash in it."""
    world = World()
    world.azure.plant({"groups": [{"name": "edge", "location": "eastus"}]})
    yield world
    assert world.crashes == []


@pytest.fixture
async def azure(world: World) -> AsyncIterator[Client]:
    """A client of that world, over plain HTTP on loopback."""
    app = routes.application(world)
    app.add_subapp("/_sandbox", admin.application(world))
    async with (
        TestServer(app) as server,
        ClientSession(headers={admin.HEADER: world.secret}) as session,
    ):
        world.base_url = str(server.make_url("")).rstrip("/")
        yield Client(world, session, world.base_url)
