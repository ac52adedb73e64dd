"""What hangs on the source or its children and goes with it: locks, roles, policies (`arm.md` 9)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arcctl.checks.move.below import ASSOCIATIONS, SETTINGS, Below
from arcctl.checks.move.looking import signed_out
from arcctl.clients.once import once
from arcctl.errors import AccessError, NotFound

if TYPE_CHECKING:
    from arcctl.model.connected_cluster import Body

AUTHORIZATION = "Microsoft.Authorization"


class Hanging(Below):
    """Each list holds ARM's answers as they came, only what is scoped to the source or below."""

    @once
    async def locks(self) -> list[Body]:
        """The locks that hold the source: its own, those below it, of its group and subscription."""
        return await self.listed("locks", f"{self.asked.source.path}/{_attached('locks')}")

    @once
    async def target_locks(self) -> list[Body]:
        """The locks that hold the target's group; [] while it does not exist."""
        if await self.target.group() is None:
            return []
        path = f"{self.asked.target.group_path}/{_attached('locks')}"
        return await self.listed("locks of the target's group", path)

    @once
    async def role_assignments(self) -> list[Body]:
        """The roles given on the source or below it, namespaces among them."""
        path = f"{self.asked.source.path}/{_attached('roleAssignments')}"
        found = await self.listed("role assignments", path)
        return [each for each in found if self.is_own(_scope_of(each))]

    @once
    async def policy_assignments(self) -> list[Body]:
        """The policies assigned to the source or below it, which `atScope()` would leave out."""
        return await self._own("policyAssignments", "policy assignments")

    @once
    async def policy_exemptions(self) -> list[Body]:
        """The exemptions from policies that the source has, or what is below it."""
        return await self._own("policyExemptions", "policy exemptions")

    @once
    async def diagnostic_settings(self) -> list[Body]:
        """Where logs and metrics of the source and its children are sent."""
        path = f"{self.asked.source.path}/providers/{SETTINGS}"
        own, below = await asyncio.gather(
            self.listed("diagnostic settings", path), self.settings_below()
        )
        return [*own, *below]

    @once
    async def data_collection(self) -> list[Body]:
        """The associations of the source and its children with collection rules and endpoints."""
        path = f"{self.asked.source.path}/providers/{ASSOCIATIONS}"
        own, below = await asyncio.gather(
            self.listed("data collection associations", path), self.associations_below()
        )
        return [*own, *below]

    @once
    async def permissions(self, scope: str) -> list[Body] | None:
        """What whoever is signed in may do at a scope; None where that cannot be read."""
        arm = await self.clients.arm()
        try:
            return [each async for each in arm.items(f"{scope}/{_attached('permissions')}")]
        except (AccessError, NotFound) as error:
            if signed_out(error):
                raise
            return None

    async def _own(self, kind: str, subject: str) -> list[Body]:
        path = f"{self.asked.source.path}/{_attached(kind)}"
        found = await self.listed(subject, path)
        return [each for each in found if self.is_own(str(each.get("id", "")))]


def _attached(kind: str) -> str:
    return f"providers/{AUTHORIZATION}/{kind}"


def _scope_of(assignment: Body) -> str:
    properties = assignment.get("properties") or {}
    return str(properties.get("scope") or assignment.get("id", "").rpartition("/providers/")[0])
