"""All that `check` found about one cluster, as a value: shown, stored, counted.

Kept as `arcctl.check/1` (`docs/reference/checks.md`, schema beside it), without secrets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.model.finding import Finding, Report, Verdict

if TYPE_CHECKING:
    from arcctl.model.overall import Overall
    from arcctl.model.resource_id import ClusterId

FORMAT = "arcctl.check/1"


@dataclass(frozen=True, slots=True)
class Section:
    """The findings of one category; `word` is what `--only` takes, `title` what people read."""

    word: str
    title: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Examination:
    """The answers about one cluster.

    `status` is ARM's word, "" where there is none; `before` the command whose own questions
    these are, "" for all questions there are.
    """

    cluster: ClusterId
    status: str
    overall: Overall
    sections: tuple[Section, ...]
    before: str = ""

    @property
    def report(self) -> Report:
        """All findings in their order."""
        return Report(tuple(each for section in self.sections for each in section.findings))

    def bad(self, *, warnings: bool) -> tuple[Finding, ...]:
        """Return what failed, and with `warnings` also what is only worth knowing."""
        verdicts = (Verdict.FAIL, Verdict.WARN) if warnings else (Verdict.FAIL,)
        return tuple(each for each in self.report.findings if each.verdict in verdicts)

    def changed_since(self, earlier: Examination) -> tuple[Finding, ...]:
        """Return the findings whose verdict is another than it was."""
        before = {each.sentence: each.verdict for each in earlier.report.findings}
        return tuple(
            each
            for each in self.report.findings
            if before.get(each.sentence, each.verdict) is not each.verdict
        )

    @property
    def sentence(self) -> str:
        """Say what is wrong; a cluster that is well may still have failed a question."""
        failures = self.report.having(Verdict.FAIL)
        told = f"{self.cluster.name} {self.overall.sentence}"
        if self.overall.well and failures:
            count = len(failures)
            told += f", but {count} question{'' if count == 1 else 's'} found something wrong"
        return told

    def to_document(self) -> dict[str, Any]:
        """Return it as plain JSON, with everything that a script may want to choose by."""
        cluster = self.cluster
        return {
            "format": FORMAT,
            "id": cluster.path,
            "name": cluster.name,
            "resourceGroup": cluster.group,
            "before": self.before,
            "status": self.status,
            "diagnosis": {"word": self.overall.word, "sentence": self.sentence},
            "summary": {str(each): len(self.report.having(each)) for each in Verdict},
            "findings": [
                _plain(section, finding)
                for section in self.sections
                for finding in section.findings
            ],
        }


def _plain(section: Section, finding: Finding) -> dict[str, Any]:
    return {
        "category": section.word,
        "check": finding.sentence,
        "code": finding.code,
        "verdict": str(finding.verdict),
        "detail": finding.detail,
        "why": list(finding.error.why) if finding.error else [],
        "remedy": list(finding.remedy),
    }
