"""Whose cluster this is, decided in one place from all evidence (`docs/reference/ownership.md`).

Missing evidence is neither agreement nor contradiction: what is absent and what may not be read
say nothing. The decision is a pure function of what was seen, so that every combination can be
written down and tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.model.resource_id import ClusterId


class Says(Enum):
    """What one witness in the cluster says about the resource: ConfigMap, release, private key."""

    AGREES = "agrees"
    ABSENT = "absent"
    UNREADABLE = "unreadable"
    CONTRADICTS = "contradicts"


class Agents(Enum):
    """Whether agents of Arc run in this cluster."""

    RUNNING = "running"
    """At least one agent's pod is ready."""
    PAUSED = "paused"
    """An unfinished run of arcctl in this very cluster has scaled them to zero."""
    DOWN = "down"
    """They are installed, and no pod of theirs is ready."""
    ABSENT = "absent"
    UNREADABLE = "unreadable"


class Heard(Enum):
    """Azure's last heartbeat, compared with the agent pods of this cluster."""

    SINCE = "since"
    """It came after the pods that run here had started."""
    BEFORE = "before"
    """It came before the pods here started, or not after they had ended."""
    ELSEWHERE = "elsewhere"
    """It came after the last agent pod here had ended."""
    NEVER = "never"
    """No agent has ever connected."""
    UNKNOWN = "unknown"
    """The times cannot be compared."""


class Identity(Enum):
    """The uid of namespace `kube-system`, compared with the newest run that arcctl has recorded."""

    SAME = "same"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"
    DIFFERS = "differs"


class Verdict(Enum):
    """What the evidence amounts to."""

    PASSES = "passes"
    ASKS = "asks"
    REFUSES = "refuses"


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was seen; the defaults are those of a cluster that says nothing at all."""

    config_map: Says = Says.ABSENT
    release: Says = Says.ABSENT
    key: Says = Says.ABSENT
    agents: Agents = Agents.ABSENT
    heard: Heard = Heard.UNKNOWN
    identity: Identity = Identity.UNKNOWN

    @property
    def witnesses(self) -> tuple[Says, Says, Says]:
        """ConfigMap, release and key."""
        return self.config_map, self.release, self.key

    @property
    def silent(self) -> bool:
        """Whether nothing in the cluster says anything about the resource."""
        return not {*self.witnesses} & {Says.AGREES, Says.CONTRADICTS}

    @property
    def copied(self) -> bool:
        """Whether another cluster seems to hold the same private key, so that it should be changed.

        That is so where the key agrees, and yet the agents that Azure hears are elsewhere, or this
        is another cluster than the one that arcctl has recorded.
        """
        moved = self.identity is Identity.DIFFERS or self.heard is Heard.ELSEWHERE
        return self.key is Says.AGREES and moved


def decide(seen: Evidence) -> Verdict:
    """Say whether this is the resource's cluster: a contradiction refuses, too little asks."""
    if Says.CONTRADICTS in seen.witnesses or seen.heard is Heard.ELSEWHERE:
        return Verdict.REFUSES
    if not _enough(seen) or seen.identity is Identity.DIFFERS:
        return Verdict.ASKS
    return Verdict.PASSES


def _enough(seen: Evidence) -> bool:
    """The key and one name, with agents running here; or both names and a heartbeat since.

    Where no agent has ever connected there is no other cluster that could be the right one, so
    the key alone is enough, and both names are.
    """
    key = seen.key is Says.AGREES
    names = (seen.config_map is Says.AGREES, seen.release is Says.AGREES)
    if seen.heard is Heard.NEVER:
        return key or all(names)
    if seen.agents not in (Agents.RUNNING, Agents.PAUSED):
        return False
    recent = seen.heard is Heard.SINCE or seen.agents is Agents.PAUSED
    return (key and any(names)) or (all(names) and recent)


_NO_TIMES = "there is no pod here with whose times a heartbeat could be compared"
IMPOSSIBLE: dict[tuple[Agents, Heard], str] = {
    (Agents.RUNNING, Heard.ELSEWHERE): "agents run here, so the heartbeat may be theirs",
    (Agents.PAUSED, Heard.SINCE): "no pod runs here that could have sent it",
    (Agents.DOWN, Heard.SINCE): "no pod runs here that could have sent it",
    **{
        (agents, heard): _NO_TIMES
        for agents in (Agents.ABSENT, Agents.UNREADABLE)
        for heard in (Heard.SINCE, Heard.BEFORE, Heard.ELSEWHERE)
    },
}
"""Combinations that nothing can show, and why."""


def combinations() -> Iterator[Evidence]:
    """Yield every combination of what may be seen, the impossible ones among them."""
    for values in product(Says, Says, Says, Agents, Heard, Identity):
        yield Evidence(*values)


@dataclass(frozen=True, slots=True)
class Ownership:
    """The verdict, with what was seen and the sentences that say why."""

    seen: Evidence
    why: tuple[str, ...] = ()
    owner: ClusterId | None = None
    """The other resource that ConfigMap or release names, where one of them does."""

    @property
    def verdict(self) -> Verdict:
        """What the evidence amounts to."""
        return decide(self.seen)
