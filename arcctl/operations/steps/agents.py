"""The agents in the cluster: fetch their chart, install it, wait until all of them are ready."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcctl.checks.agents import DEPLOYMENTS, available
from arcctl.errors import HelmError
from arcctl.flow.step import Step
from arcctl.model import cluster as names
from arcctl.model.agents import is_agent
from arcctl.model.helm_values import layered
from arcctl.operations.agents import values as values_of
from arcctl.operations.agents.values import AgentChart
from arcctl.operations.registration_body import configured
from arcctl.operations.steps.holdings import holdings
from arcctl.operations.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.model.connected_cluster import Body
    from arcctl.model.onboarding import Release
    from arcctl.operations.request import ConnectRequest


def chart_reference(repository_path: str) -> tuple[str, str]:
    """Split `registry/path/name:version` into helm's reference and the version.

    The service's path lacks the `/v2/` under which helm finds the chart (trap 2); the version is
    what follows the last colon, so that a registry may have a port.
    """
    path, _, version = repository_path.rpartition(":")
    parent, _, name = path.rpartition("/")
    if not (parent and name and version):
        raise HelmError(
            f"not a chart's path: {repository_path!r}",
            code="AZK8S0502",
            why="it should read registry/path/name:version",
        )
    return f"oci://{parent}/v2/{name}", version


async def _installed(world: World, request: ConnectRequest) -> str | None:
    """Say so when all of a release is there, it holds the right key, and no flag would change it."""
    held = await world.sight.readable_key()
    if held is None or held != world.key:
        return None
    return await whole(world, request)


async def whole(world: World, request: ConnectRequest) -> str | None:
    """Say so when all of a release is there, whatever its key, and no flag would change it."""
    release = await world.sight.release()
    if not release or release.status != "deployed" or request.reaches_helm:
        return None
    onboarding = await world.sight.onboarding()
    if onboarding is None or not onboarding.agent_version:
        return None
    # Agents of a resource that was moved may hold the same key.
    elsewhere = onboarding.region and onboarding.region != await world.sight.region()
    if elsewhere or onboarding.contradicts(world.cluster, tenant=None):
        return None
    if await world.sight.gone_or_asleep():
        return None
    return f"{onboarding.agent_version} installed"


class FetchChart(Step[World]):
    """Ask the region's service which chart and values this resource gets, and pull the chart."""

    name = "fetch-chart"

    def __init__(self, request: ConnectRequest) -> None:
        self._request = request

    async def observe(self, world: World) -> str | None:
        return await _installed(world, self._request)

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        resource = await world.accepted
        service = await world.clients.data_plane()
        settings = await service.helm_settings(
            asking(self._request, resource),
            region=await world.sight.region(),
            train=self._request.train,
        )
        where = self._request.registry_override or settings.repository_path
        reference, version = chart_reference(where)
        if self._request.chart_override:
            path = Path(self._request.chart_override)
        else:
            helm = await world.clients.helm()
            path = await helm.pulled(reference, version, world.folder)
        world.chart = AgentChart(path, version, settings.values, self._request.train)
        return version


def asking(request: ConnectRequest, resource: Body) -> Body:
    """Return the resource with placeholders where it has secrets (`connectedk8s.md` B.1.5)."""
    secrets = values_of.placeholders(values_of.protected(request))
    features = configured(request)
    for each in resource["properties"].get("arcAgentryConfigurations") or []:
        settled = features.get(each["feature"], {})
        features[each["feature"]] = {**(each.get("settings") or {}), **settled}
    entries = [
        {"feature": name, "settings": plain, "protectedSettings": secrets.get(name)}
        for name, plain in features.items()
    ]
    properties = {**resource["properties"], "arcAgentryConfigurations": entries}
    return {**resource, "properties": properties}


class Install(Step[World]):
    """Helm's release of the agents is deployed, with the values that were asked for.

    Helm is not made to wait: what it would poll for is watched by `UntilReady` instead.
    """

    name = "install-agents"
    title = "agents"
    intent = "install the agents"
    estimate = 60

    def __init__(
        self,
        request: ConnectRequest,
        *,
        custom_locations: bool = False,
        known: Callable[[Any], Body] = lambda _world: {},
    ) -> None:
        """`known` returns values of an earlier release, which has been removed since."""
        self._request = request
        self._custom_locations = custom_locations
        self._known = known

    async def observe(self, world: World) -> str | None:
        return await _installed(world, self._request)

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        assert world.chart
        if not world.chart.path.exists():
            # Whatever cleans up temporary files has taken it away since.
            await FetchChart(self._request).do(world, tell)
        helm = await world.clients.helm()
        release = await world.sight.release()
        namespace = release.namespace if release else names.RELEASE_NAMESPACE
        known = self._known(world)
        if release:
            given = await helm.values(names.RELEASE, namespace)
            known = layered(known, given or {})
            if release.unfinished:
                await forget(world, release)
            await tell_brought_back(world)
        await helm.upgrade_install(
            names.RELEASE,
            world.chart.path,
            namespace,
            self._values(world, world.chart, known),
            timeout=self._request.onboarding_timeout,
            on_line=tell,
        )
        return f"{world.chart.version} installed"

    def _values(self, world: World, chart: AgentChart, known: Body) -> Body:
        """What is known from an earlier release, what the service gave, what was asked for."""
        secrets = values_of.protected(self._request)
        given = values_of.nested(chart.given, secrets, known=bool(known))
        values = layered(layered(self._fixed(world, chart), known), given)
        asked: Body = {}
        for dotted, value in self._asked(world, chart).items():
            values_of.put(asked, dotted, value)
        values = layered(values, asked)
        return layered(values, values_of.from_file(self._request.values_file))

    def _fixed(self, world: World, chart: AgentChart) -> Body:
        connect = not self._request.private_link
        return {
            "global": {"azureEnvironment": world.environment},
            "systemDefaultValues": {
                "spnOnboarding": False,
                "clusterconnect-agent": {"enabled": connect},
            },
        }

    def _asked(self, world: World, chart: AgentChart) -> Body:
        properties = world.accepted.result()["properties"]
        asked: Body = {
            "global.kubernetesDistro": str(properties.get("distribution", "generic")).lower(),
            "global.kubernetesInfra": properties.get("infrastructure", "generic"),
        }
        if chart.takes_key_as_value and world.key:
            asked["global.onboardingPrivateKey"] = world.key.private.reveal()
        if self._request.private_link:
            asked["systemDefaultValues.clusterconnect-agent.enabled"] = False
        elif self._custom_locations:
            asked["systemDefaultValues.customLocations.enabled"] = True
            asked["systemDefaultValues.customLocations.oid"] = world.custom_locations_oid
        return asked


async def tell_brought_back(world: World) -> None:
    """Say which agents helm is about to bring back."""
    if agents := await world.sight.gone_or_asleep():
        first = ", ".join(agents[:2]) + (" …" if agents[2:] else "")
        world.note(f"helm brings back what was removed or put to sleep: {first}")


async def forget(world: World, release: Release) -> None:
    """Drop the record of a helm that was killed, which would block the next one.

    Uninstalling instead would take the namespace, and the cluster's key with it. Whatever the
    killed helm has made carries the release's marks, so the next helm takes it over.
    """
    await (await world.clients.kubernetes()).delete(release.record)
    world.note("an earlier helm was cut short; this one takes over what it has made")


class RestartForNewKey(Step[World]):
    """The identity agent starts anew where the certificate it holds came from another key."""

    name = "restart-identity"

    async def observe(self, world: World) -> str | None:
        before = await world.sight.resource()
        known = ((before or {}).get("properties") or {}).get("agentPublicKeyCertificate")
        same = known is None or (world.key is not None and known == world.key.public)
        return "the key is the same" if same else None

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        before = await world.sight.resource() or {}
        world.heard_before = (before.get("properties") or {}).get("lastConnectivityTime")
        kubernetes = await world.clients.kubernetes()
        space = f"/api/v1/namespaces/{names.AGENT_NAMESPACE}"
        await kubernetes.delete(f"{space}/secrets/{names.IDENTITY_CERTIFICATE}")
        async for pod in kubernetes.items(f"{space}/pods"):
            if pod["metadata"]["name"].startswith("clusteridentityoperator-"):
                await kubernetes.delete(f"{space}/pods/{pod['metadata']['name']}")
        return "restarted"


class UntilReady(Step[World]):
    """Every agent's Deployment is available, as the cluster's own watch says it."""

    name = "agents-ready"
    title = "agents"

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        kubernetes = await world.clients.kubernetes()
        ready: dict[str, bool] = {}
        async for deployments in holdings(kubernetes, DEPLOYMENTS):
            agents = {name: each for name, each in deployments.items() if is_agent(each)}
            ready = {name: available(each) for name, each in agents.items()}
            if ready and all(ready.values()):
                break
            tell(_standing(ready))
        world.agents_ready.set()
        return f"{len(ready)} of {len(ready)} ready"


def _standing(ready: dict[str, bool]) -> str:
    waiting = sorted(name for name, well in ready.items() if not well)
    if not ready:
        return "no agent yet"
    first = ", ".join(waiting[:2]) + (" …" if len(waiting) > 2 else "")
    return f"{len(ready) - len(waiting)} of {len(ready)} ready · waiting for {first}"
