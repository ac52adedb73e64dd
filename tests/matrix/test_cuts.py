"""The cut test: kill at every request, before and after the server acts; run again; same world.

Every case is a SIGKILL of arcctl and of each helm it has started. `nox -s matrix` makes all of
them; a plain run makes a sample.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.matrix.plays import Part, Play, again, perform
from tests.matrix.worlds import key_is_shared

if TYPE_CHECKING:
    from tests.matrix.beginnings import Theatre
    from tests.matrix.plays import Record
    from tests.stage import Ended, Stage

CONNECT = "connect -n harbor -g edge -l westeurope"
DELETE = "delete -n harbor -g edge --yes"
SLICES = 8
SAMPLE = 60


def nothing(stage: Stage) -> None:
    """An empty Azure and an empty cluster."""


def connected(stage: Stage) -> None:
    """Harbor, connected."""
    stage.well(f"{CONNECT} --skip-prechecks")


def keep_key(stage: Stage, said: list[Ended]) -> None:
    """The private key in the cluster belongs to the public one in ARM."""
    assert key_is_shared(stage)


CUT_CONNECT = Play(CONNECT, nothing, again(CONNECT), proof=keep_key)
CUT_DELETE = Play(DELETE, connected, again(DELETE))


@pytest.mark.matrix
@pytest.mark.parametrize("part", range(SLICES))
def test_a_connect_cut_anywhere_ends_in_the_same_world(
    theatre: Theatre, part: int, record_property: Record
) -> None:
    """The same command again heals, whatever request was the last."""
    perform(theatre, CUT_CONNECT, Part(part, SLICES), record_property)


@pytest.mark.matrix
@pytest.mark.parametrize("part", range(SLICES))
def test_a_delete_cut_anywhere_ends_in_the_same_world(
    theatre: Theatre, part: int, record_property: Record
) -> None:
    """The same command again takes away what is left."""
    perform(theatre, CUT_DELETE, Part(part, SLICES), record_property)


def test_a_sample_of_cut_connects_heals(theatre: Theatre, record_property: Record) -> None:
    """A few places of connect, for every run of the tests."""
    perform(theatre, CUT_CONNECT, Part(3, SAMPLE), record_property)


def test_a_sample_of_cut_deletes_heals(theatre: Theatre, record_property: Record) -> None:
    """A few places of delete, for every run of the tests."""
    perform(theatre, CUT_DELETE, Part(3, SAMPLE), record_property)
