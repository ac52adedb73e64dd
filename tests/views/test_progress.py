"""What a run is doing, for a terminal, a log and a program (design 6)."""

from __future__ import annotations

import io
import json
import re

import pytest
from arcctl.flow.events import Done, Event, Failed, Noted, Passed, Progressed, Started
from arcctl.views.progress import JsonLines, Lines, Living, Silent
from rich.console import Console
from tests.views.screens import golden

STORY: list[Event] = [
    Started("cluster.look", "cluster"),
    Noted("the kubeconfig points at 127.0.0.1"),
    Done("cluster.look", "cluster", "kind-harbor, 3 nodes", 0.31),
    Started("agents.until-ready", "agents"),
    Progressed("agents.until-ready", "7 of 10 ready · waiting for kube-aad-proxy"),
    Progressed("agents.until-ready", "7 of 10 ready · waiting for kube-aad-proxy"),
    Done("hidden", "", "not for people", 0.1),
    Done("group", "group", "edge exists", 0.0, already=True),
    Noted("old certificates", warning=True),
    Failed("agents.until-ready", "agents", "image pull failed", 1200),
]


def lines(events: list[Event]) -> list[str]:
    """What a pipeline's log gets, without the clock."""
    err = io.StringIO()
    hear = Lines(err)
    for event in events:
        hear(event)
    hear.close()
    printed = err.getvalue().splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d  ", line) for line in printed)
    return [line[10:] for line in printed]


def living(events: list[Event], *, width: int = 80, colour: bool = True) -> str:
    """The screen as it stands at the end, with its control sequences."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=width, no_color=not colour)
    hear = Living(console)
    for event in events:
        hear(event)
    hear.close()
    return screen.getvalue()


def plain(screen: str) -> list[str]:
    """The lines of the last drawing, without control sequences."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen)
    return [line.rstrip() for line in re.split(r"[\r\n]+", text) if line.strip()]


def test_a_log_has_one_line_per_thing() -> None:
    """Each printed once, with one of the six words for people first."""
    assert lines(STORY) == [
        "note     the kubeconfig points at 127.0.0.1",
        "done     cluster          kind-harbor, 3 nodes  0.3 s",
        "waiting  agents           7 of 10 ready · waiting for kube-aad-proxy",
        "done     group            edge exists  0.0 s",
        "warning  old certificates",
        "failed   agents           image pull failed  20 min",
    ]


def test_a_log_is_not_flooded_by_a_step_that_counts() -> None:
    """One line a second is enough; three hundred children would be three hundred lines."""
    err, seconds = io.StringIO(), iter([0.0, 0.1, 0.9, 1.0, 1.1])
    hear = Lines(err, clock=lambda: next(seconds))
    hear(Started("put", "extensions"))
    for number in range(1, 6):
        hear(Progressed("put", f"{number} of 5 sent"))

    said = [line.partition("extensions")[2].strip() for line in err.getvalue().splitlines()]
    assert said == ["1 of 5 sent", "4 of 5 sent"]


def test_a_log_has_no_control_sequences() -> None:
    """It is read in a browser."""
    assert "\33" not in "".join(lines(STORY))


def test_a_step_without_title_is_not_shown() -> None:
    """Neither in a log nor on a terminal."""
    hidden = [Started("h", ""), Progressed("h", "secretly"), Failed("h", "", "quietly", 1)]

    assert lines(hidden) == []
    assert plain(living(hidden)) == []


def test_a_program_gets_every_event() -> None:
    """One line of JSON each, hidden steps included."""
    err = io.StringIO()
    hear = JsonLines(err)
    for event in STORY:
        hear(event)
    hear.close()
    read = [json.loads(line) for line in err.getvalue().splitlines()]

    assert [each["event"] for each in read] == [type(event).__name__.lower() for event in STORY]
    assert read[2]["detail"] == "kind-harbor, 3 nodes"
    assert all(isinstance(each["time"], float) for each in read)


def test_a_terminal_shows_a_list_that_fills_itself() -> None:
    """Marks, titles, details, times; a note hangs below its step."""
    screen = "".join(f"{line}\n" for line in plain(living(STORY))[-5:])

    assert screen == golden("living", screen)


def test_a_step_that_was_stopped_turns_no_more() -> None:
    """A list that is left shows what was under way as stopped, and what it said last."""
    screen = plain(living(STORY[:5]))

    mark, words = screen[-1].strip().split(maxsplit=1)
    assert mark == "–"
    said = " ".join(words.split())
    assert said.startswith("agents 7 of 10 ready · waiting for kube-aad-proxy")


def test_a_terminal_has_colours_unless_they_are_unwanted() -> None:
    """NO_COLOR keeps the marks and drops the colours."""
    colour = re.compile(r"\x1b\[[0-9;]*3[0-9]m")

    assert colour.search(living(STORY))
    assert not colour.search(living(STORY, colour=False))
    assert "✓" in living(STORY, colour=False)


@pytest.mark.parametrize("width", [20, 40, 200])
def test_any_width_will_do(width: int) -> None:
    """A narrow terminal folds the text, and no line runs over its edge."""
    screen = plain(living(STORY, width=width))

    assert max(map(len, screen)) <= width
    assert "cluster" in " ".join(screen)


def test_brackets_are_only_brackets() -> None:
    """What other programs say is text, never markup."""
    said = "image [hidden] of [/red] :ship: [bold]x"
    screen = living([Started("a", "[title]"), Noted(said), Done("a", "[title]", said, 1)])

    assert "[title]" in screen
    assert plain(screen)[-2].split()[2:-2] == said.split()
    assert plain(screen)[-1].split()[1:] == said.split()


def test_a_note_before_any_step_has_a_place() -> None:
    """Such as which helm was fetched."""
    assert plain(living([Noted("helm was fetched")]))[-1].split() == [
        "note",
        "helm",
        "was",
        "fetched",
    ]


def test_silence_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever happens."""
    hear = Silent()
    for event in STORY:
        hear(event)
    hear.close()

    assert capfd.readouterr() == ("", "")


def test_a_screen_that_was_closed_opens_again() -> None:
    """A question is asked between two drawings."""
    screen = io.StringIO()
    hear = Living(Console(file=screen, force_terminal=True, width=80))
    hear(Done("a", "first", "", 1))
    hear.close()
    asked = len(screen.getvalue())
    screen.write("Go on? [y/N] y\n")
    hear(Done("b", "second", "", 1))
    hear.close()

    assert plain(screen.getvalue())[-1].split()[:2] == ["✓", "second"]
    assert "first" not in screen.getvalue()[asked:]


def test_the_point_of_no_return_is_a_line_of_its_own() -> None:
    """In a log as a note, on a terminal as a rule between the steps."""
    passed = Passed("point of no return", "rollback undoes nothing from here on")
    steps = [Done("a", "quiet", "10 agents", 1.0), passed, Done("b", "delete", "gone", 9.0)]

    assert lines(steps)[1] == "note     point of no return: rollback undoes nothing from here on"
    last = plain(living(steps))[-3:]
    assert [line.split()[0] for line in last] == ["✓", "──", "✓"]
