"""A question with a verdict and a remedy.

A check is declared by decorating an async function of a `Sight` with the sentence that is printed.
It returns an `Answer`; an ArcctlError that it lets through is a failed verdict carrying that error.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError
from arcctl.model.finding import Finding, Report, Verdict

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


@dataclass(frozen=True, slots=True)
class Check:
    """The sentence that is printed, the stable code, and the question itself."""

    sentence: str
    code: str
    ask: Callable[[Sight], Awaitable[Answer]]


def check(sentence: str, *, code: str) -> Callable[[Callable[[Sight], Awaitable[Answer]]], Check]:
    """Declare a check; `code` is the peer's AZK8S number where the meaning is the same."""
    return lambda ask: Check(sentence, code, ask)


async def ask_all(checks: Sequence[Check], sight: Sight) -> Report:
    """Ask all questions side by side; the report keeps the order of declaration."""
    return Report(tuple(await asyncio.gather(*(_ask(check, sight) for check in checks))))


async def _ask(check: Check, sight: Sight) -> Finding:
    try:
        answer = await check.ask(sight)
    except ArcctlError as error:
        answer = failed(error)
    return Finding(
        check.sentence, check.code, answer.verdict, answer.detail, answer.remedy, answer.error
    )
