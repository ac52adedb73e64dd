"""The steps of a move in words, and how long each will probably take (`arm.md` 12.3)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from arcctl.model.configuration.kinds import Kind
from arcctl.model.duration import spoken
from arcctl.model.plan import PlannedStep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arcctl.model.configuration.child import Child
    from arcctl.operations.moving.request import MoveRequest

_FLUX = "microsoft.flux"
_WRITES_PER_SECOND = 10
# Seconds, from the middle of what was recorded.
_QUIET, _DELETE, _REMOVE, _CREATE, _INSTALL = 15, 30, 15, 60, 120
_MICROSOFT_FLUX, _EXTENSION, _CONFIGURATION, _COMPARE = 90, 180, 60, 5

Timed = tuple[PlannedStep, int]


def planned(
    request: MoveRequest, region: str, children: Sequence[Child]
) -> tuple[tuple[PlannedStep, ...], int]:
    """Return the steps and the seconds that all of them take; `region` is the one left behind."""
    steps = [
        *_before(request),
        *_replacing(request, region),
        *_recreating([child for child in children if child.carried]),
    ]
    return tuple(step for step, _ in steps), sum(seconds for _, seconds in steps)


def _step(title: str, note: str, seconds: int = 0) -> Timed:
    """Say the time where nothing else is to be said of a step."""
    return PlannedStep(title, note or f"about {spoken(round(seconds, -1))}"), seconds


def _before(request: MoveRequest) -> Iterator[Timed]:
    yield _step("save everything", "here and in the cluster")
    if not request.in_place:
        yield _create(request)
    yield _step("quiet the agents", "workloads keep running, unaware of it", _QUIET)
    yield PlannedStep("point of no return", "before this line: arcctl rollback", no_return=True), 0


def _create(request: MoveRequest) -> Timed:
    target = request.target
    return _step(f"create {target.group}/{target.name} in {request.region}", "", _CREATE)


def _replacing(request: MoveRequest, region: str) -> Iterator[Timed]:
    source = request.source
    yield _step(f"delete {source.group}/{source.name} in {region}", "", _DELETE)
    yield _step("remove the agents", "extensions and workloads stay", _REMOVE)
    if request.in_place:
        yield _create(request)
    yield _step("install the agents", "until Connected: about 2 min", _INSTALL)


def _recreating(children: Sequence[Child]) -> Iterator[Timed]:
    extensions = [child for child in children if child.kind is Kind.EXTENSION]
    flux = [child for child in extensions if _kind(child) == _FLUX]
    others = len(extensions) - len(flux)
    configurations = len(children) - len(extensions)
    if extensions:
        lasting = (_MICROSOFT_FLUX if flux else 0) + _side_by_side(others, _EXTENSION)
        yield _step(_several(len(extensions), "extension"), "", lasting)
    if configurations:
        lasting = _side_by_side(configurations, _CONFIGURATION)
        yield _step(_several(configurations, "configuration"), "", lasting)
    yield _step("put back what hung on it", "roles, diagnostics, policies")
    yield _step("compare", "the proof", _COMPARE)


def _kind(child: Child) -> str:
    return str(child.properties.get("extensionType") or "").lower()


def _several(count: int, noun: str) -> str:
    return f"put {count} {noun}{'s' if count > 1 else ''} back"


def _side_by_side(count: int, each: int) -> int:
    """All are sent as fast as Azure takes writes, and settle side by side."""
    return each + math.ceil(count / _WRITES_PER_SECOND) if count else 0
