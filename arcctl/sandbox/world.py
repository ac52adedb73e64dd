"""All that a sandbox holds: time, faults, the journal, and the small Azure.

`base_url` is set by whoever opens the port; until then absolute links follow the request.
`agent_charts` tells the data plane, per release train, where the agents' chart lies:
`{"stable": "127.0.0.1:5000/azurearck8s/batch1/stable/azure-arc-k8sagents:1.36.1"}`.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Literal

from arcctl.sandbox.azure.errands import Errands
from arcctl.sandbox.azure.state import Azure
from arcctl.sandbox.clock import INSTANT, Clock, Delays
from arcctl.sandbox.faults import Faults
from arcctl.sandbox.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.sandbox.journal import Entry


class World:
    """One sandbox. `when_reset` holds what the other parts want done at a reset.

    `secret` is asked for by its own endpoints (`admin.py`).
    `witnesses` see every request before and after the server acts; one that returns True ends the
    connection there and then, as a machine that dies does.
    """

    def __init__(self, delays: Delays = INSTANT, *, base_url: str = "", seed: str = "") -> None:
        self.secret = secrets.token_urlsafe(24)
        self.clock = Clock()
        self.delays = delays
        self.faults = Faults()
        self.journal = Journal()
        self.crashes: list[str] = []
        self.base_url = base_url
        self.agent_charts: dict[str, str] = {}
        self.when_reset: list[Callable[[], None]] = []
        self.witnesses: list[Callable[[Entry, Literal["before", "after"]], bool]] = []
        self.errands = Errands()
        self.azure = Azure(self)
        self._seed = seed
        self.azure.seed(seed)

    def reset(self, seed: str | None = None) -> None:
        """Begin anew: the first seed, or another; no faults, no journal. Time is not turned back.

        Tokens given out before stay good, so a client need not sign in again.
        """
        self._seed = self._seed if seed is None else seed
        self.faults.remove()
        self.journal.clear()
        self.crashes.clear()
        self.errands.clear()
        self.azure.clear()
        self.azure.seed(self._seed)
        for act in self.when_reset:
            act()

    def dump(self) -> dict[str, Any]:
        """Return the whole world as plain JSON, for comparing two worlds."""
        return {"time": self.clock.now().isoformat(), "azure": self.azure.dump()}
