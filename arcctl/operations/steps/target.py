"""Making the target: the same resource, in another region or under another name."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arcctl.clients.arm_errors import lasting
from arcctl.errors import AccessError, ArcctlError, AzureError, NotFound, Refusal
from arcctl.model.connected_cluster import public_key
from arcctl.model.region import canonical
from arcctl.operations.moving import late_fields, made_again
from arcctl.operations.moving.late_look import of_others
from arcctl.operations.moving.worlds import Moving
from arcctl.operations.steps import seeing
from arcctl.operations.steps.registration import Register

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.model.connected_cluster import Body
    from arcctl.operations.request import ConnectRequest
    from arcctl.operations.world import World

# As long as a deleted id may stay taken (`arm.md` 17).
_PAUSES = (1, 2, 2, 5, 5, *[10] * 58)
_PASSING = (408, 409, 429, 500, 502, 503, 504)
# What was accepted and failed later may fail for good, so it is begun anew a few times only.
_FAILED_LATER, _ANEW = 200, 2
_LASTING = (
    "InvalidResourceLocation",
    "MissingSubscriptionRegistration",
    "QuotaExceeded",
    "ScopeLocked",
)


class CreateTarget(Register):
    """The target says what the source said. A refusal that may pass is asked again for 10 min."""

    name = "create-target"
    title = "target"
    intent = "create {target} in {to_region}"
    estimate = 60

    def __init__(self, request: ConnectRequest, template: Body) -> None:
        super().__init__(request, template)

    async def there(self, world: World) -> Body | None:
        """Return the target; what ARM may still show of a source of the same id is not it."""
        found = await super().there(world)
        return found if found and canonical(found["location"]) == world.sight.asked_region else None

    async def observe(self, world: World) -> str | None:
        if found := await self.there(world):
            self.require_ours(world, found)
        already = await super().observe(world)
        if already is not None and isinstance(world, Moving):
            await made_again.remember(world, anew=False)
        return already

    def wanted(self, world: World, found: Body) -> Body:
        """Return it with what was written to the source while Azure deleted it."""
        return late_fields.brought(world, found) if isinstance(world, Moving) else found

    def require_ours(self, world: World, found: Body) -> None:
        """Raise Refusal where somebody else has made a resource of the target's id meanwhile.

        What this run has made bears the key that the run has given it, or is about to.
        """
        try:
            super().require_ours(world, found)
        except Refusal as error:
            if isinstance(world, Moving):
                raise _taken(world, found) from error
            raise

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        detail = await self._made(world, tell)
        if isinstance(world, Moving):
            await made_again.require_made(world)
            await late_fields.are_brought(world)
            await made_again.remember(world, anew=True)
        return detail

    async def _made(self, world: World, tell: Callable[[str], None]) -> str:
        left = world.at_most(sum(_PAUSES))
        for number, pause in enumerate(_PAUSES):
            try:
                return await super().do(world, tell)
            except AzureError as error:
                if left <= 0 or not _may_pass(error, number):
                    raise _explained(world, error) from error
                tell(f"Azure refuses for now: {error.message}")
            except AccessError as error:
                raise _explained(world, error) from error
            await asyncio.sleep(min(pause, left))
            left -= pause
            world.sight.forget()
        return await super().do(world, tell)

    async def undo(self, world: World, tell: Callable[[str], None]) -> str | None:
        """Delete it again, unless others use it by now, or it may be theirs; no agent has used it.

        It was begun, so what bears its name is named where it cannot be proved to be the one.
        """
        if not isinstance(world, Moving):
            return None
        cluster = world.cluster
        try:
            arm = await world.clients.arm()
            found = await arm.find(cluster.path)
            if found is None:
                return None
            why = await _not_to_be_deleted(world, found)
            if not why:
                await seeing.delete(world, found, tell)
                return f"{cluster.group}/{cluster.name} deleted again"
        except ArcctlError as error:
            # What went while it was looked at is not found: the next look says so.
            if isinstance(error, NotFound) or not lasting(error):
                raise
            why = f"it could not be deleted: {error.message}"
        world.leave(
            f"{cluster.group}/{cluster.name} is left in Azure: {why}; to delete it with all "
            f"that belongs to it: arcctl delete {cluster.named} --azure-only"
        )
        await world.remember_left()
        return "left as it is"


async def _not_to_be_deleted(world: Moving, found: Body) -> str:
    """Say why a target that this run has begun to make is not deleted with it; "" where it is."""
    if not world.key:
        return "its key, which proves that this run has made it, is no longer held in the cluster"
    if public_key(found) != world.key.public:
        return "its key is not the one of this run, so somebody else has made or changed it"
    if others := await of_others(world):
        return f"this run has made it, and others have put something to it ({', '.join(others)})"
    return ""


def _taken(world: Moving, found: Body) -> Refusal:
    target, run = world.request.target, world.run.id
    return Refusal(
        f"somebody else has made {target.name} (group {target.group}) in {found['location']} meanwhile",
        code="target-taken",
        why="its key is not the one of this move, so it is left as it is",
        hints=(
            f"if nobody needs it: arcctl delete {target.named} --azure-only",
            f"then: arcctl resume {run}",
            f"to leave it to whoever has made it: arcctl history {run} --close",
        ),
    )


def _explained(world: World, error: ArcctlError) -> ArcctlError:
    """Say where things stand once the source is gone."""
    if isinstance(world, Moving) and world.run.journal.no_return:
        source = world.bundle.source
        now = (
            f"{source.name} is gone from {canonical(world.bundle.region)} and not yet in "
            f"{world.request.region}; its workloads run on, and all it had is saved"
        )
        error.why = (*error.why, now)
    if isinstance(world, Moving) and error.code == "InvalidResourceLocation":
        target, run = world.request.target, world.run.id
        error.hints = (
            f"if nobody needs what bears its name now: arcctl delete {target.named} --azure-only",
            f"then: arcctl resume {run}",
        )
    return error


def _may_pass(error: AzureError, before: int) -> bool:
    """Tell whether asking again may help, having asked so often before."""
    if error.code in _LASTING:
        return False
    return error.status in _PASSING or (error.status == _FAILED_LATER and before < _ANEW)
