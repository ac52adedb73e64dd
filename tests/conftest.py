"""What every test may ask for: the real programs, and a home of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests import binaries

if TYPE_CHECKING:
    from pathlib import Path

# Whatever the machine says about clouds, clusters and programs must not reach a test.
FOREIGN = ("ARCCTL_", "AZURE_", "ARM_", "HELM", "KUBECONFIG", "KUBECTL_", "RELEASETRAIN")


@pytest.fixture(scope="session")
def helm3() -> Path:
    """Path of helm 3.17.3."""
    return binaries.program(binaries.HELM_3)


@pytest.fixture(scope="session")
def helm4() -> Path:
    """Path of helm 4.2.3."""
    return binaries.program(binaries.HELM_4)


@pytest.fixture(scope="session")
def kubectl() -> Path:
    """Path of kubectl 1.36.3."""
    return binaries.program(binaries.KUBECTL)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home; HOME and ARCCTL_HOME point into it, and nothing else of the machine does."""
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        monkeypatch.delenv(name)
    path = tmp_path / "home"
    path.mkdir()
    monkeypatch.setenv("HOME", str(path))
    monkeypatch.setenv("ARCCTL_HOME", str(path / "arcctl"))
    return path
