"""Changes of a connected cluster, cut at their requests and typed again: the same world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.matrix.plays import Part, Play, again, perform
from tests.stories import changing
from tests.stories.changing import HARBOR

if TYPE_CHECKING:
    from tests.matrix.beginnings import Theatre
    from tests.matrix.plays import Record
    from tests.stage import Ended, Stage

ENABLE = f"enable-features {HARBOR} --features azure-rbac custom-locations"
UPGRADE = f"upgrade {HARBOR}"
UPDATE = f"update {HARBOR} --tags a=b --disable-proxy --enable-wi --auto-upgrade false"
ISSUER = f"update {HARBOR} --enable-oidc-issuer --enable-workload-identity"
SAMPLE = 30
# All four go the same way, so each gives a third of its cuts, another one: all of them together
# would take as long as those of a move.
THIRDS = {"update": 0, "update-issuer": 1, "upgrade": 2, "enable-features": 0}


def one_issuer(stage: Stage, said: list[Ended]) -> None:
    """The resource has an issuer of its own, and workload identity is on."""
    found = stage.well(f"show {HARBOR}").data
    issuer = found["oidcIssuerProfile"]["issuerUrl"]
    assert issuer.startswith("https://westeurope.oic.prod-arc.azure.com/"), issuer
    assert found["securityProfile"]["workloadIdentity"]["enabled"] is True
    assert all(issuer in each.out for each in said if "issuerUrl" in each.out), said


PLAYS = {
    "update": Play(UPDATE, changing.connected, again(UPDATE)),
    "update-issuer": Play(ISSUER, changing.connected, again(ISSUER), proof=one_issuer),
    "upgrade": Play(UPGRADE, changing.older, again(UPGRADE)),
    "enable-features": Play(ENABLE, changing.connected, again(ENABLE)),
}


@pytest.mark.matrix
@pytest.mark.parametrize(("verb", "start"), THIRDS.items())
def test_a_change_cut_anywhere_ends_in_the_same_world(
    theatre: Theatre, verb: str, start: int, record_property: Record
) -> None:
    """The same command again goes on, whatever request was the last."""
    perform(theatre, PLAYS[verb], Part(start, 3), record_property)


@pytest.mark.parametrize("verb", PLAYS)
def test_a_sample_of_cut_changes_heals(
    theatre: Theatre, verb: str, record_property: Record
) -> None:
    """A few places, for every run of the tests."""
    perform(theatre, PLAYS[verb], Part(7, SAMPLE), record_property)
