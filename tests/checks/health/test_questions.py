"""Questions, their codes and the page about them say the same."""

from __future__ import annotations

import re

from arcctl.checks.health.questions import CATEGORIES
from tests.architecture.source import ROOT

PAGE = (ROOT / "docs/reference/checks.md").read_text(encoding="utf-8")
ASKED_BEFORE = {
    "run-in-progress",
    "run-unfinished",
    "AZK8S0403",
    "auto-upgrade-on",
    "location-is-fixed",
}
ASKED_INSIDE = {
    "AZK8S0301",
    "AZK8S0306",
    "AZK8S0307",
    "AZK8S0308",
    "AZK8S0600",
    "AZK8S0603",
    "AZK8S0605",
}


def test_every_code_has_its_heading() -> None:
    """docs/reference/checks.md has one for each, and for no other."""
    headings = re.findall(r"^### `([\w-]+)`$", PAGE, re.MULTILINE)
    codes = {check.code for category in CATEGORIES for check in category.checks}

    assert len(headings) == len(set(headings))
    assert set(headings) == codes | ASKED_BEFORE | ASKED_INSIDE


def test_every_question_stands_below_its_code() -> None:
    """The page has the sentence that is printed."""
    parts = dict(re.findall(r"^### `([\w-]+)`\n+(.*)$", PAGE, re.MULTILINE))
    missing = [
        check.sentence
        for category in CATEGORIES
        for check in category.checks
        if f"*{check.sentence}.*" not in parts[check.code] and check.code != "AZK8S0408"
    ]

    assert missing == []


def test_every_category_has_its_section() -> None:
    """With the word that `--only` takes, in the order of the answers."""
    words = re.findall(r"^## .* \(`([\w-]+)`\)$", PAGE, re.MULTILINE)

    assert words[: len(CATEGORIES)] == [category.word for category in CATEGORIES]


def test_no_two_questions_of_a_category_are_the_same() -> None:
    """A sentence is asked once."""
    sentences = [check.sentence for category in CATEGORIES for check in category.checks]

    assert len(sentences) == len(set(sentences))


def test_every_symptom_is_named() -> None:
    """Each of T01 to T60 is seen by a check, or listed among those that are not."""
    named = set(re.findall(r"\bT(\d\d)\b", PAGE))

    assert sorted({f"{number:02}" for number in range(1, 61)} - named) == []
