"""What every test may ask for: the real programs, and a home of its own."""

from __future__ import annotations

import gc
import os
import signal
from typing import TYPE_CHECKING

import pytest
from tests import binaries
from tests.leavings import (  # noqa: F401 - hooks, found by their names
    pytest_sessionfinish,
    pytest_sessionstart,
)
from tests.parts import (  # noqa: F401 - hooks, found by their names
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_report_header,
)

if TYPE_CHECKING:
    from pathlib import Path

# Whatever the machine says about clouds, clusters and programs must not reach a test.
FOREIGN = ("ARCCTL_", "AZURE_", "ARM_", "HELM", "KUBECONFIG", "KUBECTL_", "RELEASETRAIN")


# A sandbox keeps so many objects that walking them all cost a twentieth of the stories' CPU.
gc.set_threshold(50_000, 20, 100)


def pytest_configure() -> None:
    """Hear Ctrl-C and a closed terminal even from the background of a shell, and below nohup.

    There they are ignored, by the tests and by all that they start, and what waits would hang.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_xdist_auto_num_workers() -> int:
    """Two for each core: a story waits for as long as it works."""
    return 2 * len(os.sched_getaffinity(0))


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cuts were made, and how many of them hit a running command.

    It stands here, not beside the matrix, for a run that is split over processes to hear it.
    """
    reports = [each for group in terminalreporter.stats.values() for each in group]
    properties = [
        dict(report.user_properties)
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
    ]
    cuts = sum(int(each.get("cuts", 0)) for each in properties)
    hits = sum(int(each.get("hits", 0)) for each in properties)
    if cuts:
        terminalreporter.write_line(f"interruption matrix: {cuts} cases, {hits} cut in mid-run")
