"""What runs there were, for a person and for a program."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from arcctl.model.run import Entry, Header, Record, RunRecord
from arcctl.settings import Settings
from arcctl.views import history
from arcctl.views.console import Console

if TYPE_CHECKING:
    import pytest

HEADER = Header("move-1", "move", "0.2.0", "/subscriptions/s/connectedClusters/harbor")
ENTRIES = (
    Entry("2026-11-23T07:00:00.000Z", "opened", detail={"kubernetes": "u"}),
    Entry("2026-11-23T07:00:01.000Z", "begun", "quiet-agents"),
    Entry("2026-11-23T07:00:02.000Z", "done", "quiet-agents", "10 agents"),
    Entry("2026-11-23T07:00:02.500Z", "fact", "replicas", {"a": 1}),
    Entry("2026-11-23T07:00:03.000Z", "passed"),
    Entry("2026-11-23T07:00:04.000Z", "failed", "delete-source", "locked"),
    Entry("2026-11-23T07:00:30.000Z", "opened", detail={"takenUp": True}),
    Entry("2026-11-23T07:01:00.000Z", "ended", detail={"outcome": "moved", "clean": True}),
)
WHOLE = RunRecord.of(Record(HEADER, ENTRIES), here=True, there=False)
PART = RunRecord.of(Record(HEADER, ENTRIES[:5]), here=True, there=True)


class AtTerminal(Console):
    """The console of a command that a person watches."""

    @property
    def output(self) -> str | None:
        """No format was asked for."""
        return None


def at_terminal() -> Console:
    """A person's."""
    return AtTerminal(Settings(environ={}))


def in_pipe() -> Console:
    """A program's."""
    return Console(Settings(environ={}))


def test_one_run_is_told_as_a_story(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each thing that happened; what only arcctl needs is left out."""
    history.write_run(at_terminal(), WHOLE)
    lines = capsys.readouterr().out.splitlines()

    assert lines == [
        "move-1   moved, 60 s",
        "  move of /subscriptions/s/connectedClusters/harbor",
        "  2026-11-23T07:00:00  opened",
        "  2026-11-23T07:00:01  doing    quiet-agents",
        "  2026-11-23T07:00:02  done     quiet-agents         10 agents",
        "  2026-11-23T07:00:03  point of no return",
        "  2026-11-23T07:00:04  failed   delete-source        locked",
        "  2026-11-23T07:00:30  opened                        taken up",
        "  2026-11-23T07:01:00  ended                         moved",
    ]


def test_one_run_is_data_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """Every entry of the journal is in it."""
    history.write_run(in_pipe(), WHOLE)
    told = json.loads(capsys.readouterr().out)

    assert len(told["entries"]) == len(ENTRIES)
    assert told["outcome"] == "moved"


def test_runs_are_a_table_at_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """An unfinished one has no length yet."""
    history.write_runs(at_terminal(), [WHOLE, PART])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]

    assert lines == [
        ["move-1", "harbor", "2026-11-23T07:00:00", "moved", "60", "s", "1", "here"],
        ["move-1", "harbor", "2026-11-23T07:00:00", "unfinished", "1", "here", "+", "cluster"],
    ]


def test_no_run_is_said_to_a_person_and_empty_to_a_program(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A sentence here, an empty list there."""
    history.write_runs(at_terminal(), [])
    history.write_runs(in_pipe(), [])
    told = capsys.readouterr()

    assert "No run is known" in told.err
    assert json.loads(told.out) == []


def test_a_run_that_was_taken_up_says_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    """With its name; what its verb returned goes to stdout."""
    history.taken_up(in_pipe(), WHOLE, {"create": []})
    told = capsys.readouterr()

    assert told.err.startswith("Moved: move of harbor (move-1). ")
    assert json.loads(told.out) == {"create": []}
