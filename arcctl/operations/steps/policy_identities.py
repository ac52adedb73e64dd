"""Identities of policy assignments: each is another one once its assignment was put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError
from arcctl.operations.steps.pieces import granted

if TYPE_CHECKING:
    from arcctl.operations.moving.worlds import Moving


async def name_their_roles(world: Moving) -> None:
    """Name the roles that the old identities have: a move does not give them to the new ones."""
    for each in world.bundle.attached.policy_assignments:
        old = str((each.get("identity") or {}).get("principalId") or "")
        if old and (what := await _roles_of(world, old)):
            world.leave(
                f"the policy assignment {each['name']} has a new identity, and {what}: "
                f"az role assignment list --all --assignee {old}"
            )


async def _roles_of(world: Moving, principal: str) -> str:
    arm = await world.clients.arm()
    subscription = f"/subscriptions/{world.bundle.source.subscription}"
    try:
        found = [each async for each in granted(arm, subscription, principal)]
    except ArcctlError as error:
        return f"roles of the old one could not be looked for ({error.message})"
    number = len(found)
    return (
        f"the old one has {number} role{'' if number == 1 else 's'} to be given to it"
        if found
        else ""
    )
