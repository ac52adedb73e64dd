"""A journal's text is read as it was written, and refused where it cannot be trusted (design 7)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from arcctl.errors import Refusal
from arcctl.model.run import (
    Entry,
    Header,
    Record,
    RunRecord,
    agreed,
    begun,
    first_line,
    line,
    parse,
    text,
)

HEADER = Header("move-1", "move", "0.2.0", "/subscriptions/s/harbor", {"to": "b"}, ("a", "b"))
ENTRIES = (
    Entry("2026-11-23T07:00:00.000Z", "opened", detail={"kubernetes": "u"}),
    Entry("2026-11-23T07:00:01.000Z", "begun", "a"),
    Entry("2026-11-23T07:00:02.000Z", "done", "a", "größer"),
    Entry("2026-11-23T07:00:03.500Z", "ended", detail={"outcome": "done", "clean": True}),
)
WHOLE = text(HEADER, ENTRIES)


def test_what_is_written_is_read() -> None:
    """Header and entries, with nothing lost on the way."""
    assert parse(WHOLE, "here") == Record(HEADER, ENTRIES)


def test_a_person_can_read_it() -> None:
    """One object a line, in plain letters, without what is empty."""
    lines = WHOLE.splitlines()

    assert json.loads(lines[0])["format"] == "arcctl.journal/1"
    assert "größer" in lines[3]
    assert list(json.loads(lines[2])) == ["at", "kind", "step"]


def test_an_appended_journal_is_the_same_text() -> None:
    """So a copy that is appended to and one that is replaced can be compared."""
    assert first_line(HEADER) + "".join(map(line, ENTRIES)) == WHOLE


@pytest.mark.parametrize("lost", range(1, len(line(ENTRIES[-1]))))
def test_a_last_line_that_was_cut_is_left_out(lost: int) -> None:
    """Wherever the cut was."""
    record = parse(WHOLE[:-lost], "here")

    assert record.torn
    assert record.entries == ENTRIES[:-1]


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "\n",
        WHOLE.replace('"kind": "begun"', '"kind": "begun'),
        WHOLE.replace('"kind": "begun"', '"kind": "dreamt"'),
        WHOLE.replace('{"at": "2026-11-23T07:00:01.000Z", ', "{"),
        WHOLE.replace("arcctl.journal/1", "other.journal/1"),
        WHOLE.replace('"run": ', '"walk": '),
        "[]\n" + WHOLE,
        "\0" * 40 + WHOLE,
    ],
)
def test_damage_anywhere_else_makes_it_worthless(damage: str) -> None:
    """The message names the copy and the line."""
    with pytest.raises(Refusal) as raised:
        parse(damage, "the copy here")

    assert raised.value.code == "journal-damaged"
    assert "the copy here" in raised.value.message
    assert "line" in raised.value.why[0]


@pytest.mark.parametrize(
    ("number", "key", "value", "said"),
    [
        (0, "run", 7, "run is a number"),
        (0, "run", "../../x", "no run can be called"),
        (0, "run", "", "no run can be called"),
        (0, "run", "x" * 64, "no run can be called"),
        (0, "verb", None, "verb is null"),
        (0, "cluster", ["a"], "cluster is an array"),
        (0, "request", "text", "request is text"),
        (0, "steps", "ab", "steps is text"),
        (0, "steps", ["a", 1], "steps[1] is a number"),
        (1, "at", 7, "at is a number"),
        (1, "at", "yesterday", "at is no moment"),
        (1, "at", "2026-11-23T07:00:00", "at is no moment"),
        (1, "detail", "text", "detail is text"),
        (1, "detail", {"kubernetes": 7}, "detail.kubernetes is a number"),
        (1, "detail", {"documents": {"a": {"parts": 1}}}, "detail.documents.a.sha256 is missing"),
        (1, "detail", {"documents": {"../a": {"sha256": "", "parts": 1}}}, "odd name"),
        (2, "step", ["a"], "step is an array"),
        (2, "kind", ["begun"], ""),
        (3, "detail", {"a": 1}, "detail is an object"),
        (4, "detail", None, "detail is null"),
        (4, "detail", {"outcome": 7}, "detail.outcome is a number"),
    ],
)
def test_odd_types_are_damage(number: int, key: str, value: object, said: str) -> None:
    """Whatever parses and is not what arcctl writes: the message names the place."""
    lines = [json.loads(each) for each in WHOLE.splitlines()]
    lines[number][key] = value
    with pytest.raises(Refusal) as raised:
        parse("".join(f"{json.dumps(each)}\n" for each in lines), "here")

    assert raised.value.code == "journal-damaged"
    assert said in raised.value.why[0]


def test_a_fact_has_the_shape_that_its_readers_expect() -> None:
    """Those that arcctl writes itself, by name."""
    for name, value in (("replicas", ["a"]), ("document:../x", {"sha256": "", "parts": 1})):
        odd = Entry("2026-11-23T07:00:00.500Z", "fact", name, value)
        with pytest.raises(Refusal, match="damaged"):
            parse(text(HEADER, (ENTRIES[0], odd)), "here")


def test_a_newer_format_names_its_version() -> None:
    """Which is what to take the run up with."""
    with pytest.raises(Refusal) as raised:
        parse(WHOLE.replace("journal/1", "journal/2").replace("0.2.0", "9.1"), "here")

    assert raised.value.code == "journal-newer"
    assert "9.1" in raised.value.message


def test_the_longest_copy_wins() -> None:
    """Where the other is its beginning."""
    long, short = Record(HEADER, ENTRIES), Record(HEADER, ENTRIES[:2])

    assert agreed({"here": short, "there": long}) is long
    assert agreed({"here": long, "there": short}) is long
    assert agreed({"here": short}) is short


def test_copies_that_tell_different_stories_are_refused() -> None:
    """Both are named, and how far they agree."""
    other = (*ENTRIES[:2], Entry("2026-11-23T08:00:00.000Z", "failed", "a", "no"))
    with pytest.raises(Refusal) as raised:
        agreed({"one here": Record(HEADER, ENTRIES), "one there": Record(HEADER, other)})

    assert raised.value.code == "journal-diverged"
    told = " ".join(raised.value.why)
    assert "one here" in told
    assert "one there" in told
    assert "first 2" in told


def test_copies_of_different_runs_are_refused() -> None:
    """The same name alone is not enough."""
    other = replace(HEADER, request={"to": "c"})
    with pytest.raises(Refusal):
        agreed({"here": Record(HEADER, ENTRIES), "there": Record(other, ENTRIES)})


def test_a_step_taken_back_is_not_begun() -> None:
    """Unless it was begun again."""
    once = (Entry("", "begun", "a"), Entry("", "begun", "b"), Entry("", "undone", "a"))

    assert begun(once) == ("b",)
    assert begun((*once, Entry("", "begun", "a"))) == ("b", "a")


def test_a_run_is_summed_up() -> None:
    """Outcome, length, and the steps that changed something."""
    told = RunRecord.of(Record(HEADER, ENTRIES), here=True, there=False)

    assert (told.outcome, told.seconds, told.changed) == ("done", 3.5, (("a", "größer"),))
    assert told.to_document()["changed"] == [{"step": "a", "detail": "größer"}]
    assert "entries" not in told.to_document()


@pytest.mark.parametrize(
    ("count", "outcome"), [(1, "nothing changed yet"), (2, "unfinished"), (4, "done")]
)
def test_an_outcome_is_a_word(count: int, outcome: str) -> None:
    """For a run that has ended, one that is under way, and one that has changed nothing."""
    assert Record(HEADER, ENTRIES[:count]).outcome == outcome
