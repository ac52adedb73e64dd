"""What the steps of a run share: the clients, what was asked, and what has been learned so far."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from arcctl.flow.events import Noted
from arcctl.model.cluster import crd_names

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from arcctl.checks.sight import Sight
    from arcctl.clients import Clients
    from arcctl.flow.events import Observer
    from arcctl.model.connected_cluster import Body
    from arcctl.model.keys import KeyPair
    from arcctl.model.resource_id import ClusterId
    from arcctl.operations.agents.values import AgentChart
    from arcctl.operations.standing import Standing


class Confirm(Protocol):
    """Asks a person; raises UsageError where nobody can be asked, Interrupted where they say no.

    `--yes` is an answer, unless `only` names the one option that is.
    """

    def __call__(self, question: str, only: str = "") -> None: ...


@dataclass
class World:
    """Belongs to one run. What is below the line is learned on the way, by the step named there."""

    clients: Clients
    cluster: ClusterId
    sight: Sight
    observer: Observer
    make_key: Callable[[], KeyPair]
    confirm: Confirm
    folder: Path
    environment: str = "AZUREPUBLICCLOUD"
    domain: str = "com"
    # ── learned ──
    standing: Standing | None = None
    key: KeyPair | None = None
    """keys.Choose"""
    replaces: str = ""
    """keys.Choose: the digest of the resource's public key, where the cluster has lost its own"""
    releases: frozenset[str] = frozenset()
    """foreign.look, `delete`: helm releases of extensions in Arc's own namespaces"""
    accepted: asyncio.Future[Body] = field(default_factory=lambda: asyncio.Future())
    """registration.Register, as soon as ARM has taken the resource"""
    custom_locations_oid: str = ""
    """features.CustomLocations"""
    chart: AgentChart | None = None
    """agents.FetchChart, release.Pull"""
    heard_before: str | None = None
    """agents.RestartForNewKey: the last heartbeat that came with the old key"""
    agents_ready: asyncio.Event = field(default_factory=asyncio.Event)
    """agents.UntilReady"""
    deregistering: asyncio.Event = field(default_factory=asyncio.Event)
    """registration.Deregister, as soon as ARM has taken the deletion"""
    alone: bool = False
    """changing.alone: this process holds the cluster's Lease"""
    others: str = ""
    """whose.LookWhose: whose agents the cluster has by now, which stay"""
    resource: Body = field(default_factory=dict)
    """waiting.UntilConnected, or whoever read the resource last"""

    def take(self, resource: Body) -> None:
        """ARM has taken the resource; whoever is asked twice, because of a retry, hears the first."""
        if not self.accepted.done():
            self.accepted.set_result(resource)

    def at_most(self, seconds: float) -> float:
        """Return how long something may be waited for that usually gets this many seconds."""
        return min(seconds, self.clients.longest)

    def note(self, text: str) -> None:
        """Tell the person something they should know."""
        self.observer(Noted(text))

    def warn(self, text: str) -> None:
        """Tell the person something that may bite later."""
        self.observer(Noted(text, warning=True))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names of the kinds that Arc defines in this cloud."""
        return crd_names(self.domain)
