"""One stage for all cuts of a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.matrix.beginnings import Theatre
from tests.matrix.quick import quickened
from tests.stage import staged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def theatre(tmp_path_factory: pytest.TempPathFactory, helm4: Path) -> Iterator[Theatre]:
    """A sandbox with one cluster, and the worlds in it that cases begin with."""
    folder = tmp_path_factory.mktemp("matrix")
    with staged(folder, helm4) as slow, quickened(slow) as stage:
        yield Theatre(stage)
