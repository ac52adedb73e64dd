"""How to read the log of the in-cluster diagnostics job (`connectedk8s.md` B.8, its grammar)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAMES_FAIL = {
    "AZK8S0301": ("NXDOMAIN",),
    "AZK8S0303": ("SERVFAIL",),
    "AZK8S0304": ("no servers could be reached",),
    "AZK8S0302": ("connection timed out", "timed out"),
    "AZK8S0305": ("communications error",),
}
_DNS = "DNS Result:"
_OUTBOUND = "Outbound Network Connectivity"
_ENTRA = "Entra Authentication Endpoint Connectivity Check Result"
_CRD = "Check Failed: CRD"
_MARKERS = (_DNS, _OUTBOUND, _ENTRA, _CRD)


_HINDRANCES = (
    ("Insufficient|Evicted|pressure", "free cpu and memory on the nodes, or add one"),
    ("FailedScheduling", "let its pod find a linux node: kubectl describe nodes"),
    ("pull|image", "let the nodes pull images from mcr.microsoft.com"),
)


def way_out(events: Iterable[str], namespace: str) -> str:
    """Return what to do about a job that does not end, by what the cluster says of its pods."""
    for told in events:
        for sign, remedy in _HINDRANCES:
            if re.search(sign, told):
                return remedy
    return f"exempt namespace {namespace} from policies and quotas"


class Outcome(StrEnum):
    """How one part of the job ended; `incomplete` never counts as passed."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    INCOMPLETE = "incomplete"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that the job tried from inside the cluster."""

    name: str
    outcome: Outcome
    code: str = ""
    text: str = ""


def read(log: str) -> tuple[Part, ...]:
    """Return DNS, outbound (needed and optional), sign-in and CRD ownership."""
    lines = log.splitlines()
    return (_dns(lines), *_outbound(lines), _entra(lines), _crds(lines))


def _dns(lines: list[str]) -> Part:
    start = next((index for index, line in enumerate(lines) if _DNS in line), None)
    if start is None:
        return Part("DNS", Outcome.INCOMPLETE, "AZK8S0603", "the job's log has no DNS result")
    text = [lines[start]]
    for line in lines[start + 1 :]:
        if any(marker in line for marker in _MARKERS):
            break
        text.append(line)
    answer = "\n".join(text)
    for code, signs in _NAMES_FAIL.items():
        if any(sign in answer for sign in signs):
            return Part("DNS", Outcome.FAILED, code, " ".join(answer.split())[:240])
    return Part("DNS", Outcome.PASSED)


def _tried(line: str) -> tuple[str, str]:
    """Return url and status of `… : url : code`."""
    found = re.search(r"(https?://\S+|\S+\.\S+)\s*:\s*(\d{3})\s*$", line)
    return (found.group(1), found.group(2)) if found else (line.strip(), line.strip()[-3:])


def _outbound(lines: list[str]) -> tuple[Part, ...]:
    tries = [_tried(line) for line in lines if line.strip().startswith(_OUTBOUND)]
    if not tries:
        return (
            Part("outbound", Outcome.INCOMPLETE, "AZK8S0603", "the log has no outbound result"),
        )
    parts = []
    if len(tries) > 1:
        url, status = tries[0]
        lost = status == "000"
        outcome = Outcome.WARNED if lost else Outcome.PASSED
        parts.append(
            Part("outbound for cluster connect", outcome, "AZK8S0307" if lost else "", url)
        )
    url, status = tries[-1]
    failed = status == "000"
    outcome = Outcome.FAILED if failed else Outcome.PASSED
    return (*parts, Part("outbound", outcome, "AZK8S0306" if failed else "", url))


def _entra(lines: list[str]) -> Part:
    line = next((line for line in lines if _ENTRA in line), None)
    if line is None:
        return Part("sign-in endpoint", Outcome.NOT_APPLICABLE)
    url, status = _tried(line)
    if status in ("200", "404"):
        return Part("sign-in endpoint", Outcome.PASSED)
    return Part("sign-in endpoint", Outcome.FAILED, "AZK8S0308", f"{url} answered {status}")


def _crds(lines: list[str]) -> Part:
    line = next((line for line in lines if _CRD in line), None)
    if line is None:
        return Part("CRD ownership", Outcome.PASSED)
    return Part("CRD ownership", Outcome.FAILED, "AZK8S0600", line.strip()[:240])
