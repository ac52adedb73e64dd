"""A stage for each story, once with each helm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.stage import Stage, staged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["helm3", "helm4"])
def either_helm(request: pytest.FixtureRequest) -> Path:
    """Path of helm 3.17.3, then of helm 4.2.3."""
    path: Path = request.getfixturevalue(request.param)
    return path


@pytest.fixture
def stage(tmp_path: Path, either_helm: Path) -> Iterator[Stage]:
    """A sandbox with one cluster, played with both helms."""
    with staged(tmp_path, either_helm) as opened:
        yield opened


@pytest.fixture
def quick(tmp_path: Path, helm4: Path) -> Iterator[Stage]:
    """A sandbox with one cluster, for stories in which helm plays no part of its own."""
    with staged(tmp_path, helm4) as opened:
        yield opened


@pytest.fixture
def two_clusters(tmp_path: Path, helm4: Path) -> Iterator[Stage]:
    """A sandbox with two clusters, contexts `sandbox` and `sandbox-2`."""
    with staged(tmp_path, helm4, clusters=2) as opened:
        yield opened
