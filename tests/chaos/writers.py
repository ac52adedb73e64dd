"""Somebody else, who changes harbor while arcctl is at work, and remembers when Azure agreed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from tests import arm
from tests.chaos import direct
from tests.chaos.scenes import CREW
from tests.writes import AUTHORIZATION, WRITES

if TYPE_CHECKING:
    from tests.stage import Stage

SETTLED = 5.0
"""A write that Azure has agreed to so many seconds before the source goes must not be lost."""
ANSWERED = 0.1
"""DELETE is answered by then; a write beside it cannot be prevented (decision 0019)."""
CHANGE = "setting changed"
_SETTING = "/providers/Microsoft.Insights/diagnosticSettings/to-logs"


def _other_setting(mark: str) -> tuple[str, str, str, Any]:
    body = {"properties": {"workspaceId": f"/{mark}"}}
    return "PUT", _SETTING, "2021-05-01-preview", body


# In this order, from which the dice of a seed choose.
KINDS = {
    **{
        kind: WRITES[kind]
        for kind in ("tag", "extension", "configuration", "role", "lock", "diagnostics")
    },
    CHANGE: _other_setting,
}
# What is taken away by somebody else, by the word that is found where it is.
REMOVALS = {"setting removed": "to-logs", "role removed": CREW}


@dataclass
class Write:
    """One change of somebody else. `mark` stands in it and nowhere else."""

    kind: str
    mark: str
    acknowledged: float = 0.0
    status: int = 0
    withdrawn: bool = False
    begun: bool = field(default=False, init=False)

    @property
    def agreed(self) -> bool:
        """Whether Azure has said yes, and it was not taken back."""
        return self.status in (200, 201, 202) and not self.withdrawn

    def do(self, stage: Stage, at: str = arm.HARBOR) -> None:
        """Ask Azure for it."""
        self.begun = True
        if self.kind in REMOVALS:
            self._remove(stage, at)
            return
        method, below, version, body = KINDS[self.kind](self.mark)
        if self.kind == CHANGE and direct.azure(stage, "GET", at + below, version)[0] != 200:
            return  # what is not there cannot be changed
        self.status, _ = direct.azure(stage, method, at + below, version, body)
        self.acknowledged = time.monotonic()

    def _remove(self, stage: Stage, at: str) -> None:
        """Take away what is there; where it is not there, nothing was done."""
        below, version = _SETTING, "2021-05-01-preview"
        if self.kind == "role removed":
            version = "2022-04-01"
            _, found = direct.azure(stage, "GET", f"{at}/{AUTHORIZATION}/roleAssignments", version)
            below = next((_below(at, each) for each in _granted(found) if _is_crews(at, each)), "")
        if below:
            self.status, _ = direct.azure(stage, "DELETE", at + below, version)
            self.acknowledged = time.monotonic()

    def withdraw(self, stage: Stage, at: str) -> None:
        """Take it back, as one does with a lock that is in the way."""
        _, below, version, _ = KINDS[self.kind](self.mark)
        status, _ = direct.azure(stage, "DELETE", at + below, version)
        self.withdrawn |= status in (200, 202, 204)

    def is_in(self, picture: dict[str, Any]) -> bool:
        """Whether it is there, at whatever id the cluster has by now; or gone, if it was removed."""
        if self.kind in REMOVALS:
            places = [key for key in picture["azure"] if "/connectedclusters/harbor" in key]
            return not any(REMOVALS[self.kind].lower() in key for key in places)
        return self.mark.lower() in str(picture["azure"]).lower()

    def may_be_lost(self, deletions: list[float]) -> bool:
        """Whether no reading could have found it: the cluster was deleted moments later.

        `deletions` are the times at which DELETE was sent.
        """
        return any(-ANSWERED <= gone - self.acknowledged <= SETTLED for gone in deletions)


def _granted(answer: Any) -> list[Any]:
    found = answer.get("value") if isinstance(answer, dict) else None
    return found if isinstance(found, list) else []


def _is_crews(at: str, each: Any) -> bool:
    own = str(each["id"]).casefold().startswith(f"{at}/".casefold())
    return own and each["properties"]["principalId"] == CREW


def _below(at: str, each: Any) -> str:
    return str(each["id"])[len(at) :]


def named(number: int, seed: int, kind: str) -> str:
    """Return a name that tells whose it is, and whose else it cannot be."""
    if kind in REMOVALS:
        return REMOVALS[kind]
    if kind == "role":
        return str(uuid5(NAMESPACE_URL, f"writer {seed} {number}"))
    return f"w{seed}x{number}{kind}"[:40]
