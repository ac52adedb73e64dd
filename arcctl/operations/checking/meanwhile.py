"""What may be advised while a run has the cluster: to look at it, and to take up the run.

A run scales agents to zero, deletes the resource and makes it again. To wake or install agents, or
to write to the resource, in the meantime is refused, or takes away what the run must keep.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from arcctl.model.finding import Verdict
from arcctl.model.overall import HELD, Inside, Overall

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arcctl.model.examination import Section
    from arcctl.model.finding import Finding

CODES = ("run-in-progress", "run-unfinished", "journal-gone")
"""How the finding is called that a run has the cluster"""
_COMMAND = re.compile(r"\b(arcctl|kubectl|helm|oc|az) ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?")
# The words behind each program that only look, or change nothing in the cluster and its resource.
_LOOKS = {
    "arcctl": {
        *("check", "history", "list", "login", "resume", "rollback", "show", "wait", "whoami"),
        *("config diff", "config list"),
    },
    "kubectl": {"describe", "get", "logs"},
    "helm": {"history", "list", "status"},
    "az": {"account", "ad", "login", "provider"},
}
# A job in the cluster, in a namespace that a move deletes.
_INSIDE = "--inside"
# What the run itself puts back: advice in words (`install it again`) would be in its way as well.
_OF_THE_RUN = ("identity", "extensions")


def held_by(findings: Iterable[Finding]) -> Finding | None:
    """Return the finding that a run has the cluster, if it is among these."""
    return next(
        (each for each in findings if each.verdict is Verdict.FAIL and each.code in CODES), None
    )


def as_held(sections: Iterable[Section]) -> list[Section]:
    """Return the sections with harmless advice only, where one of them says that a run is there."""
    found = list(sections)
    if held_by(each for section in found for each in section.findings) is None:
        return found
    return [
        replace(section, findings=tuple(_harmless(each, section.word) for each in section.findings))
        for section in found
    ]


def diagnosis(found: Overall, inside: Inside, holding: Finding | None) -> Overall:
    """Return what is wrong as a whole: a run that has the cluster explains what else is seen."""
    if holding is None or inside is Inside.FOREIGN:
        return found
    return HELD.get(holding.code, HELD["run-unfinished"])


def _harmless(finding: Finding, word: str) -> Finding:
    if finding.code in CODES:
        return finding
    kept = tuple(
        each for each in finding.remedy if is_harmless(each, words=word not in _OF_THE_RUN)
    )
    return replace(finding, remedy=kept)


def is_harmless(remedy: str, *, words: bool = True) -> bool:
    """Tell whether a remedy only looks; one without any command is left where `words` are."""
    commands = list(_COMMAND.finditer(remedy))
    if _INSIDE in remedy or not all(map(_only_looks, commands)):
        return False
    # Behind other words the command is one of two ways: `install it again, or see why: kubectl …`.
    return words or any(found.start() == 0 for found in commands)


def _only_looks(found: re.Match[str]) -> bool:
    program, verb, noun = found.groups()
    looks = _LOOKS.get(program, set())
    return verb in looks or f"{verb} {noun}" in looks
