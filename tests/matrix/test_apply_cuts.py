"""`config apply` cut at every request and taken up on another machine: the same configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests import arm
from tests.matrix import vows
from tests.matrix.plays import Part, Play, perform, well_or_nothing_open
from tests.stories import moving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.matrix.beginnings import Theatre
    from tests.matrix.plays import Record
    from tests.stage import Ended, Stage

SLICES = 4
SAMPLE = 17
FILE = "--protected-settings secrets.yaml"
APPLY = f"config apply -n harbor -g edge --file harbor.yaml --yes {FILE}"


def half_configured(stage: Stage) -> None:
    """Of four children in a manifest, two are missing and one is another."""
    moving.connected(stage)
    moving.secrets_file(stage)
    stage.well("config export -n harbor -g edge --output-file harbor.yaml")
    stage.well("delete -n harbor -g edge --yes")
    stage.well(moving.CONNECT)
    arm.put_child(stage, "extensions", "flux", moving.extension("microsoft.flux"))
    other = moving.git("https://git.example.com/edge/older")
    arm.put_child(stage, "fluxConfigurations", "public", other)


def taken_up(stage: Stage) -> Iterator[Ended]:
    """Resume, and apply what is still to be applied."""
    yield well_or_nothing_open(stage, f"resume --take-over --yes {FILE}")
    yield stage.well(APPLY)


def keep_vows(stage: Stage, said: Ended) -> None:
    """What must hold at every cut."""
    vows.keep_secrets(stage, said)


def keep_proof(stage: Stage, said: list[Ended]) -> None:
    """What must hold at every end."""
    vows.keep_secrets(stage, *said)


CUT_APPLY = Play(APPLY, half_configured, taken_up, kill_every=5, vows=keep_vows, proof=keep_proof)


@pytest.mark.matrix
@pytest.mark.parametrize("part", range(SLICES))
def test_an_apply_cut_anywhere_ends_in_the_same_world(
    theatre: Theatre, part: int, record_property: Record
) -> None:
    """Taken up from the cluster's copy alone, and typed again."""
    perform(theatre, CUT_APPLY, Part(part, SLICES), record_property)


def test_a_sample_of_cut_applies_heals(theatre: Theatre, record_property: Record) -> None:
    """A few places, for every run of the tests."""
    perform(theatre, CUT_APPLY, Part(7, SAMPLE), record_property)
