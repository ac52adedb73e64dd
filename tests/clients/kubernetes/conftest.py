"""An API server for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from tests.clients.kubernetes.api import VERSION, Api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """A server that answers {} until a test says otherwise."""

    async def empty(request: web.Request) -> web.StreamResponse:
        return web.json_response(VERSION)

    server = Api(tmp_path, empty)
    async with server.running():
        yield server
