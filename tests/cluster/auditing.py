"""Who asked the API server for what: its own audit log, read back."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules: [{level: Metadata}]
"""
LOG = ".kwok/clusters/{name}/logs/audit.log"


class Asked(NamedTuple):
    """One request: the program (`arcctl`, `Helm`), the verb as RBAC calls it, the path."""

    by: str
    verb: str
    path: str

    @property
    def changes(self) -> bool:
        """Whether it may change the cluster; a question about rights is posted, yet only asks."""
        reads = ("get", "list", "watch")
        return self.verb not in reads and not self.path.endswith("accessreviews")


class Ledger:
    """The requests since it was opened."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._begun = log.stat().st_size

    def by(self, *programs: str) -> list[Asked]:
        """What these programs asked and have been answered; a watch counts once it has ended."""
        return [asked for asked in self._all() if asked.by in programs]

    def _all(self) -> Iterator[Asked]:
        with self._log.open("rb") as log:
            log.seek(self._begun)
            for line in log:
                with contextlib.suppress(ValueError):  # the last line may be half written
                    entry = json.loads(line)
                    program = entry.get("userAgent", "").partition("/")[0]
                    yield Asked(program, entry["verb"], entry["requestURI"].partition("?")[0])
