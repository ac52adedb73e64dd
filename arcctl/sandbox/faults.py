"""Plans for bad days (`arm.md` 14.5): queued by a test, consumed in order, remembered.

A fault names the requests it waits for (service, method, path, query, and of Azure's the region
that the body asks for or that serves the path) and one action, a map.
The wire's actions are done by `wire.py` around any service; all other words are the services'
own, and each asks for them at the place where the thing goes wrong:

arm       operation_fails {polls, code, message} · operation_stuck · no_async_header ·
          location_only · internal_location · retry_after N or "date:N" · sync · stale_get N ·
          page_size N · empty_page · expire_token "claims" or "expired" · forbid ·
          deny_policy · lock LEVEL · not_registered · register_polls N · keep_hidden ·
          region_without {type, region} · gone_for S · no_such_principal ·
          lingering_diagnostics · short_credential S
agents    never_connected · blocked_egress · wrong_clock S and whatever the agents ask for
dataplane no_chart_path
graph     no_principal
entra     error {status, error, number, description} · short_token S
relay     key_expired
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from arcctl.model.region import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SERVICES = frozenset(
    {"arm", "entra", "graph", "dataplane", "registry", "kubernetes", "agents", "relay"}
)
WIRE_ACTIONS = frozenset(
    {"status", "body", "headers", "reset", "cut", "delay", "drop_header", "add_header"}
    | {"patch_body", "patch_items", "mangle_ids", "gzip", "chunked"}
    | {"bytes", "truncate", "charset"}
)
# The agents' and the embedded Kubernetes' own words are theirs to know.
_WORDS = {
    "arm": frozenset(
        {"operation_fails", "operation_stuck", "no_async_header", "location_only", "sync"}
        | {"internal_location", "retry_after", "stale_get", "page_size", "empty_page"}
        | {"expire_token", "forbid", "deny_policy", "lock", "not_registered", "register_polls"}
        | {"keep_hidden", "region_without", "gone_for", "no_such_principal"}
        | {"lingering_diagnostics", "short_credential"}
    ),
    "dataplane": frozenset({"no_chart_path"}),
    "graph": frozenset({"no_principal"}),
    "entra": frozenset({"error", "short_token"}),
    "registry": frozenset[str](),
    "relay": frozenset({"key_expired"}),
}
_FIELDS = frozenset(
    {"id", "service", "method", "path", "query", "region", "skip", "times", "action"}
)
_SERVED = frozenset({"arm", "dataplane"})  # by a region; the others are everywhere the same


@dataclass(slots=True)
class Fault:
    """One planned failure. `times` None means: until it is removed."""

    id: str
    service: str
    action: dict[str, Any]
    method: str = ""
    path: str = ""
    query: str = ""
    region: str = ""
    skip: int = 0
    times: int | None = 1
    happened: int = 0

    def matches(
        self, service: str, method: str, path: str, query: str, region: Callable[[], str] = str
    ) -> bool:
        return (
            self.service == service
            and self.method in {"", method}
            and bool(re.search(self.path, path, re.IGNORECASE))
            and bool(re.search(self.query, query, re.IGNORECASE))
            and (not self.region or canonical(self.region) == region())
        )

    @property
    def spent(self) -> bool:
        return self.times is not None and self.happened >= self.times

    def plain(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Faults:
    """The queue, and what came of it."""

    waiting: list[Fault] = field(default_factory=list)
    consumed: list[Fault] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def add(self, plan: Mapping[str, Any]) -> Fault:
        """Queue a plan given as JSON; raise ValueError where it makes no sense."""
        fault = _read(plan, f"fault-{next(self._numbers)}")
        if any(other.id == fault.id for other in (*self.waiting, *self.consumed)):
            raise ValueError(f"a fault named {fault.id} is already known")
        self.waiting.append(fault)
        return fault

    def take(
        self,
        service: str,
        *actions: str,
        method: str = "",
        path: str = "",
        query: str = "",
        region: Callable[[], str] = str,
    ) -> dict[str, Any] | None:
        """Consume the first plan that has one of these actions and waits for this request.

        Its action is returned, or None. A plan that is to skip some requests counts them here.
        `region` is only asked where a plan wants to know.
        """
        for fault in self.waiting:
            if not fault.action.keys() & set(actions):
                continue
            if fault.matches(service, method, path, query, region):
                if fault.skip:
                    fault.skip -= 1
                    continue
                return self._use(fault)
        return None

    def take_wire(
        self, service: str, method: str, path: str, query: str, region: Callable[[], str] = str
    ) -> dict[str, Any] | None:
        """Consume a plan for the wire itself."""
        if not self.waiting:
            return None
        return self.take(
            service, *WIRE_ACTIONS, method=method, path=path, query=query, region=region
        )

    def happened(self, fault_id: str) -> int:
        """Return how often this plan really happened; a test asserts on it."""
        known = (f.happened for f in (*self.waiting, *self.consumed) if f.id == fault_id)
        return next(known, 0)

    def remove(self, fault_id: str = "") -> None:
        """Drop one waiting plan, or all of them and what is remembered."""
        if fault_id:
            self.waiting = [fault for fault in self.waiting if fault.id != fault_id]
        else:
            self.waiting, self.consumed = [], []

    def _use(self, fault: Fault) -> dict[str, Any]:
        fault.happened += 1
        if fault.spent:
            self.waiting.remove(fault)
            self.consumed.append(fault)
        return fault.action


def _read(plan: Mapping[str, Any], fallback_id: str) -> Fault:
    if strange := plan.keys() - _FIELDS:
        raise ValueError(f"a fault has no {', '.join(sorted(strange))}")
    if plan.get("service") not in SERVICES:
        raise ValueError(f"service must be one of {', '.join(sorted(SERVICES))}")
    action = plan.get("action")
    if not isinstance(action, dict) or not action:
        raise ValueError("action must be a map with at least one entry")
    if plan.get("region") and plan["service"] not in _SERVED:
        raise ValueError(f"{plan['service']} has no regions")
    if strange := action.keys() - WIRE_ACTIONS - _WORDS.get(plan["service"], action.keys()):
        raise ValueError(f"{plan['service']} does not know {', '.join(sorted(strange))}")
    for pattern in (plan.get("path", ""), plan.get("query", "")):
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{pattern} is not a regular expression: {error}") from error
    return Fault(**{"id": fallback_id, **plan, "method": str(plan.get("method", "")).upper()})
