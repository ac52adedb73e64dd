"""A check is a sentence with a verdict; the questions are asked side by side."""

from __future__ import annotations

import asyncio

import pytest
from arcctl.checks.check import Answer, Check, ask_all, asked, check, failed, noted, passed, skipped
from arcctl.errors import Refusal
from arcctl.model.finding import Verdict
from tests.checks.sights import Seen, World

REFUSAL = Refusal("no", code="x", hints="arcctl show")


def answering(answer: Answer, sentence: str = "is well") -> Check:
    """A check that answers so."""

    @check(sentence, code="c")
    async def ask(sight: object) -> Answer:
        return answer

    return ask


@pytest.mark.parametrize(
    ("answer", "verdict", "remedy"),
    [
        (passed("3 nodes"), Verdict.PASS, ()),
        (noted("old", "upgrade"), Verdict.WARN, ("upgrade",)),
        (skipped("no group"), Verdict.SKIP, ()),
        (failed(REFUSAL), Verdict.FAIL, ("arcctl show",)),
    ],
)
async def test_an_answer_becomes_a_finding(
    answer: Answer, verdict: Verdict, remedy: tuple[str, ...]
) -> None:
    """With sentence, code, verdict and remedy."""
    [found] = (await ask_all([answering(answer)], Seen(World()))).findings

    assert (found.sentence, found.code, found.verdict) == ("is well", "c", verdict)
    assert (found.detail, found.remedy, found.error) == (answer.detail, remedy, answer.error)


async def test_an_error_is_a_failed_verdict() -> None:
    """It carries the error, which a command may raise."""

    @check("is well", code="c")
    async def ask(sight: object) -> Answer:
        raise REFUSAL

    [found] = (await ask_all([ask], Seen(World()))).findings

    assert (found.verdict, found.error, found.detail) == (Verdict.FAIL, REFUSAL, "no")


async def test_questions_are_asked_side_by_side_and_reported_in_order() -> None:
    """The first waits for the second, and still stands first."""
    second_began = asyncio.Event()

    @check("first", code="1")
    async def first(sight: object) -> Answer:
        await second_began.wait()
        return passed()

    @check("second", code="2")
    async def second(sight: object) -> Answer:
        second_began.set()
        return passed()

    report = await ask_all([first, second], Seen(World()))

    assert [found.sentence for found in report.findings] == ["first", "second"]


async def test_a_question_that_cannot_be_asked_is_skipped() -> None:
    """With the reason; where reaching the other side was the question, that is the answer."""

    async def ask(sight: object) -> Answer:
        raise REFUSAL

    about_it = await asked(Check("is well", "c", ask), Seen(World()), 5)
    reaching = await asked(Check("answers", "c", ask, reaching=True), Seen(World()), 5)

    assert (about_it.verdict, about_it.detail, about_it.error) == (Verdict.SKIP, "no", None)
    assert (reaching.verdict, reaching.error) == (Verdict.FAIL, REFUSAL)


async def test_silence_is_bounded() -> None:
    """A question without an answer is skipped, or fails where an answer was the question."""

    async def ask(sight: object) -> Answer:
        await asyncio.Event().wait()
        return passed()

    about_it = await asked(Check("is well", "c", ask), Seen(World()), 0.01)
    reaching = await asked(Check("answers", "c", ask, reaching=True), Seen(World()), 0.01)

    assert (about_it.verdict, reaching.verdict) == (Verdict.SKIP, Verdict.FAIL)
    assert about_it.detail.startswith("no answer within")


@pytest.mark.parametrize("error", [KeyError("metadata"), TypeError("None"), ValueError("x")])
async def test_half_an_answer_is_no_verdict(error: Exception) -> None:
    """An answer of another shape is the server's doing."""

    async def ask(sight: object) -> Answer:
        raise error

    found = await asked(Check("is well", "c", ask), Seen(World()), 5)

    assert (found.verdict, "cannot be read" in found.detail) == (Verdict.SKIP, True)
