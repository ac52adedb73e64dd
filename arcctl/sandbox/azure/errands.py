"""What Azure has for the agents of a cluster: its children to install and remove, and farewells.

Agents fetch; Azure never reaches into a cluster (`arm.md` 3, 14.3; `arc.md` E2). Protected values
wait here, in memory and nowhere else, until an agent has carried them in, or 48 hours are over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arcctl.sandbox.azure.store import Resource

    Act = Literal["install", "remove"]

_CLUSTERS = "microsoft.kubernetes/connectedclusters"


@dataclass(eq=False, slots=True)
class Errand:
    """What is to be done about one child; `number` counts its changes, `done` those carried out.

    `values` None leaves the secrets in the cluster as they are. `met` is true once an agent has
    begun to deal with the child, `applied` once Flux has applied all of a configuration.
    """

    child: Resource
    act: Act = "install"
    number: int = 0
    done: int = 0
    refusals: dict[int, dict[str, Any]] = field(default_factory=dict)
    values: dict[str, str] | None = field(default=None, repr=False)
    met: bool = False
    applied: bool = False

    def is_done(self, number: int) -> bool:
        return self.done >= number


@dataclass(eq=False, frozen=True, slots=True)
class Farewell:
    """The last that agents hear of their cluster: it is gone, and these were its children."""

    children: tuple[Resource, ...]


class Listener(Protocol):
    """Agents that run: `principal` is the identity they hold, `wake` tells them of news."""

    principal: str

    def wake(self) -> None: ...
    def bid_farewell(self, farewell: Farewell) -> None: ...


class Errands:
    """All errands by the key of their child, and the agents that listen."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        self.clear()

    def clear(self) -> None:
        self._all: dict[str, Errand] = {}
        self._pending: dict[str, Errand] = {}
        self._met: set[str] = set()

    def met(self, principal: str) -> None:
        """Note that agents hold the identity of a cluster's resource."""
        self._met.add(principal)

    def is_elsewhere(self, cluster: Resource) -> bool:
        """Tell whether a cluster is alive though none of its agents was ever met here.

        A scenario planted it so, or a test beats for it: its children are ARM's alone.
        """
        return cluster.last_beat is not None and principal(cluster.body) not in self._met

    def find(self, child: Resource) -> Errand | None:
        found = self._all.get(child.key)
        return found if found and found.child is child else None

    def give(self, child: Resource, act: Act, values: dict[str, str] | None = None) -> Errand:
        """Ask for a child to be installed or removed; what was asked before it is overtaken."""
        errand = self.find(child) or Errand(child)
        errand.act, errand.applied = act, False
        errand.number += 1
        if values is not None:
            errand.values = values
        self._all[child.key] = self._pending[child.key] = errand
        self._wake()
        return errand

    def pending(self, cluster_id: str) -> list[Errand]:
        start = f"{cluster_id.lower()}/"
        return [each for key, each in self._pending.items() if key.startswith(start)]

    def finish(self, errand: Errand, number: int) -> None:
        """Note what was carried out; its secrets are in the cluster now, and no longer here."""
        errand.done = max(errand.done, number)
        self.close(errand, number)

    def refuse(self, errand: Errand, number: int, error: dict[str, Any]) -> None:
        errand.refusals[number] = error
        self.close(errand, number)

    def drop(self, child: Resource) -> None:
        """Forget whatever is pending for a child."""
        errand = self.find(child)
        if errand:
            self.close(errand, errand.number)

    def removed(self, gone: Iterable[Resource]) -> None:
        """Tell those who listen that their cluster is gone; drop what was meant for it."""
        resources = list(gone)
        for each in resources:
            if self.find(each):
                del self._all[each.key]
                self._pending.pop(each.key, None)
        for cluster in resources:
            if str(cluster.body.get("type", "")).lower() == _CLUSTERS:
                self._say_farewell(cluster, resources)

    def _say_farewell(self, cluster: Resource, gone: list[Resource]) -> None:
        below = f"{cluster.key}/"
        farewell = Farewell(tuple(each for each in gone if each.key.startswith(below)))
        for listener in self.listeners:
            if listener.principal and listener.principal == principal(cluster.body):
                listener.bid_farewell(farewell)

    def close(self, errand: Errand, number: int) -> None:
        """Wait no longer for a change, and forget its secrets, unless a newer one is asked for."""
        if errand.number == number:
            errand.values = None
            self._pending.pop(errand.child.key, None)

    def _wake(self) -> None:
        for listener in self.listeners:
            listener.wake()


def principal(cluster: dict[str, Any]) -> str:
    """Return the identity of a cluster's resource, which no other one before or after it has."""
    return str((cluster.get("identity") or {}).get("principalId", ""))
