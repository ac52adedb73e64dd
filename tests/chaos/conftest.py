"""One sandbox behind proxies for all tests of the campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.chaos.behind import housed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.chaos.behind import House


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, helm4: Path) -> Iterator[House]:
    """A sandbox with two clusters, reached through proxies only."""
    with housed(tmp_path_factory.mktemp("chaos"), helm4) as opened:
        yield opened
