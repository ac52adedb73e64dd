"""Identities of policy assignments: each is another one once its assignment was put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError
from arcctl.operations.moving.second_look import fresh

if TYPE_CHECKING:
    from arcctl.operations.moving.worlds import Moving


async def name_their_roles(world: Moving) -> None:
    """Name the roles that the old identities have: a move does not give them to the new ones."""
    policies = world.bundle.attached.policy_assignments
    found = {str((each.get("identity") or {}).get("principalId") or ""): each for each in policies}
    found.pop("", None)
    if not found:
        return
    roles, why = await _roles_of(world, sorted(found))
    for old, policy in found.items():
        number = roles.count(old.casefold())
        if number or why:
            what = (
                f"the old one has {number} role{'' if number == 1 else 's'} to be given to it"
                if number
                else f"roles of the old one could not be looked for ({why})"
            )
            world.leave(
                f"the policy assignment {policy['name']} has a new identity, and {what}: "
                f"az role assignment list --all --assignee {old}"
            )


async def _roles_of(world: Moving, principals: list[str]) -> tuple[list[str], str]:
    """Return whose each role is, in lower case, and why not everything could be looked at."""
    async with fresh(world) as sight:
        try:
            found = await sight.roles_of(principals)
        except ArcctlError as error:
            return [], error.message
        owners = [str(each["properties"]["principalId"]).casefold() for each in found]
        return owners, "; ".join(f"{each.subject}: {each.reason}" for each in sight.unseen.values())
