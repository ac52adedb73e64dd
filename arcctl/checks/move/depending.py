"""What depends on the source without hanging on it: what stands on it, names it, trusts it.

Resource Graph knows it in one question; where it may not be asked, lists tell a part of it, and
the plan says so (`arm.md` 12.4).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arcctl.checks.move.looking import Looking, signed_out
from arcctl.clients import resource_graph
from arcctl.clients.once import once
from arcctl.errors import AccessError, AzureError, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arcctl.model.connected_cluster import Body

RUNTIME = "Microsoft.KubernetesRuntime"
_RUNTIME_TYPES = ("loadBalancers", "storageClasses", "bgpPeers")
_IDENTITIES = "providers/Microsoft.ManagedIdentity/userAssignedIdentities"
_FEW = 8
_AT_ONCE = 16
_IN_ONE_QUESTION = 50


class Depending(Looking):
    """Answers as Resource Graph or ARM gave them."""

    @once
    async def graph_refusal(self) -> str:
        """Why Resource Graph cannot be asked; "" where it can."""
        return "" if await self.references() is not None else self.refusal

    refusal = ""

    @once
    async def custom_locations(self) -> list[Body]:
        """The custom locations that this cluster hosts."""
        path = f"/subscriptions/{self.asked.source.subscription}/providers"
        found = await self.listed(
            "custom locations", f"{path}/Microsoft.ExtendedLocation/customLocations"
        )
        return [each for each in found if self.is_own(_host_of(each))]

    @once
    async def on_custom_locations(self) -> list[Body] | None:
        """What stands on the custom locations; None where only Resource Graph could tell."""
        locations = [str(each["id"]) for each in await self.custom_locations()]
        if not locations:
            return []
        return await self.graph(
            f"resources | where extendedLocation.name in~ ({quoted(locations)})"
        )

    @once
    async def references(self) -> list[Body] | None:
        """Resources elsewhere that name the cluster's id; None where only Resource Graph could tell."""
        found = await self.graph(
            f"resources | where tostring(properties) contains {quoted([self.asked.source.path])}"
        )
        return found and [each for each in found if not self.is_own(str(each.get("id", "")))]

    @once
    async def sub_resources(self) -> list[Body]:
        """What another service keeps below the cluster (`arm.md` 12.2)."""
        subject = "resources of Azure Local services"
        path = f"/subscriptions/{self.asked.source.subscription}/providers/{RUNTIME}"
        provider = await self.looked_at(subject, path, needed=False)
        if provider is None and subject not in self.unseen:
            self.absent[subject] = f"Azure does not know {RUNTIME}"
        if (provider or {}).get("registrationState") != "Registered":
            return []
        lists = await asyncio.gather(
            *(
                self.listed(
                    kind, f"{self.asked.source.path}/providers/{RUNTIME}/{kind}", needed=False
                )
                for kind in _RUNTIME_TYPES
            )
        )
        return [each for found in lists for each in found]

    @once
    async def identity_assignments(self) -> list[Body]:
        """Roles given elsewhere to the identities of the source and of its extensions."""
        principals = sorted(await self.principals())
        found = await self._of_principals(principals)
        wanted = {each.casefold() for each in principals}
        return [
            each
            for each in found
            if _principal_of(each).casefold() in wanted and not self.is_own(_scope_of(each))
        ]

    @once
    async def federated_credentials(self, issuer: str) -> list[Body]:
        """The federated credentials of this subscription that trust an issuer."""
        subscription = f"/subscriptions/{self.asked.source.subscription}"
        identities = await self.listed(
            "managed identities", f"{subscription}/{_IDENTITIES}", needed=False
        )
        turns = asyncio.Semaphore(_AT_ONCE)

        async def trusting(identity: Body) -> list[Body]:
            path = f"{identity['id']}/federatedIdentityCredentials"
            async with turns:
                found = await self.listed("federated credentials", path, needed=False)
            return [each for each in found if _issuer_of(each) == issuer.rstrip("/")]

        lists = await asyncio.gather(*map(trusting, identities))
        return [each for found in lists for each in found]

    async def graph(self, query: str) -> list[Body] | None:
        """Ask Resource Graph and return all rows; None where it may not be asked."""
        try:
            return await resource_graph.rows(await self.clients.arm(), query)
        except (AccessError, NotFound, AzureError) as error:
            if signed_out(error):
                raise
            self.refusal = error.message
            return None

    async def _of_principals(self, principals: list[str]) -> list[Body]:
        """Few are asked for exactly; many by Resource Graph, which may lag a minute behind."""
        if len(principals) > _FEW:
            found: list[Body] = []
            for at in range(0, len(principals), _IN_ONE_QUESTION):
                several = quoted(principals[at : at + _IN_ONE_QUESTION])
                rows = await self.graph(
                    "authorizationresources"
                    " | where type =~ 'microsoft.authorization/roleassignments'"
                    f" and properties.principalId in~ ({several})"
                )
                if rows is None:
                    break
                found += rows
            else:
                return found
        return await self._one_by_one(principals)

    async def _one_by_one(self, principals: list[str]) -> list[Body]:
        turns = asyncio.Semaphore(_AT_ONCE)
        scope = f"/subscriptions/{self.asked.source.subscription}"
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"

        async def roles(principal: str) -> list[Body]:
            async with turns:
                query = {"$filter": f"principalId eq '{principal}'"}
                return await self.listed("roles of the old identities", path, query)

        lists = await asyncio.gather(*map(roles, principals))
        return [each for found in lists for each in found]


def quoted(texts: Iterable[str]) -> str:
    """Return texts as a query of Resource Graph lists them."""
    return ", ".join("'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'" for text in texts)


def _host_of(location: Body) -> str:
    return str((location.get("properties") or {}).get("hostResourceId") or "")


def _issuer_of(credential: Body) -> str:
    return str((credential.get("properties") or {}).get("issuer") or "").rstrip("/")


def _principal_of(assignment: Body) -> str:
    return str((assignment.get("properties") or {}).get("principalId") or "")


def _scope_of(assignment: Body) -> str:
    return str((assignment.get("properties") or {}).get("scope") or "")
