"""What depends on the source without hanging on it: what stands on it, names it, trusts it.

Resource Graph knows it in one question; where it may not be asked, lists tell a part of it, and
the plan says so (`arm.md` 12.4). The source's own subscription is listed in any case.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arcctl.checks.move.elsewhere import Elsewhere, quoted, side_by_side
from arcctl.clients.once import once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcctl.model.connected_cluster import Body

RUNTIME = "Microsoft.KubernetesRuntime"
_RUNTIME_TYPES = ("loadBalancers", "storageClasses", "bgpPeers")
_IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
_LOCATIONS = "Microsoft.ExtendedLocation/customLocations"
_ROLES = "Microsoft.Authorization/roleAssignments"
_FEW = 8
_IN_ONE_QUESTION = 50


class Depending(Elsewhere):
    """Answers as Resource Graph or ARM gave them."""

    @once
    async def graph_refusal(self) -> str:
        """Why Resource Graph cannot be asked; "" where it can."""
        return "" if await self.references() is not None else self.refusal

    @once
    async def custom_locations(self) -> list[Body]:
        """The custom locations that this cluster hosts, in every subscription."""
        subject, path = "custom locations", f"providers/{_LOCATIONS}"
        query = (
            f"resources | where type =~ '{_LOCATIONS.lower()}'"
            f" and properties.hostResourceId =~ {quoted([self.asked.source.path])}"
        )
        here, others = await asyncio.gather(
            self.listed(subject, f"{self._own_subscription}/{path}"),
            self.in_others(subject, path, query),
        )
        return [each for each in (*here, *others) if self.is_own(_host_of(each))]

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
        path = f"{self._own_subscription}/providers/{RUNTIME}"
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
        found = await self.roles_of(sorted(await self.principals()))
        return [each for each in found if not self.is_own(_scope_of(each))]

    async def roles_of(self, principals: Sequence[str]) -> list[Body]:
        """Return the roles that principals have, in every subscription and above it."""
        if not principals:
            return []
        subject, path = "roles of the old identities", f"providers/{_ROLES}"
        # Where there are many, one list of all roles takes fewer requests.
        few = principals if len(principals) <= _FEW else ()
        filters = [{"$filter": f"principalId eq '{each}'"} for each in few] or [{}]
        several = (
            principals[at : at + _IN_ONE_QUESTION]
            for at in range(0, len(principals), _IN_ONE_QUESTION)
        )
        queries = [
            f"authorizationresources | where type =~ '{_ROLES.lower()}' and properties.principalId in~ ({quoted(each)})"
            for each in several
        ]
        others, *here = await asyncio.gather(
            self.in_others(subject, path, *queries),
            *(self.listed(subject, f"{self._own_subscription}/{path}", each) for each in filters),
        )
        wanted = {each.casefold() for each in principals}
        found = (each for rows in (others, *here) for each in rows)
        every = {str(each["id"]).casefold(): each for each in found}
        return [each for each in every.values() if _principal_of(each).casefold() in wanted]

    @once
    async def federated_credentials(self, issuer: str) -> list[Body]:
        """The federated credentials of managed identities that trust an issuer."""
        subject, path = "managed identities", f"providers/{_IDENTITIES}"
        here, others = await asyncio.gather(
            self.listed(subject, f"{self._own_subscription}/{path}", needed=False),
            self.in_others(
                subject, path, f"resources | where type =~ '{_IDENTITIES.lower()}'", as_is=True
            ),
        )

        async def trusting(identity: Body) -> list[Body]:
            path = f"{identity['id']}/federatedIdentityCredentials"
            found = await self.listed("federated credentials", path, needed=False)
            return [each for each in found if _issuer_of(each) == issuer.rstrip("/")]

        lists = await side_by_side(trusting, (*here, *others))
        return [each for found in lists for each in found]

    @property
    def _own_subscription(self) -> str:
        return f"/subscriptions/{self.asked.source.subscription}"


def _host_of(location: Body) -> str:
    return str((location.get("properties") or {}).get("hostResourceId") or "")


def _issuer_of(credential: Body) -> str:
    return str((credential.get("properties") or {}).get("issuer") or "").rstrip("/")


def _principal_of(assignment: Body) -> str:
    return str((assignment.get("properties") or {}).get("principalId") or "")


def _scope_of(assignment: Body) -> str:
    return str((assignment.get("properties") or {}).get("scope") or "")
