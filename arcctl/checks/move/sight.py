"""What can be seen before a move, each thing looked at once and all side by side (`arm.md` 12).

Only reads: GET, LIST, and the POSTs that change nothing (policy restrictions, Resource Graph).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arcctl.checks.move.configs import Configs
from arcctl.checks.move.hanging import Hanging
from arcctl.checks.move.looking import signed_out
from arcctl.clients.once import once
from arcctl.errors import AccessError, ArcctlError, AzureError, NotFound
from arcctl.model import cluster as names
from arcctl.model.bundle import Attached
from arcctl.model.connected_cluster import public_key
from arcctl.model.gateway import gateway_in, link_of
from arcctl.model.key_choice import KeyChoice

if TYPE_CHECKING:
    from arcctl.model.connected_cluster import Body

CLUSTERS = "connectedClusters"
NEWER = "fields of a newer api-version"
"""The subject of what only a newer api-version shows of the resource"""
_CONFIGURATION = "Microsoft.KubernetesConfiguration"


class MoveSight(Configs, Hanging):
    """All looks of a move; see its parents for those at what hangs on the source, and on it."""

    async def attached(self) -> Attached:
        """All that hangs on the source and can be put back; its locks are looked at apart."""
        roles, elsewhere, settings, collecting, policies, exemptions = await asyncio.gather(
            self.role_assignments(),
            self.identity_assignments(),
            self.diagnostic_settings(),
            self.data_collection(),
            self.policy_assignments(),
            self.policy_exemptions(),
        )
        return Attached(
            role_assignments=tuple(roles),
            identity_assignments=tuple(elsewhere),
            diagnostic_settings=tuple(settings),
            data_collection=tuple(collecting),
            policy_assignments=tuple(policies),
            policy_exemptions=tuple(exemptions),
        )

    @once
    async def key_choice(self) -> KeyChoice:
        """Which key pair the agents have afterwards: theirs stays where nothing speaks against it."""
        asked, known = self.asked, public_key(await self.resource())
        if asked.public_key:
            return KeyChoice("kept" if asked.public_key == known else "brought")
        if asked.new_key:
            return KeyChoice("new", "as --new-key asks")
        held = await self.source.readable_key()
        if not (known and held and held.public == known):
            return KeyChoice("new", "the private key cannot be read in the cluster")
        if asked.keep_key:
            return KeyChoice("kept")
        if not asked.in_place:
            why = "else two resources would bear one key for a while; --keep-key keeps it"
            return KeyChoice("new", why)
        if (await self.ownership()).seen.copied:
            why = "another cluster seems to hold the same key; --keep-key keeps it"
            return KeyChoice("new", why)
        return KeyChoice("kept")

    @once
    async def agent_values(self) -> Body:
        """The helm values that the agents' release was given, secrets among them; {} without one."""
        release = await self.source.release()
        if release is None:
            return {}
        helm = await self.clients.helm()
        return await helm.values(names.RELEASE, release.namespace) or {}

    @once
    async def releases(self) -> list[Body]:
        """The labels and places of all helm records in the cluster, not their contents."""
        kubernetes = await self.clients.kubernetes()
        records = kubernetes.items(
            "/api/v1/secrets", metadata_only=True, labelSelector="owner=helm"
        )
        return [record["metadata"] async for record in records]

    @once
    async def newest_resource(self) -> Body:
        """The source as the newest api-version shows it, previews included.

        {} where there is none beyond the one that is used, or, remembered in `noted`, where it
        cannot be read.
        """
        provider = await self.source.provider("Microsoft.Kubernetes")
        versions = provider.versions(CLUSTERS)
        arm = await self.clients.arm()
        if not versions:
            return {}
        try:
            return await arm.get(self.asked.source.path, version=max(versions))
        except ArcctlError as error:
            if signed_out(error):
                raise
            self.noted[NEWER] = f"api-version {max(versions)}: {error.message}"
            return {}

    @once
    async def gateway(self) -> str:
        """The id of the Arc gateway that the source is linked to, "" for none (`arm.md` 9)."""
        return gateway_in(await self.looked_at("the Arc gateway link", link_of(self.asked.source)))

    @once
    async def target_scope(self) -> Body | None:
        """The private link scope to be used in the target; None where none is named or found."""
        scope = self.asked.private_link_scope or await self._own_scope()
        return await self.looked_at("the private link scope", scope) if scope else None

    async def _own_scope(self) -> str:
        properties = (await self.resource()).get("properties") or {}
        return str(properties.get("privateLinkScopeResourceId") or "")

    @once
    async def data_plane_trouble(self) -> ArcctlError | None:
        """Why the configuration service of the target region does not answer; None if it does."""
        try:
            await (await self.clients.data_plane()).healthy(self.asked.region)
        except ArcctlError as error:
            return error
        return None

    @once
    async def offered_versions(self, region: str, kind: str, train: str) -> list[str] | None:
        """The versions of an extension type that a region offers in a train; [] for none.

        None where the catalogue itself cannot be asked (`arm.md` 7, best-effort).
        """
        subscription = f"/subscriptions/{self.asked.target.subscription}"
        path = f"{subscription}/providers/{_CONFIGURATION}/locations/{region}/extensionTypes/{kind}"
        arm = await self.clients.arm()
        query = {"releaseTrain": train}
        try:
            return [str(each["name"]) async for each in arm.items(f"{path}/versions", query=query)]
        except NotFound as error:
            return None if error.code in ("InvalidResourceType", "SubscriptionNotFound") else []
        except (AccessError, AzureError):
            return None
