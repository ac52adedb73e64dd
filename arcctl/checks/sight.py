"""What can be seen of a cluster and of its Azure resource, each thing looked at once.

Checks and operations ask the same `Sight`, so that forty questions cost a dozen requests, all of
them side by side. A look that fails raises the same error to everyone who asks for it.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from arcctl.checks.agents import DEPLOYMENTS, FLUX_DEPLOYMENTS, PODS
from arcctl.clients.once import Remembering, once
from arcctl.errors import AccessError, UsageError
from arcctl.model import cluster as names
from arcctl.model import keys
from arcctl.model.agents import is_agent, replicas
from arcctl.model.installed import read_record
from arcctl.model.onboarding import Onboarding, Release
from arcctl.model.region import canonical

if TYPE_CHECKING:
    from arcctl.clients import Clients
    from arcctl.clients.providers import Provider
    from arcctl.model.connected_cluster import Body
    from arcctl.model.installed import Installed
    from arcctl.model.keys import KeyPair
    from arcctl.model.resource_id import ClusterId


class Sight(Remembering):
    """Looks at one cluster (by the kubeconfig) and one resource (by its id), lazily and once.

    `region` is the one asked for on the command line; None where none was.
    """

    def __init__(self, clients: Clients, cluster: ClusterId, region: str | None = None) -> None:
        super().__init__()
        self.clients = clients
        self.cluster = cluster
        self.asked_region = canonical(region) if region else None
        self.supplied_key: KeyPair | None = None
        """The resource's key, as a person holds it; it stands for one that the cluster has lost."""

    @once
    async def server_version(self) -> Body:
        """What the API server says of itself."""
        return await (await self.clients.kubernetes()).version()

    @once
    async def nodes(self) -> list[Body]:
        """All nodes, as the API server describes them."""
        kubernetes = await self.clients.kubernetes()
        return [node async for node in kubernetes.items("/api/v1/nodes")]

    @once
    async def releases(self) -> list[Release]:
        """Helm's records of the agents, oldest first, in whatever namespace they lie (trap 5)."""
        kubernetes = await self.clients.kubernetes()
        records = kubernetes.items(
            "/api/v1/secrets",
            metadata_only=True,
            labelSelector=f"owner=helm,name={names.RELEASE}",
        )
        found = [Release.read(record["metadata"]) async for record in records]
        return sorted(found, key=lambda release: release.revision)

    async def release(self) -> Release | None:
        """The newest of them, whatever came of it."""
        found = await self.releases()
        return found[-1] if found else None

    @once
    async def installed(self) -> Installed | None:
        """The revision that a change starts from, or goes back to; None where none was ever whole.

        Read from helm's record itself, which costs one request and no helm.
        """
        found = await self.releases()
        for status in ("deployed", "superseded"):
            for release in reversed(found):
                if release.status == status:
                    newest = release is found[-1] and status == "deployed"
                    return read_record(release, await self.recorded(release), newest=newest)
        return None

    @once
    async def recorded(self, release: Release) -> Body:
        """The Secret in which helm keeps a revision."""
        return await (await self.clients.kubernetes()).get(release.record)

    @once
    async def pods(self) -> list[Body]:
        """The pods of the agents' namespace."""
        return await self._pods()

    async def pods_again(self) -> list[Body]:
        """The same, read once more, for a list that something contradicts."""
        found = await self._pods()
        self.learn("pods", found)
        return found

    async def _pods(self) -> list[Body]:
        kubernetes = await self.clients.kubernetes()
        return [each async for each in kubernetes.items(PODS)]

    @once
    async def deployments(self) -> list[Body]:
        """The Deployments of the agents' namespace."""
        kubernetes = await self.clients.kubernetes()
        return [each async for each in kubernetes.items(DEPLOYMENTS)]

    @once
    async def flux_agents(self) -> list[Body]:
        """The Deployments of Arc's half of Flux; none where Flux is not installed."""
        kubernetes = await self.clients.kubernetes()
        return [each async for each in kubernetes.items(FLUX_DEPLOYMENTS) if is_agent(each)]

    @once
    async def gone_or_asleep(self) -> list[str]:
        """Agents of that revision that somebody has removed, or scaled to zero, since."""
        installed = await self.installed()
        there = {each["metadata"]["name"]: replicas(each) for each in await self.deployments()}
        wanted = installed.agents() if installed else {}
        return [name for name, count in wanted.items() if count and not there.get(name)]

    @once
    async def config_map(self) -> Body | None:
        """ConfigMap `azure-clusterconfig`, or None."""
        kubernetes = await self.clients.kubernetes()
        return await kubernetes.find(
            f"/api/v1/namespaces/{names.AGENT_NAMESPACE}/configmaps/{names.IDENTITY_MAP}"
        )

    @once
    async def named_by_release(self) -> Onboarding | None:
        """Whose cluster this is by the newest helm record, whole or not; None where it names none.

        Raise ClusterError `release-unreadable` where helm has not written it.
        """
        release = await self.release()
        if release is None:
            return None
        record = read_record(release, await self.recorded(release), newest=True)
        return Onboarding.from_values(record.values.get("global") or {})

    @once
    async def onboarding(self) -> Onboarding | None:
        """Whose cluster this is, by its ConfigMap, or by the release's values where that is gone."""
        found = await self.config_map()
        if found:
            return Onboarding.from_map(found.get("data") or {})
        release = await self.release()
        if not release:
            return None
        helm = await self.clients.helm()
        values = await helm.values(names.RELEASE, release.namespace)
        return Onboarding.from_values((values or {}).get("global") or {})

    @once
    async def key_secret(self) -> Body | None:
        """The Secret with the cluster's private key, or None."""
        kubernetes = await self.clients.kubernetes()
        return await kubernetes.find(
            f"/api/v1/namespaces/{names.AGENT_NAMESPACE}/secrets/{names.PRIVATE_KEY_SECRET}"
        )

    @once
    async def key(self) -> KeyPair | None:
        """The key pair by which the cluster would prove itself; None where it holds no usable one."""
        found = await self.key_secret()
        return _read_key(found) if found else None

    async def readable_key(self) -> KeyPair | None:
        """The same; None also where the kubeconfig may not read it."""
        try:
            return await self.key()
        except AccessError as error:
            if error.code != "kube-forbidden":
                raise
            return None

    @once
    async def identity(self) -> str:
        """What tells this cluster from any other: the uid of its namespace kube-system."""
        found = await (await self.clients.kubernetes()).get("/api/v1/namespaces/kube-system")
        return str(found["metadata"]["uid"])

    @once
    async def may_everything(self) -> bool:
        """Whether the kubeconfig's user is cluster-admin, by the API server's word."""
        return await (await self.clients.kubernetes()).may("*", "*", group="*")

    @once
    async def namespace(self, name: str) -> Body | None:
        """One namespace, or None."""
        return await (await self.clients.kubernetes()).find(f"/api/v1/namespaces/{name}")

    @once
    async def resource(self) -> Body | None:
        """The connected cluster in ARM, or None; a missing group is also None."""
        return await (await self.clients.arm()).find_once(self.cluster.path)

    async def resource_surely(self) -> Body | None:
        """Return the same, but None only where two looks, a second apart, have found nothing.

        To be asked before anything is concluded from absence that destroys, or that ends a search.
        """
        return await self.resource() or await self._resource_again()

    @once
    async def _resource_again(self) -> Body | None:
        found = await (await self.clients.arm()).find_again(self.cluster.path)
        if found:
            self.learn("resource", found)
        return found

    @once
    async def group(self) -> Body | None:
        """The resource group, or None."""
        return await (await self.clients.arm()).find(self.cluster.group_path)

    @once
    async def provider(self, namespace: str) -> Provider:
        """What the subscription knows of one resource provider."""
        from arcctl.clients.providers import read

        return await read(await self.clients.arm(), self.cluster.subscription, namespace)

    @once
    async def region(self) -> str:
        """Where the resource is or will be: as asked, as it is, as configured, as its group."""
        if self.asked_region:
            return self.asked_region
        if resource := await self.resource():
            return canonical(resource["location"])
        if configured := self.clients.settings.location:
            return canonical(configured)
        if group := await self.group():
            return canonical(group["location"])
        raise UsageError(
            f"resource group {self.cluster.group} does not exist, so there is no region to take from it",
            code="AZK8S0104",
            hints="say the region with -l REGION; the group is then made there",
        )

    @once
    async def tenant(self) -> str | None:
        """The tenant of whoever is signed in, None where the token does not tell."""
        if known := self.clients.settings.tenant:
            return known
        claims = await (await self.clients.identity()).whoami()
        return claims.get("tid")


def _read_key(secret: Body) -> KeyPair | None:
    """Return None for a key nobody can read: it is as good as lost."""
    try:
        pem = base64.b64decode((secret.get("data") or {}).get(names.PRIVATE_KEY_ENTRY, ""))
        return keys.read(pem.decode(), proved=False)
    except (binascii.Error, UnicodeDecodeError, UsageError):
        return None
