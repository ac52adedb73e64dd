"""What is odd about JSON from elsewhere is said in words, with the place."""

from __future__ import annotations

from typing import Any

import pytest
from arcctl.model.shape import ANY, fits, misfit

SHAPE: dict[str, Any] = {
    "name": str,
    "tags?": {str: (str, None)},
    "parts": [{"number": int}],
    "size?": float,
    "sure?": bool,
    "rest?": ANY,
}


@pytest.mark.parametrize(
    "value",
    [
        {"name": "a", "parts": []},
        {"name": "a", "parts": [{"number": 1, "more": {}}], "tags": None, "rest": 7},
        {"name": "a", "parts": [], "tags": {"a": "b", "c": None}, "size": 1.5, "sure": True},
        {"name": "a", "parts": [], "size": 1},
    ],
)
def test_what_fits_is_nothing_to_speak_of(value: object) -> None:
    """Keys with a question mark may be absent or null; others may be there."""
    assert misfit(value, SHAPE) == ""


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (7, "it is a number"),
        (None, "it is null"),
        ({"parts": []}, "name is missing"),
        ({"name": None, "parts": []}, "name is null"),
        ({"name": "a", "parts": {}}, "parts is an empty object"),
        ({"name": "a", "parts": [{"number": True}]}, "parts[0].number is a truth value"),
        ({"name": "a", "parts": [{"number": 1.5}]}, "parts[0].number is a number"),
        ({"name": "a", "parts": [], "tags": ["b"]}, "tags is an array"),
        ({"name": "a", "parts": [], "tags": {"b": 1}}, "tags.b is a number"),
        ({"name": "a", "parts": [], "sure": 1}, "sure is a number"),
        ({"name": "a", "parts": [], "size": False}, "size is a truth value"),
    ],
)
def test_what_does_not_fit_is_named(value: object, said: str) -> None:
    """The first place, and what is there."""
    assert misfit(value, SHAPE) == said
    with pytest.raises(ValueError, match="is"):
        fits(value, SHAPE)


def test_of_alternatives_the_one_that_comes_nearest_speaks() -> None:
    """The others have refused the sort itself."""
    assert misfit({"a": 1}, (None, {"a": str}), "detail") == "detail.a is a number"
