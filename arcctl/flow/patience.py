"""Waiting for trouble to pass, where a run that stops would leave more undone than one that waits."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.errors import ArcctlError

_LONGEST_PAUSE = 10.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How a run meets trouble that may be over in a moment.

    `worth` says how often a step is tried again after an error: 0 where that would not help.
    `seconds` bound the waiting of one step; `anew` forgets what was seen before the trouble.
    """

    seconds: float
    worth: Callable[[ArcctlError], int]
    anew: Callable[[], None]

    def begin(self) -> Trial:
        """Return the tries of one step."""
        return Trial(self)


@dataclass(slots=True)
class Trial:
    """One step's tries so far; its time begins with the first trouble."""

    patience: Patience
    tried: int = 0
    _since: float = field(default=0.0)

    def pause(self, error: ArcctlError) -> float | None:
        """Return the seconds to wait before the next try, None where there shall be none."""
        now = time.monotonic()
        self._since = self._since or now
        self.tried += 1
        left = self._since + self.patience.seconds - now
        if self.tried > self.patience.worth(error) or left <= 0:
            return None
        return float(min(0.5 * 2 ** min(self.tried - 1, 9), _LONGEST_PAUSE, left))
