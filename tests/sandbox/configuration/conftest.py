"""A connected cluster in a sandbox of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.sandbox.living import Living, living

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from arcctl.model.keys import KeyPair
    from arcctl.sandbox.server import Sandbox


@pytest.fixture
async def harbor(sandbox: Sandbox, helm4: Path, pair: KeyPair) -> AsyncIterator[Living]:
    """A cluster that is connected, with all its agents running."""
    async with living(sandbox, helm4, pair) as found:
        yield found
