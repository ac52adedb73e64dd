"""The questions of `check`, all of them: the verdicts of the collection."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from arcctl.checks.health.questions import INSIDE
from arcctl.errors import FindingsError
from arcctl.model.examination import Examination, Section
from arcctl.model.overall import UNSEEN, Inside, overall
from arcctl.operations.check import CheckRequest, everything
from arcctl.operations.evidence.piece import Case, Tray, piece

if TYPE_CHECKING:
    from arcctl.model.finding import Finding
    from arcctl.model.redaction import Redactor

_MARGIN = 10  # each question is bounded by itself; this is for what they share


@piece("check", "checks", slack=_MARGIN)
async def questions(tray: Tray) -> str:
    """Ask everything that changes nothing; the way from inside is the diagnoser's."""
    case = tray.case
    request = CheckRequest(patience=case.patience)
    case.examination = await everything(request, case.sight, case.world)
    return case.examination.report.summary


def whole(case: Case) -> Examination:
    """Return all that was found, from here and from inside, in words that anybody may read."""
    unseen = Examination(case.sight.cluster, "", overall(UNSEEN, Inside.UNSEEN), ())
    found = case.examination or unseen
    inside = Section(INSIDE.word, INSIDE.title, case.from_inside)
    sections = [inside if each.word == INSIDE.word else each for each in found.sections]
    if inside.findings and inside not in sections:
        sections.append(inside)
    return replace(found, sections=tuple(_readable(each, case.redactor) for each in sections))


def _readable(section: Section, redactor: Redactor) -> Section:
    return replace(section, findings=tuple(_redacted(each, redactor) for each in section.findings))


def _redacted(found: Finding, redactor: Redactor) -> Finding:
    error = found.error and FindingsError(
        redactor.text(found.error.message),
        code=found.error.code,
        why=tuple(map(redactor.text, found.error.why)),
        hints=tuple(map(redactor.text, found.error.hints)),
    )
    remedy = tuple(map(redactor.text, found.remedy))
    return replace(found, detail=redactor.text(found.detail), remedy=remedy, error=error)
