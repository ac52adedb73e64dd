"""A stage for each story, once with each helm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.matrix.beginnings import Theatre
from tests.stage import Stage, staged
from tests.stories import changing, moving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["helm3", "helm4"])
def either_helm(request: pytest.FixtureRequest) -> Path:
    """Path of helm 3.17.3, then of helm 4.2.3."""
    path: Path = request.getfixturevalue(request.param)
    return path


@pytest.fixture
def stage(
    request: pytest.FixtureRequest, theatre: Theatre, tmp_path: Path, either_helm: Path
) -> Iterator[Stage]:
    """A sandbox with one cluster, played with both helms; in processes of their own where marked."""
    apart = request.node.get_closest_marker("apart") is not None
    with theatre.lent(tmp_path, either_helm, apart=apart) as opened:
        yield opened


@pytest.fixture
def quick(theatre: Theatre, tmp_path: Path, helm4: Path) -> Iterator[Stage]:
    """A sandbox with one cluster, for stories in which helm plays no part of its own."""
    with theatre.lent(tmp_path, helm4) as opened:
        yield opened


@pytest.fixture
def two_clusters(pair: Theatre, tmp_path: Path, helm4: Path) -> Iterator[Stage]:
    """A sandbox with two clusters, contexts `sandbox` and `sandbox-2`."""
    with pair.lent(tmp_path, helm4) as opened:
        yield opened


@pytest.fixture(scope="session")
def theatre(tmp_path_factory: pytest.TempPathFactory, helm4: Path) -> Iterator[Theatre]:
    """A sandbox with one cluster, whose world is put back before each story that asks for it."""
    with staged(tmp_path_factory.mktemp("theatre"), helm4) as opened:
        yield Theatre(opened)


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory, helm4: Path) -> Iterator[Theatre]:
    """The same with two clusters."""
    with staged(tmp_path_factory.mktemp("pair"), helm4, clusters=2) as opened:
        yield Theatre(opened)


@pytest.fixture
def harbor(theatre: Theatre) -> Iterator[Stage]:
    """Connected harbor with a child of each kind, its secrets in a file, nothing yet in journals."""
    stage = theatre.stage
    theatre.begin(moving.connected)
    moving.secrets_file(stage)
    yield stage
    stage.extra.clear()
    stage.world.witnesses.clear()


@pytest.fixture
def connected(theatre: Theatre) -> Iterator[Stage]:
    """Connected harbor, as `changing.connected` makes it."""
    theatre.begin(changing.connected)
    theatre.stage.within(theatre.stage.world.journal.clear)
    yield theatre.stage
    theatre.stage.extra.clear()
    theatre.stage.world.witnesses.clear()
