"""The cut test: kill at every request, before and after the server acts; run again; same world.

Every case is a SIGKILL of arcctl and of each helm it has started. `nox -s matrix` makes all of
them; a plain run makes a sample.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from tests.matrix.cutting import Cut, Place, When, cut, places_of
from tests.matrix.worlds import key_is_shared, world

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.matrix.beginnings import Theatre
    from tests.stage import Stage

CONNECT = "connect -n harbor -g edge -l westeurope"
DELETE = "delete -n harbor -g edge --yes"
SLICES = 8
SAMPLE = 40


def nothing(stage: Stage) -> None:
    """An empty Azure and an empty cluster."""


def connected(stage: Stage) -> None:
    """Harbor, connected."""
    stage.well(f"{CONNECT} --skip-prechecks")


def cases(places: list[Place], start: int, step: int) -> list[tuple[Place, When]]:
    """Return every `step`-th case, both ways of each place counted."""
    both: list[tuple[Place, When]] = [
        (place, when) for place in places for when in ("before", "after")
    ]
    return both[start::step]


def play(
    theatre: Theatre,
    line: str,
    beginning: Callable[[Stage], None],
    part: tuple[int, int],
    record: Callable[[str, object], None],
) -> None:
    """Make one part of all cuts of a command; every one must end as the uncut run did."""
    stage = theatre.stage
    theatre.begin(beginning)
    places = places_of(stage, line)
    goal = world(stage)
    hits = 0
    chosen = cases(places, *part)
    for at, when in chosen:
        theatre.begin(beginning)
        cutting = Cut(at=at, when=when, signal=signal.SIGKILL)
        cut(stage, line, cutting)
        hits += cutting.happened
        stage.well(line)
        assert world(stage) == goal, f"{line} cut {when} {at}"
        if line == CONNECT:
            assert key_is_shared(stage), f"{line} cut {when} {at}"
    record("cuts", len(chosen))
    record("hits", hits)
    # A cut that no request reaches proves nothing; runs differ a little in what they ask twice.
    assert hits >= 0.8 * len(chosen)


@pytest.mark.matrix
@pytest.mark.parametrize("part", range(SLICES))
def test_a_connect_cut_anywhere_ends_in_the_same_world(
    theatre: Theatre, part: int, record_property: Callable[[str, object], None]
) -> None:
    """The same command again heals, whatever request was the last."""
    play(theatre, CONNECT, nothing, (part, SLICES), record_property)


@pytest.mark.matrix
@pytest.mark.parametrize("part", range(SLICES))
def test_a_delete_cut_anywhere_ends_in_the_same_world(
    theatre: Theatre, part: int, record_property: Callable[[str, object], None]
) -> None:
    """The same command again takes away what is left."""
    play(theatre, DELETE, connected, (part, SLICES), record_property)


def test_a_sample_of_cut_connects_heals(
    theatre: Theatre, record_property: Callable[[str, object], None]
) -> None:
    """A few places of connect, for every run of the tests."""
    play(theatre, CONNECT, nothing, (3, SAMPLE), record_property)


def test_a_sample_of_cut_deletes_heals(
    theatre: Theatre, record_property: Callable[[str, object], None]
) -> None:
    """A few places of delete, for every run of the tests."""
    play(theatre, DELETE, connected, (3, SAMPLE), record_property)
