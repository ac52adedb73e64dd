"""The answers to checks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arcctl.errors import ArcctlError


class Verdict(StrEnum):
    """How a check ended; `skip` means that it could not be asked, never that it passed."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Finding:
    """One question with its answer.

    `sentence` is the question as printed, `code` stable, `detail` a line of evidence,
    `remedy` what to type or do. A failed finding carries the error that it becomes when a
    command stops because of it.
    """

    sentence: str
    code: str
    verdict: Verdict
    detail: str = ""
    remedy: tuple[str, ...] = ()
    error: ArcctlError | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one round, in the order in which the checks are declared."""

    findings: tuple[Finding, ...]

    def having(self, verdict: Verdict) -> tuple[Finding, ...]:
        """Return those with one verdict."""
        return tuple(each for each in self.findings if each.verdict is verdict)

    @property
    def summary(self) -> str:
        """`14 passed, 1 note`, with only the numbers that are not zero."""
        words = {
            Verdict.PASS: "passed",
            Verdict.WARN: "note",
            Verdict.FAIL: "failed",
            Verdict.SKIP: "skipped",
        }
        parts = [(len(self.having(verdict)), word) for verdict, word in words.items()]
        return ", ".join(
            f"{count} {word}{'s' if word == 'note' and count > 1 else ''}"
            for count, word in parts
            if count
        )
