"""Moments as ARM writes them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from arcctl.model.times import read


@pytest.mark.parametrize(
    "text",
    [
        "2026-08-01T10:00:00.1234567Z",
        "2026-08-01T10:00:00.123456+00:00",
        "2026-08-01T10:00:00Z",
        "2026-08-01T12:00:00+02:00",
        "2026-08-01T10:00:00",
    ],
)
def test_a_time_is_read_however_it_is_written(text: str) -> None:
    """Seven digits, Z or an offset; without one it is UTC."""
    found = read(text)

    assert found is not None
    assert found.replace(microsecond=0) == datetime(2026, 8, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize("text", [None, "", "yesterday"])
def test_no_time_is_no_error(text: str | None) -> None:
    """Nothing, and what is no moment, is None."""
    assert read(text) is None
