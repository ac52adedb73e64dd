"""A small cluster that is served over TLS, for each test anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from arcctl.sandbox.kubernetes import Cluster
from tests.sandbox.kubernetes.serving import Served, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def served(tmp_path: Path, home: Path) -> AsyncIterator[Served]:
    """A cluster with three nodes on a port of its own."""
    async with serving(Cluster(), tmp_path) as found:
        yield found
