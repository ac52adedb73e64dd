"""Nobody reads what a move says: it goes on all the same, and its exit code is its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.stage import PATIENCE
from tests.stories.moved import MOVE, region, running, whole

if TYPE_CHECKING:
    from tests.stage import Stage


def unread(stage: Stage, line: str, *streams: str) -> int:
    """Type a command whose reader goes away after the first line of stderr; return its exit code."""
    with stage.start(line) as process:
        assert process.stderr
        assert process.stdout
        process.stderr.readline()
        for each in streams:
            getattr(process, each).close()
        open_ = [each for each in (process.stdout, process.stderr) if not each.closed]
        for stream in open_:
            stream.read()
        return process.wait(PATIENCE)


@pytest.mark.parametrize("streams", [("stderr",), ("stdout", "stderr")], ids=["err", "both"])
@pytest.mark.parametrize("more", ["", "--progress json", "--verbose"], ids=["lines", "json", "log"])
def test_a_reader_who_is_gone_does_not_stop_a_move(
    harbor: Stage, streams: tuple[str, ...], more: str
) -> None:
    """As in `2>&1 | head -1`: behind the point of no return a stop would cost more than silence."""
    uids = running(harbor)

    assert unread(harbor, f"{MOVE} {more}", *streams) == 0

    whole(harbor, uids)


def test_what_is_to_be_looked_at_is_still_the_exit_code(harbor: Stage) -> None:
    """Exit 5, though nobody has read why; the report lies in its file."""
    deploy = {
        "extensionType": "microsoft.azuremonitor.containers",
        "extensionName": "monitor",
        "settings": {"amalogs.useAADAuth": "false"},
    }
    harbor.seed(policies=[{"name": "monitor", "deploy": deploy}])

    assert unread(harbor, f"{MOVE} --report report.md", "stdout", "stderr") == 5

    assert region(harbor) == "westeurope"
    assert "put there by somebody else" in (harbor.folder / "report.md").read_text()


def test_an_error_that_nobody_reads_keeps_its_exit_code(harbor: Stage) -> None:
    """Where a stream is closed already, too."""
    assert unread(harbor, f"{MOVE} --target-region atlantis", "stdout", "stderr") == 5
