"""The control plane of a test run: built once, started once, reset between tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.cluster import build, diagnostics
from tests.cluster import control_plane as planes
from tests.cluster.resetting import reset

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cluster.control_plane import ControlPlane


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """The one control plane of this test run, as the test before left it."""
    with planes.running(build.control_plane()) as plane:
        yield plane


@pytest.fixture
def clean_cluster(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """The control plane with nothing of a test on it, before and after."""
    reset(control_plane)
    yield control_plane
    reset(control_plane)


@pytest.fixture
def real_cluster(
    clean_cluster: ControlPlane, home: Path, monkeypatch: pytest.MonkeyPatch
) -> ControlPlane:
    """A clean control plane in KUBECONFIG, on which the job of the pre-onboarding checks passes."""
    monkeypatch.setenv("KUBECONFIG", str(clean_cluster.kubeconfig))
    log = clean_cluster.home / "diagnostics.log"
    clean_cluster.apply(diagnostics.logs(diagnostics.PASSING, log))
    return clean_cluster
