"""The answers to checks are counted in words."""

from __future__ import annotations

import pytest
from arcctl.model.finding import Finding, Report, Verdict

P, W, F, S = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.SKIP


def report(*verdicts: Verdict) -> Report:
    """Findings with these verdicts."""
    return Report(
        tuple(Finding(f"question {at}", "code", each) for at, each in enumerate(verdicts))
    )


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        ([P, P, W], "2 passed, 1 note"),
        ([W, W], "2 notes"),
        ([F, P, S, W], "1 passed, 1 note, 1 failed, 1 skipped"),
        ([], ""),
    ],
)
def test_the_summary_counts_what_there_is(verdicts: list[Verdict], words: str) -> None:
    """Only the numbers that are not zero, passed first."""
    assert report(*verdicts).summary == words


def test_findings_are_sorted_out_in_their_order() -> None:
    """The order is that in which the checks are declared."""
    found = report(F, P, F).having(F)

    assert [each.sentence for each in found] == ["question 0", "question 2"]
