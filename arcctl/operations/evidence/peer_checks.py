"""The peer's checks by its own keys (`connectedk8s.md` B.14), answered by what was asked and collected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.checks.health import agents, identity, release, versions
from arcctl.checks.health.questions import INSIDE
from arcctl.model.evidence import Amount, PeerCheck
from arcctl.model.finding import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arcctl.checks.check import Check
    from arcctl.model.evidence import Collected
    from arcctl.model.examination import Examination
    from arcctl.model.finding import Finding

_QUESTIONS: dict[str, tuple[Check, ...]] = {
    "arc_agent_state_check": (release.installed, *agents.ASKED),
    "msi_cert_check": (identity.is_there,),
    "msi_cert_expiry_check": (identity.in_cluster, identity.in_azure),
    "kap_security_policy_check": (agents.made,),
    "kap_cert_check": (identity.proxy_certificate,),
    "agent_version_check": (versions.agents,),
}
_FROM_INSIDE = "diagnoser_check"
_AMOUNTS = {
    Amount.WHOLE: Verdict.PASS,
    Amount.PART: Verdict.WARN,
    Amount.NONE: Verdict.SKIP,
    Amount.ABSENT: Verdict.SKIP,
}
# The worst first; what could not be asked is worse to know than what went well.
_WORST = (Verdict.FAIL, Verdict.WARN, Verdict.PASS, Verdict.SKIP)


def judged(examination: Examination, pieces: Sequence[Collected]) -> tuple[PeerCheck, ...]:
    """Return all of the peer's checks, those of pieces first."""
    return tuple(_all(examination, pieces))


def _all(examination: Examination, pieces: Sequence[Collected]) -> Iterator[PeerCheck]:
    inside = [
        each
        for section in examination.sections
        if section.word == INSIDE.word
        for each in section.findings
    ]
    for piece in pieces:
        for key in piece.keys:
            asked = key == _FROM_INSIDE and inside
            yield _of(key, inside) if asked else _collected(key, piece)
    findings = examination.report.findings
    for key, checks in _QUESTIONS.items():
        wanted = {(each.sentence, each.code) for each in checks}
        yield _of(key, [each for each in findings if (each.sentence, each.code) in wanted])


def _collected(key: str, piece: Collected) -> PeerCheck:
    detail = "; ".join(piece.gaps) or piece.detail
    return PeerCheck(key, _AMOUNTS[piece.amount], detail)


def _of(key: str, findings: Sequence[Finding]) -> PeerCheck:
    verdict = next((v for v in _WORST if any(each.verdict is v for each in findings)), Verdict.SKIP)
    telling = [each for each in findings if each.verdict is verdict]
    bad = verdict in (Verdict.FAIL, Verdict.WARN)
    detail = "; ".join(dict.fromkeys(each.detail for each in telling if each.detail))
    return PeerCheck(key, verdict, detail, tuple(each.code for each in telling) if bad else ())
