"""The lines of `--progress json` have these names and fields, which programs read (design 6)."""

from __future__ import annotations

import io
import json
from typing import get_args

from arcctl.errors import Refusal
from arcctl.flow.events import Done, Event, Failed, Noted, Passed, Progressed, Started
from arcctl.views.console import complain_as_event
from arcctl.views.progress import JsonLines, Told

EVENTS = {
    "started": ["event", "step", "time", "title"],
    "progressed": ["event", "step", "text", "time"],
    "done": ["already", "detail", "event", "seconds", "step", "time", "title"],
    "failed": ["event", "reason", "seconds", "step", "time", "title"],
    "noted": ["event", "text", "time", "warning"],
    "passed": ["detail", "event", "time", "title"],
}


def test_the_lines_have_these_fields() -> None:
    """One object a line, the name in `event`, the moment in `time` as seconds since 1970."""
    err = io.StringIO()
    hear = JsonLines(err)
    for event in (
        Started("s", "t"),
        Progressed("s", "x"),
        Done("s", "t", "d", 1.0),
        Failed("s", "t", "r", 1.0),
        Noted("n"),
        Passed("t", "d"),
    ):
        hear(event)
    lines = [json.loads(line) for line in err.getvalue().splitlines()]

    assert {line["event"]: sorted(line) for line in lines} == EVENTS


def test_what_is_said_and_an_error_are_lines_of_the_same_kind() -> None:
    """So a program reads nothing but JSON from stderr."""
    err = io.StringIO()
    Told(JsonLines(err), err).write("Connected: harbor.\n")
    complain_as_event(Refusal("no", code="c", why="y", hints="h"), err, debug=False)
    said, error = (json.loads(line) for line in err.getvalue().splitlines())

    assert {key: said[key] for key in sorted(said) if key != "time"} == {
        "event": "said",
        "text": "Connected: harbor.",
    }
    assert {key: error[key] for key in sorted(error) if key != "time"} == {
        "code": "c",
        "event": "error",
        "exit": 1,
        "hints": ["h"],
        "message": "no",
        "why": ["y"],
    }


def test_the_set_is_closed() -> None:
    """A new event is a new name in the contract above."""
    assert {kind.__name__.lower() for kind in get_args(Event)} == set(EVENTS)
