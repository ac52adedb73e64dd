"""What a move uses behind the point of no return works: rows of its plan, and a step before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.checks import tools
from arcctl.checks.check import ask_all
from arcctl.checks.move.verdicts import blocks, noted
from arcctl.flow.step import Step
from arcctl.model.finding import Verdict
from arcctl.model.region import canonical
from arcctl.operations import proofs
from arcctl.operations.moving.worlds import PLAN, Moving
from arcctl.operations.steps.looks import first_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arcctl.checks.check import Check
    from arcctl.model.bundle import Bundle
    from arcctl.model.connected_cluster import Body
    from arcctl.model.finding import Report
    from arcctl.model.plan import Row
    from arcctl.operations.moving.request import MoveRequest
    from arcctl.operations.world import World


async def looked_at(request: MoveRequest, world: World, resource: Body) -> Report:
    """Ask whether everything works that the move will use; `resource` is the source."""
    return await ask_all(_asked(request, world, resource), world.sight)


async def lasting(world: World, seconds: float) -> Report:
    """Ask whether credentials that nobody can renew last as long as the move."""
    return await ask_all((tools.credentials(seconds, strict=True),), world.sight)


def rows_of(report: Report) -> Iterator[Row]:
    """Return what blocks, and what a person should know."""
    for each in report.having(Verdict.FAIL):
        assert each.error
        why = "; ".join(each.error.why)
        yield blocks("tools", each.error.message, why or "the move needs it", *each.error.hints)
    for each in report.having(Verdict.WARN):
        yield noted("permissions-unread", each.sentence, each.detail, *each.remedy)


async def prove(world: Moving) -> None:
    """Raise the first failure of what this direction of a move will use."""
    report = await ask_all(_asked(world.request, world, world.bundle.resource), world.origin.sight)
    if failures := report.having(Verdict.FAIL):
        raise first_of(failures)


class ToolsWork(Step[Moving]):
    """Everything is as the plan saw it, or the run ends here: nothing that was deleted waits for it.

    It only looks, so no journal knows that it was begun. Once the source is on its way out the run
    must go on, whatever a tool says.
    """

    name = "tools-work"
    title = "tools"

    def __init__(self, request: MoveRequest, bundle: Bundle) -> None:
        self._request = request
        self._bundle = bundle

    async def observe(self, world: Moving) -> str | None:
        if world.run.journal.no_return and await _leaving(world):
            return "the source is being left"
        seconds = world.planned.seconds if PLAN in world.run.documents else 0
        checks = (
            *_asked(self._request, world, self._bundle.resource),
            tools.credentials(seconds, strict=not world.run.journal.no_return),
        )
        report = await ask_all(checks, world.origin.sight)
        if failures := report.having(Verdict.FAIL):
            raise first_of(failures)
        return report.summary

    async def do(self, world: Moving, tell: Callable[[str], None]) -> str:
        raise AssertionError("it has been observed")


async def _leaving(world: Moving) -> bool:
    """Whether Azure has taken the deletion of the source, read afresh and remembered by nobody."""
    found = await (await world.clients.arm()).find(world.bundle.source.path)
    if found is None or world.bundle.is_other(found):
        return True
    if canonical(found["location"]) != world.bundle.region:
        return True
    return (found.get("properties") or {}).get("provisioningState") == "Deleting"


def _asked(request: MoveRequest, world: World, resource: Body) -> tuple[Check, ...]:
    target = {**resource, "id": request.target.path, "location": request.region}
    return proofs.before_move(world, target, request.region, request.concurrency)
