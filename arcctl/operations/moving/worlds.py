"""What the steps of a journaled run share, beyond what any change shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arcctl.operations.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.model.bundle import Bundle
    from arcctl.model.secret import Secret
    from arcctl.operations.agents.values import Values
    from arcctl.operations.moving.request import MoveRequest
    from arcctl.operations.runs import Run


@dataclass(kw_only=True)
class Restoring(World):
    """A run that puts children to a cluster.

    `supplied` holds the protected settings by child (`Child.key`) and name; `replace` the keys of
    children that may be overwritten, because a person has seen how they differ.
    """

    run: Run
    supplied: Mapping[str, Mapping[str, Secret]] = field(default_factory=dict)
    replace: frozenset[str] = frozenset()
    # ── learned ──
    failed: dict[str, str] = field(default_factory=dict)
    """children.PutChildren and UntilSettled: which children failed, and why"""
    left: list[str] = field(default_factory=list)
    """Whoever could not do a part: what a person has to do, a command where there is one"""

    def leave(self, what: str) -> None:
        """Go on without something, and say in the report what is left to do."""
        if what not in self.left:
            self.left.append(what)
            self.warn(what)


@dataclass(kw_only=True)
class Moving(Restoring):
    """A move. `cluster` and `sight` are the target's; `origin` is the same, seen from the source."""

    request: MoveRequest
    bundle: Bundle
    origin: World
    turned: bool = False
    """Whether this is the way back: what was the target is now left, for where it came from"""
    # ── learned ──
    held: Values = field(default_factory=dict)
    """holding.Hold: the agents' helm values that must not leave the cluster"""
