"""The parts of a body are taken one by one, and none beyond the bound."""

from __future__ import annotations

import pytest
from arcctl.clients import bodies
from arcctl.model.bounded import MOST_BYTES


def test_no_part_beyond_the_bound_is_taken() -> None:
    """A body without end is read no further."""
    part = bytes(1024 * 1024)
    taken = []

    def endless() -> object:
        while True:
            taken.append(len(part))
            yield part

    with pytest.raises(bodies.TooLong):
        bodies.whole(endless())  # type: ignore[arg-type] # an iterator is what it is

    assert sum(taken) == MOST_BYTES + len(part)


def test_a_body_within_the_bound_is_whole() -> None:
    """A list of thousands of objects is some tens of mebibytes."""
    assert len(bodies.whole([bytes(1024 * 1024)] * 64)) == MOST_BYTES


@pytest.mark.parametrize(
    ("encoding", "twice"), [("gzip", False), ("", False), ("gzip, gzip", True), ("br,gzip", True)]
)
def test_what_is_packed_twice_is_told(encoding: str, twice: bool) -> None:
    """A thousand to one, of a thousand to one."""
    assert bodies.packed_twice({"Content-Encoding": encoding}) is twice
