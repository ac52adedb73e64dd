"""One stage for all cuts of a process, and the number of cases at the end."""

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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cuts were made, and how many of them hit a running command."""
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
