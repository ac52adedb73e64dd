"""A whole sandbox in the test's own process, and a key pair to onboard with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from arcctl.model import keys
from arcctl.sandbox.options import Options
from arcctl.sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """A running sandbox in which nothing takes time; it must not have crashed at the end."""
    async with Sandbox(Options(home=tmp_path / "sandbox")).running() as sandbox:
        yield sandbox
        assert sandbox.world.crashes == []


@pytest.fixture(scope="session")
def pair() -> keys.KeyPair:
    """The cluster's key pair."""
    return keys.generate()


@pytest.fixture(scope="session")
def other_pair() -> keys.KeyPair:
    """A key pair of another cluster."""
    return keys.generate()
