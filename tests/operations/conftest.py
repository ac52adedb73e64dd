"""Harbor, connected once, for all who plan to move it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.operations.planned import Yard, yard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def connected(tmp_path_factory: pytest.TempPathFactory, helm4: Path) -> Iterator[Yard]:
    """Harbor, connected once for all tests."""
    with yard(tmp_path_factory.mktemp("planning"), helm4) as made:
        yield made


@pytest.fixture
def harbor(connected: Yard, monkeypatch: pytest.MonkeyPatch) -> Iterator[Yard]:
    """Harbor, as it was after connecting; whoever plans is signed in by the environment."""
    for name, value in connected.stage.sandbox.environment.items():
        monkeypatch.setenv(name, value)
    with connected.fresh() as made:
        yield made
