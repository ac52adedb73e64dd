"""A question with a verdict and a remedy.

A check is declared by decorating an async function of a `Sight` with the sentence that is printed.
It returns an `Answer`. What an ArcctlError means that it lets through is for the asker: before a
change it is a failed verdict (`ask_all`); where one only wants to know, a question that could not
be asked (`asked`), unless reaching its end was the question.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.errors import ArcctlError, FindingsError
from arcctl.model.bounded import Unfit
from arcctl.model.duration import spoken
from arcctl.model.finding import Finding, Report, Verdict
from arcctl.model.scrub import scrubbed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from arcctl.checks.sight import Sight


@dataclass(frozen=True, slots=True)
class Answer:
    """How a question ended; see `Finding` for the fields."""

    verdict: Verdict
    detail: str = ""
    remedy: tuple[str, ...] = ()
    error: ArcctlError | None = None


def passed(detail: str = "") -> Answer:
    """It is as it should be."""
    return Answer(Verdict.PASS, detail)


def noted(detail: str, *remedy: str) -> Answer:
    """It works, but a person should know."""
    return Answer(Verdict.WARN, detail, remedy)


def skipped(reason: str) -> Answer:
    """It could not be asked, or does not apply; never a pass."""
    return Answer(Verdict.SKIP, reason)


def failed(error: ArcctlError) -> Answer:
    """It is not as it must be; the error says why and what to type."""
    return Answer(Verdict.FAIL, error.message, error.hints, error)


def wrong(what: str, *remedy: str, why: tuple[str, ...] | str = ()) -> Answer:
    """It is not as it must be; `why` is the evidence, `remedy` what to type or do.

    Evidence is other programs' words, which may hold what nobody should read.
    """
    evidence = (why,) if isinstance(why, str) else why
    return failed(FindingsError(scrubbed(what), why=tuple(map(scrubbed, evidence)), hints=remedy))


@dataclass(frozen=True, slots=True)
class Check:
    """The sentence that is printed, the stable code, and the question itself.

    `reaching` marks questions that are about getting an answer at all: for them an error is the
    answer, for all others it keeps them from being asked.
    """

    sentence: str
    code: str
    ask: Callable[[Any], Awaitable[Answer]]
    reaching: bool = False


def check(
    sentence: str, *, code: str, reaching: bool = False
) -> Callable[[Callable[[Any], Awaitable[Answer]]], Check]:
    """Declare a check; `code` is the peer's AZK8S number where the meaning is the same."""
    return lambda ask: Check(sentence, code, ask, reaching)


async def ask_all(checks: Sequence[Check], sight: Sight) -> Report:
    """Ask all questions side by side; the report keeps the order of declaration."""
    return Report(tuple(await asyncio.gather(*(_ask(check, sight) for check in checks))))


async def _ask(check: Check, sight: Sight) -> Finding:
    try:
        answer = await check.ask(sight)
    except ArcctlError as error:
        answer = failed(error)
    return _finding(check, answer)


async def asked(check: Check, sight: Sight, patience: float) -> Finding:
    """Ask one question for at most `patience` seconds; what cannot be asked is skipped."""
    try:
        async with asyncio.timeout(patience):
            answer = await check.ask(sight)
    except ArcctlError as error:
        answer = failed(error) if check.reaching else skipped(error.message)
    except TimeoutError:
        answer = _silent(check, patience)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # Half an answer, or one of another shape, is the server's doing, and no verdict; but
        # where the answer was the question, there is none. What was odd may be a secret.
        said = f"what came back cannot be read: {error if _plain(error) else type(error).__name__}"
        answer = wrong(said, "to see more: --debug") if check.reaching else skipped(said)
    return _finding(check, answer)


def _plain(error: Exception) -> bool:
    """Whether its words are ours, or name a key."""
    return isinstance(error, Unfit | KeyError)


def _silent(check: Check, patience: float) -> Answer:
    said = f"no answer within {spoken(patience)}"
    return wrong(said, "to wait longer: --timeout SECONDS") if check.reaching else skipped(said)


def _finding(check: Check, answer: Answer) -> Finding:
    return Finding(
        check.sentence, check.code, answer.verdict, answer.detail, answer.remedy, answer.error
    )
