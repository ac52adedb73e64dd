"""What can be seen of a cluster that may be ill, each thing looked at once.

Pods, events and Secrets are read in Arc's own namespaces only: a cluster of 5,000 pods costs as
much as a small one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.checks.agents import EVENTS
from arcctl.checks.health.feature_sight import FeatureSight
from arcctl.clients.once import once
from arcctl.model import cluster as names
from arcctl.model.agents import FLUX_NAMESPACE
from arcctl.model.overall import ABSENT, UNSEEN, Inside

if TYPE_CHECKING:
    from datetime import datetime

    from arcctl.model.agents import AgentState
    from arcctl.model.connected_cluster import Body

AGENTS = f"/api/v1/namespaces/{names.AGENT_NAMESPACE}"
_LINES = 200
_WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/{}webhookconfigurations"


class HealthSight(FeatureSight):
    """A Sight that also sees pods, events, certificates, webhooks and children."""

    @property
    def named(self) -> str:
        """How the cluster is named on a command line: `-n harbor -g edge`."""
        return self.cluster.named

    @once
    async def events(self) -> list[Body]:
        """What happened in the agents' namespace lately."""
        return await self._listed(EVENTS)

    @once
    async def agents(self) -> list[AgentState]:
        """Each agent that is there or should be, as far as the cluster alone can tell."""
        from arcctl.checks.agents import agents

        return await agents(self, gateway=False)

    @once
    async def log_of(self, agent: str) -> str:
        """The end of what an agent's containers have written, "" where it has no pod."""
        kubernetes = await self.clients.kubernetes()
        pods = [e for e in await self.pods() if e["metadata"]["name"].startswith(f"{agent}-")]
        containers = [
            (pod["metadata"]["name"], each["name"])
            for pod in pods[:1]
            for each in pod["spec"]["containers"]
        ]
        logs = [
            await kubernetes.log(names.AGENT_NAMESPACE, pod, each, tail=_LINES)
            for pod, each in containers
        ]
        return "\n".join(logs)

    @once
    async def flux_pods(self) -> list[Body]:
        """The pods of Flux; none where Flux is not installed."""
        return await self._listed(f"/api/v1/namespaces/{FLUX_NAMESPACE}/pods")

    @once
    async def identity_map(self) -> dict[str, str] | None:
        """The data of ConfigMap `azure-clusterconfig`, or None where it is missing."""
        kubernetes = await self.clients.kubernetes()
        found = await kubernetes.find(f"{AGENTS}/configmaps/{names.IDENTITY_MAP}")
        return None if found is None else found.get("data") or {}

    @once
    async def agent_secret(self, name: str) -> Body | None:
        """One Secret of the agents, or None."""
        return await (await self.clients.kubernetes()).find(f"{AGENTS}/secrets/{name}")

    @once
    async def in_agents_namespace(self, path: str) -> list[Body]:
        """A list below the agents' namespace, such as `/api/v1/resourcequotas`."""
        api, _, plural = path.rpartition("/")
        return await self._listed(f"{api}/namespaces/{names.AGENT_NAMESPACE}/{plural}")

    @once
    async def definitions(self) -> frozenset[str]:
        """The names of all custom kinds."""
        path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        found = await self._listed(path, metadata_only=True)
        return frozenset(each["metadata"]["name"] for each in found)

    @once
    async def webhooks(self) -> list[Body]:
        """Every admission webhook of the cluster, validating and mutating."""
        found = [
            *await self._listed(_WEBHOOKS.format("validating")),
            *await self._listed(_WEBHOOKS.format("mutating")),
        ]
        return [hook for each in found for hook in each.get("webhooks") or ()]

    @once
    async def service(self, namespace: str, name: str) -> Body | None:
        """One Service, or None."""
        kubernetes = await self.clients.kubernetes()
        return await kubernetes.find(f"/api/v1/namespaces/{namespace}/services/{name}")

    @once
    async def custom_resources(self, path: str) -> list[Body] | None:
        """The objects of a kind that may not be there; None where it is not."""
        return await (await self.clients.kubernetes()).collection(path)

    @once
    async def children(self, kind: str) -> list[Body]:
        """The extensions or configurations of the resource, as ARM lists them."""
        arm = await self.clients.arm()
        return [each async for each in arm.items(self.cluster.child(kind))]

    @once
    async def domain(self) -> str:
        """The end of Arc's host names in this cloud."""
        return (await self.clients.cloud()).domain

    @once
    async def azure_ahead(self) -> float | None:
        """Seconds by which Azure's clock is ahead of ours; None where its answer has no time."""
        arm = await self.clients.arm()
        return _ahead(await arm.time(f"/subscriptions/{self.cluster.subscription}"))

    @once
    async def cluster_ahead(self) -> float | None:
        """Seconds by which the API server's clock is ahead of ours; None where it does not say."""
        return _ahead(await (await self.clients.kubernetes()).time())

    @once
    async def status(self) -> str:
        """The connectivity status, ABSENT, or UNSEEN where Azure cannot be asked."""
        from arcctl.errors import ArcctlError
        from arcctl.model.connected_cluster import status

        try:
            resource = await self.resource()
        except ArcctlError:
            return UNSEEN
        return status(resource) if resource else ABSENT

    @once
    async def inside(self) -> Inside:
        """How the cluster looks as a whole."""
        from arcctl.errors import ArcctlError

        try:
            return await self._inside()
        except ArcctlError:
            return Inside.UNSEEN

    async def _inside(self) -> Inside:
        onboarding = await self.onboarding()
        if onboarding and onboarding.cluster != self.cluster:
            return Inside.FOREIGN
        if not onboarding and not await self.deployments():
            return Inside.NONE
        if await self.agent_secret(names.IDENTITY_CERTIFICATE) is None:
            return Inside.NO_IDENTITY
        agents = await self.agents()
        if not any(agent.total for agent in agents if agent.space == names.AGENT_NAMESPACE):
            return Inside.NONE
        return Inside.READY if all(agent.healthy for agent in agents) else Inside.UNREADY

    async def _listed(self, path: str, **how: Any) -> list[Body]:
        kubernetes = await self.clients.kubernetes()
        return [each async for each in kubernetes.items(path, **how)]


def _ahead(time: datetime | None) -> float | None:
    from datetime import UTC, datetime

    return (time - datetime.now(UTC)).total_seconds() if time else None
