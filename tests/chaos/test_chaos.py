"""A few seeds of the campaign, for every run of the tests; `nox -s chaos` plays two hundred."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.chaos.__main__ import log, told
from tests.chaos.seed import drawn

if TYPE_CHECKING:
    from tests.chaos.behind import House

SEEDS = (15, 22, 35, 36, 39)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_ends_without_a_loss_and_without_a_false_report(house: House, seed: int) -> None:
    """Whatever goes wrong, the end is the world asked for, or the old one, and is called so."""
    play = drawn(house, seed)
    outcome = play.run()
    assert not outcome.failed, "\n".join((told(outcome), log(play)))
