"""A few bytes may stand for gigabytes: what was written elsewhere is read within bounds."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from arcctl.errors import Refusal
from arcctl.model import run
from arcctl.model.bounded import check, read_json, unzipped
from arcctl.operations.keeping import in_cluster

MIB = 1024 * 1024


def test_what_is_within_bounds_is_read() -> None:
    """Several members of gzip one after another are one text, as `gunzip` has it."""
    assert unzipped(gzip.compress(b"one ") + gzip.compress(b"two")) == b"one two"
    assert read_json('{"a": [1, 2.5, true, null, "ü"]}') == {"a": [1, 2.5, True, None, "ü"]}


@pytest.mark.parametrize(
    ("packed", "why"),
    [
        (gzip.compress(bytes(3 * MIB)), "more than 2 MiB"),
        (gzip.compress(bytes(MIB)) * 3, "more than 2 MiB"),
        (gzip.compress(b"x" * 100)[:-9], "ends in the middle"),
        (b"plain", "not gzip"),
        (b"", "empty"),
    ],
    ids=["a bomb", "many small ones", "cut", "none", "nothing"],
)
def test_what_unpacks_to_too_much_is_refused(packed: bytes, why: str) -> None:
    """Before it is unpacked any further."""
    with pytest.raises(ValueError, match=why):
        unzipped(packed, 2 * MIB)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        "[" * 101 + "]" * 101,
        '{"a":' * 101 + "1" + "}" * 101,
        "9" * 5000,
        "1e999",
        "NaN",
        "-Infinity",
        "{",
    ],
    ids=["unclosed", "lists", "maps", "digits", "exponent", "nan", "infinity", "cut"],
)
def test_json_that_nobody_means_is_refused(text: str) -> None:
    """Too deep, numbers too big, or none at all: an error, and no traceback of the parser's."""
    with pytest.raises(ValueError):  # noqa: PT011 - json's own words for some of them
        read_json(text)


def test_values_that_stand_in_several_places_count_in_each() -> None:
    """As YAML's aliases make them: nine to the ninth."""
    value: Any = ["x"] * 9
    for _ in range(8):
        value = [value] * 9
    with pytest.raises(ValueError, match="more than"):
        check(value)


def test_a_journal_that_is_a_bomb_is_a_damaged_one() -> None:
    """In the cluster's Secret, and in a line of any copy."""
    cabinet = in_cluster.Cabinet(None, "move-1")  # type: ignore[arg-type] # asks nobody here
    bomb = gzip.compress(bytes(65 * MIB), 9)
    with pytest.raises(Refusal) as refused:
        in_cluster.read(cabinet.body("journal", bomb))
    assert refused.value.code == "journal-damaged"

    header = run.first_line(run.Header("move-1", "move", "0", "/x"))
    for line in (
        "[" * 200_000,
        json.dumps({"at": "", "kind": "fact", "detail": 1})[:-2] + "9" * 5000 + "}",
    ):
        with pytest.raises(Refusal) as refused:
            run.parse(f"{header}{line}\n", "a copy")
        assert refused.value.code == "journal-damaged"
