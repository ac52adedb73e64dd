"""Whose cluster this is: every combination of evidence (`docs/reference/ownership.md`)."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from arcctl.model.ownership import (
    IMPOSSIBLE,
    Agents,
    Evidence,
    Heard,
    Identity,
    Says,
    Verdict,
    combinations,
    decide,
)

YES, GONE, HIDDEN, NO = Says
WHOLE = Evidence(YES, YES, YES, Agents.RUNNING, Heard.SINCE)
POSSIBLE = [each for each in combinations() if (each.agents, each.heard) not in IMPOSSIBLE]


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (WHOLE, Verdict.PASSES),
        (replace(WHOLE, identity=Identity.SAME), Verdict.PASSES),
        (replace(WHOLE, heard=Heard.BEFORE), Verdict.PASSES),
        (replace(WHOLE, key=GONE), Verdict.PASSES),
        (replace(WHOLE, key=HIDDEN), Verdict.PASSES),
        (replace(WHOLE, key=GONE, heard=Heard.BEFORE), Verdict.ASKS),
        (replace(WHOLE, config_map=GONE), Verdict.PASSES),
        (replace(WHOLE, config_map=GONE, release=GONE), Verdict.ASKS),
        (replace(WHOLE, agents=Agents.DOWN, heard=Heard.BEFORE), Verdict.ASKS),
        (replace(WHOLE, agents=Agents.DOWN, heard=Heard.ELSEWHERE), Verdict.REFUSES),
        (replace(WHOLE, agents=Agents.PAUSED, heard=Heard.BEFORE), Verdict.PASSES),
        (replace(WHOLE, agents=Agents.PAUSED, heard=Heard.ELSEWHERE), Verdict.REFUSES),
        (replace(WHOLE, identity=Identity.DIFFERS), Verdict.ASKS),
        (replace(WHOLE, key=NO), Verdict.REFUSES),
        (replace(WHOLE, config_map=NO), Verdict.REFUSES),
        (replace(WHOLE, release=NO), Verdict.REFUSES),
        (Evidence(config_map=YES), Verdict.ASKS),
        (Evidence(config_map=YES, key=YES), Verdict.ASKS),
        (Evidence(YES, YES, YES), Verdict.ASKS),
        (Evidence(key=YES, heard=Heard.NEVER), Verdict.PASSES),
        (Evidence(YES, YES, heard=Heard.NEVER), Verdict.PASSES),
        (Evidence(YES, heard=Heard.NEVER), Verdict.ASKS),
        (Evidence(), Verdict.ASKS),
    ],
)
def test_the_rows_that_people_ask_about(seen: Evidence, verdict: Verdict) -> None:
    """Those that the page names."""
    assert decide(seen) is verdict


def test_every_combination_is_decided_or_said_to_be_impossible() -> None:
    """The product of all values: 4 × 4 × 4 × 5 × 5 × 4."""
    assert len(list(combinations())) == 6400
    assert len(POSSIBLE) == 6400 * (25 - len(IMPOSSIBLE)) // 25
    assert {decide(each) for each in POSSIBLE} == {*Verdict}


def test_a_contradiction_always_refuses_and_nothing_else_does() -> None:
    """By a name, by the key, or by a heartbeat that came from elsewhere."""
    for each in POSSIBLE:
        against = NO in each.witnesses or each.heard is Heard.ELSEWHERE
        assert (decide(each) is Verdict.REFUSES) == against, each


def test_what_is_missing_never_counts_as_agreement() -> None:
    """An agreement that is taken away makes no verdict better."""
    order = [Verdict.REFUSES, Verdict.ASKS, Verdict.PASSES]
    for each, name, less in product(POSSIBLE, ("config_map", "release", "key"), (GONE, HIDDEN)):
        if getattr(each, name) is YES:
            with_less = decide(replace(each, **{name: less}))
            assert order.index(with_less) <= order.index(decide(each)), each


def test_absent_and_unreadable_weigh_the_same() -> None:
    """Neither of them is agreement, neither is contradiction."""
    for each in POSSIBLE:
        for name in ("config_map", "release", "key"):
            if getattr(each, name) is GONE:
                assert decide(replace(each, **{name: HIDDEN})) is decide(each)


def test_nothing_passes_without_running_agents_or_a_resource_nobody_has_connected() -> None:
    """Objects can be copied, so objects alone are never enough."""
    for each in POSSIBLE:
        if decide(each) is Verdict.PASSES:
            assert each.agents in (Agents.RUNNING, Agents.PAUSED) or each.heard is Heard.NEVER
            assert [*each.witnesses].count(YES) >= (1 if each.heard is Heard.NEVER else 2)
            assert each.identity is not Identity.DIFFERS


def test_the_uid_of_kube_system_is_a_hint_and_never_a_verdict() -> None:
    """It makes arcctl ask where it would pass, and changes nothing else."""
    for each in POSSIBLE:
        plain, other = decide(each), decide(replace(each, identity=Identity.DIFFERS))
        if each.identity is not Identity.DIFFERS:
            assert other is (Verdict.ASKS if plain is Verdict.PASSES else plain)


@pytest.mark.parametrize(
    ("seen", "copied"),
    [
        (WHOLE, False),
        (replace(WHOLE, identity=Identity.DIFFERS), True),
        (replace(WHOLE, identity=Identity.DIFFERS, key=GONE), False),
        (replace(WHOLE, agents=Agents.DOWN, heard=Heard.ELSEWHERE), True),
    ],
)
def test_a_key_that_is_in_use_elsewhere_is_told(seen: Evidence, *, copied: bool) -> None:
    """So that a move makes a new one."""
    assert seen.copied is copied
