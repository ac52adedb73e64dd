"""Long-running operations (`arm.md` 1.1, 2.7, 14.3, 14.4).

An operation ends when its time has come and its condition holds; nothing ticks, whoever looks
makes it so. A planned failure comes after a number of looks instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure import times

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from arcctl.sandbox.clock import Clock

TERMINAL = frozenset({"Succeeded", "Failed", "Canceled"})


def _always() -> bool:
    return True


def _never() -> None:
    return None


@dataclass(slots=True)
class Operation:
    """One change under way. `path` is where it is read, `signature` what its URL must carry.

    `refused` returns the error of whoever was to carry it out, once there is one; `let_go` is
    called when the change has ended, however it did.
    """

    path: str
    resource_id: str
    status: str
    started: datetime
    due: datetime
    succeed: Callable[[], None]
    fail: Callable[[dict[str, Any]], None]
    ready: Callable[[], bool] = _always
    refused: Callable[[], dict[str, Any] | None] = _never
    let_go: Callable[[], None] = _never
    expires: datetime | None = None
    signature: dict[str, str] = field(default_factory=dict)
    ended: datetime | None = None
    error: dict[str, Any] | None = None
    looks: int = 0
    planned_failure: dict[str, Any] | None = None
    stuck: bool = False

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def is_over(self) -> bool:
        return self.status in TERMINAL

    def cluster_document(self) -> dict[str, Any]:
        """Return the document of the connected cluster's provider."""
        document: dict[str, Any] = {
            "id": self.path,
            "name": self.name,
            "resourceId": self.resource_id,
            "status": self.status,
            "startTime": times.zulu(self.started),
        }
        if self.ended:
            document |= {"endTime": times.zulu(self.ended), "properties": None}
        return document | ({"error": self.error} if self.error else {})

    def child_document(self) -> dict[str, Any]:
        """Return the document of the configuration provider: no times."""
        document = {"id": self.path, "name": self.name, "status": self.status}
        return document | ({"error": self.error} if self.error else {})


class Operations:
    """All operations, kept after their end, as the service keeps them for a day."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: dict[str, Operation] = {}
        self._running: list[Operation] = []

    def begin(self, operation: Operation) -> Operation:
        self._all[operation.path.lower()] = operation
        self._running.append(operation)
        return operation

    def find(self, path: str) -> Operation | None:
        return self._all.get(path.lower())

    def look(self, operation: Operation) -> Operation:
        """Count a look at an operation; a planned failure comes with the last of them."""
        operation.looks += 1
        plan = operation.planned_failure
        if plan is None or operation.is_over:
            return operation
        if operation.looks > int(plan.get("polls", 0)):
            self._end(operation, "Failed", _planned_error(plan))
        return operation

    def settle(self) -> None:
        """End what is due."""
        if not self._running:
            return
        now = self._clock.now()
        for operation in list(self._running):
            if not (operation.stuck or operation.is_over):
                self._settle(operation, now)
        self._running = [operation for operation in self._running if not operation.is_over]

    def _settle(self, operation: Operation, now: datetime) -> None:
        if (plan := operation.planned_failure) is not None:
            # Without a number of polls it comes by itself, whether anybody looks or not.
            if not plan.get("polls") and now >= operation.due:
                self._end(operation, "Failed", _planned_error(plan))
        elif refusal := operation.refused():
            self._end(operation, "Failed", refusal)
        elif now >= operation.due and operation.ready():
            self._end(operation, "Succeeded")
        elif operation.expires and now >= operation.expires:
            self._end(operation, "Failed", _EXPIRED)

    def abandon(self, resource_id: str) -> None:
        """Cancel what still runs for a resource that goes away, or for what is under it."""
        key = resource_id.lower()
        for operation in self._running:
            below = f"{operation.resource_id.lower()}/".startswith(f"{key}/")
            if below and not operation.is_over:
                operation.status, operation.ended = "Canceled", self._clock.now()
        self._running = [operation for operation in self._running if not operation.is_over]

    def _end(self, operation: Operation, status: str, error: dict[str, Any] | None = None) -> None:
        operation.status, operation.ended = status, self._clock.now()
        operation.error = error
        operation.let_go()
        if error:
            operation.fail(error)
        else:
            operation.succeed()

    @property
    def running(self) -> int:
        return len(self._running)


_EXPIRED = {
    "code": "ExtensionOperationFailed",
    "message": "The cluster did not fetch its configuration within 48 hours.",
}


def _planned_error(plan: dict[str, Any]) -> dict[str, Any]:
    error = {
        "code": plan.get("code", "ExtensionOperationFailed"),
        "message": plan.get("message", "The operation failed."),
    }
    return error | {key: plan[key] for key in ("details", "innererror", "target") if key in plan}
