"""All that `troubleshoot` has found about one cluster: verdicts, and where the files are.

Kept as `arcctl.troubleshoot/1` (`docs/commands/troubleshoot.md`), without the files' contents.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arcctl.model.examination import Examination
    from arcctl.model.finding import Finding, Verdict

FORMAT = "arcctl.troubleshoot/1"


class Amount(StrEnum):
    """How much of a piece is there; `absent` means that the cluster has nothing of the kind."""

    WHOLE = "whole"
    PART = "part"
    NONE = "none"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class File:
    """One file of the folder: its path in it, its size in bytes, and what was left out, or ""."""

    path: str
    size: int
    cut: str = ""


@dataclass(frozen=True, slots=True)
class Collected:
    """What came of one piece: its files, a line for people, and what is missing and why.

    `keys` are the peer's names for it (`connectedk8s.md` B.14); most pieces have one.
    """

    name: str
    title: str
    keys: tuple[str, ...]
    amount: Amount
    detail: str
    gaps: tuple[str, ...]
    files: tuple[File, ...]
    seconds: float

    def to_document(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "piece": self.name,
            "title": self.title,
            "amount": str(self.amount),
            "detail": self.detail,
            "missing": list(self.gaps),
            "files": [
                {"path": each.path, "bytes": each.size, "cut": each.cut} for each in self.files
            ],
        }


@dataclass(frozen=True, slots=True)
class PeerCheck:
    """A check as the peer calls it, judged by what arcctl has asked and collected."""

    key: str
    verdict: Verdict
    detail: str
    codes: tuple[str, ...] = ()

    def to_document(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "check": self.key,
            "verdict": str(self.verdict),
            "detail": self.detail,
            "codes": list(self.codes),
        }


@dataclass(frozen=True, slots=True)
class Evidence:
    """One round of `troubleshoot`: paths are those of this machine, `taken` when it ended."""

    examination: Examination
    checks: tuple[PeerCheck, ...]
    pieces: tuple[Collected, ...]
    folder: str
    archive: str
    index: str
    taken: str
    redacted: bool = True

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The questions that found something wrong."""
        return self.examination.bad(warnings=False)

    @property
    def incomplete(self) -> tuple[Collected, ...]:
        """The pieces of which something is missing."""
        return tuple(each for each in self.pieces if each.gaps)

    def to_document(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        cluster = self.examination.cluster
        return {
            "format": FORMAT,
            "id": cluster.path,
            "name": cluster.name,
            "resourceGroup": cluster.group,
            "taken": self.taken,
            "redacted": self.redacted,
            "archive": self.archive,
            "folder": self.folder,
            "index": self.index,
            "diagnosis": self.examination.to_document()["diagnosis"],
            "checks": [each.to_document() for each in self.checks],
            "pieces": [each.to_document() for each in self.pieces],
        }
