"""What can be seen of the agents' features, of those who use them, and of the names they need."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arcctl.checks.move.looking import NOTHING
from arcctl.checks.sight import Sight
from arcctl.clients.once import once
from arcctl.errors import AzureError, NotFound
from arcctl.model.agent_features import custom_locations_oid, features_on

if TYPE_CHECKING:
    from arcctl.clients.names import Address
    from arcctl.model.connected_cluster import Body

_CUSTOM_LOCATIONS = "providers/Microsoft.ExtendedLocation/customLocations"
_ASSIGNMENTS = "providers/Microsoft.Authorization/roleAssignments"
_GUARD_FILES = "/api/v1/namespaces/kube-system/secrets/azure-arc-guard-manifests"


class FeatureSight(Sight):
    """A Sight that also sees features, custom locations, roles and addresses."""

    @once
    async def features(self) -> tuple[str, ...]:
        """The features that are on by helm's own record; () without agents."""
        installed = await self.installed()
        return features_on(installed.effective) if installed else ()

    @once
    async def custom_locations_oid(self) -> str:
        """The object id with which custom locations were enabled, "" without one."""
        installed = await self.installed()
        return custom_locations_oid(installed.effective) if installed else ""

    @once
    async def custom_locations_app(self) -> str | None:
        """The object id of the custom locations app; None where whoever asks may not know it."""
        from arcctl.clients.graph import custom_locations_app

        return await custom_locations_app(await self.clients.arm())

    @once
    async def custom_locations(self) -> list[Body]:
        """The custom locations of the subscription that this cluster hosts."""
        arm = await self.clients.arm()
        found = arm.items(f"/subscriptions/{self.cluster.subscription}/{_CUSTOM_LOCATIONS}")
        own = self.cluster.path.casefold()
        try:
            return [each async for each in found if _host_of(each) == own]
        except (AzureError, NotFound) as error:
            if error.code in NOTHING:
                return []
            raise

    @once
    async def roles(self, principal: str) -> list[Body]:
        """The definitions of the roles that an identity has on the resource or above it.

        A role that was deleted since is left out.
        """
        arm = await self.clients.arm()
        listing = arm.items(
            f"{self.cluster.path}/{_ASSIGNMENTS}",
            query={"$filter": f"principalId eq '{principal}'"},
        )
        wanted = {
            str(each["properties"]["roleDefinitionId"])
            async for each in listing
            if self._inherits(str(each["properties"].get("scope") or ""))
        }
        found = await asyncio.gather(*(arm.find(each) for each in sorted(wanted)))
        return [each for each in found if each]

    def _inherits(self, scope: str) -> bool:
        return f"{self.cluster.path}/".casefold().startswith(f"{scope.rstrip('/')}/".casefold())

    @once
    async def guard_files(self) -> Body | None:
        """The Secret with the files that lead the API server to guard, or None."""
        return await (await self.clients.kubernetes()).find(_GUARD_FILES)

    @once
    async def addresses(self, host: str) -> tuple[Address, ...]:
        """Where a name leads from this machine; () where it leads nowhere."""
        from arcctl.clients.names import addresses

        return await addresses(host)


def _host_of(location: Body) -> str:
    return str((location.get("properties") or {}).get("hostResourceId") or "").casefold()
