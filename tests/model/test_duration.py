"""Lengths of time, as typed and as spoken."""

from __future__ import annotations

import pytest
from arcctl.errors import UsageError
from arcctl.model.duration import pause, seconds, spoken


@pytest.mark.parametrize(
    ("text", "length"),
    [("1200", 1200), ("1200s", 1200), ("20m", 1200), ("1h30m", 5400), (" 2H ", 7200), ("1m1s", 61)],
)
def test_a_length_is_read(text: str, length: int) -> None:
    """Seconds alone, as for the peer, or hours, minutes and seconds."""
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["", "0", "0m", "-5", "1.5", "20ms", "m", "1d", "20m!", "5 m"])
def test_what_is_no_length_is_refused(text: str) -> None:
    """`20ms`, which the peer would make of `20m`, is refused like any other nonsense."""
    with pytest.raises(UsageError):
        seconds(text)


@pytest.mark.parametrize(
    ("text", "length"), [("30", 30), ("10s", 10), ("1m", 60), ("0.5", 0.5), (".05s", 0.05)]
)
def test_a_pause_may_be_a_fraction(text: str, length: float) -> None:
    """Of seconds alone; all else is read as any length."""
    assert pause(text) == length


@pytest.mark.parametrize("text", ["", "0", "0.0", "-0.5", "0.5m", "nan", "1e9"])
def test_what_is_no_pause_is_refused(text: str) -> None:
    """As for any length."""
    with pytest.raises(UsageError):
        pause(text)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (0, "0.0 s"),
        (0.31, "0.3 s"),
        (48.2, "48 s"),
        (120, "2 min"),
        (5400, "90 min"),
        (3 * 3600, "3 h"),
        (47 * 3600, "47 h"),
        (84 * 86400, "84 days"),
    ],
)
def test_a_length_is_spoken(length: float, words: str) -> None:
    """The unit is the one a person would use."""
    assert spoken(length) == words
