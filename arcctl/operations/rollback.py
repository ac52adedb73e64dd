"""Take a run back: before the point of no return by undoing it, after it by the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.errors import Refusal
from arcctl.operations.resume import OpenWorld, Taken, Wanted, handler, take_up

if TYPE_CHECKING:
    from arcctl.clients import Clients
    from arcctl.flow.events import Observer
    from arcctl.operations.runs import Run
    from arcctl.operations.world import World

UNDOABLE = {
    "move": "arcctl.operations.move:rollback",
    "config apply": "arcctl.operations.config_apply:rollback",
}
WAYS_BACK = {"move": "arcctl.operations.move:way_back"}
BACK = ("rolled back", "moved back")


async def rollback(
    wanted: Wanted, clients: Clients, observer: Observer, open_world: OpenWorld
) -> Taken:
    """Take the run back; raise NotFound `nothing-open` where none is open."""
    return await take_up(wanted, clients, observer, open_world, _take_back, "rollback")


async def _take_back(run: Run, world: World) -> Any:
    if run.ending is not None:
        return await _ended(run)
    if run.journal.no_return:
        return await handler(WAYS_BACK, run.verb)(run, world)
    result = await handler(UNDOABLE, run.verb)(run, world)
    if run.ending is None:
        await run.ended(BACK[0], clean=True)
    return result


async def _ended(run: Run) -> None:
    """One that was cut while it cleaned up is cleaned up; one that went forward is over."""
    assert run.ending
    ending = run.ending.detail
    if ending.get("clean"):
        await run.clear()
    if ending.get("outcome") not in BACK:
        raise Refusal(
            f"{run.id} has ended: {ending.get('outcome')}",
            code="run-ended",
            why="only what is under way can be taken back",
            hints=(
                f"arcctl history {run.id}",
                f"if it was still cleaning up: arcctl resume {run.id}",
            ),
        )
