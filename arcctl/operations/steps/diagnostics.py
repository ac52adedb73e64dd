"""The diagnostics job: whether the cluster itself can reach what the agents need.

It is the only check that writes to the cluster, so it comes after all the others, and what it
wrote is gone before the agents are installed into the same namespace (`connectedk8s.md` B.8).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from arcctl.clients.finishing import to_its_end
from arcctl.errors import ArcctlError, ClusterError
from arcctl.flow.step import Step
from arcctl.model import cluster as names
from arcctl.model import diagnosis
from arcctl.operations.steps.jobs import Job, finished_pod, unfinished
from arcctl.operations.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.operations.request import ConnectRequest

CHART = "azurearck8s/helmchart/stable/clusterdiagnosticchecks"
VERSION = "1.36.1"
_LONGEST = 60
_SPACE = f"namespaces/{names.RELEASE_NAMESPACE}"
_JOB = Job(names.RELEASE_NAMESPACE, names.DIAGNOSTICS_JOB, "the diagnostics job", attempts=3)


class Diagnose(Step[World]):
    """The cluster resolves names and reaches Azure's endpoints of this region."""

    name = "diagnose"
    title = "diagnostics"

    def __init__(self, request: ConnectRequest) -> None:
        self._request = request
        # Whoever gives the whole run less time does not mean to spend more on its first part.
        self._patience = min(_LONGEST, request.onboarding_timeout)

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        log = await self.log(world, tell)
        try:
            return self._judge(world, log)
        except ClusterError:
            await asyncio.shield(_clean(world))
            raise

    async def log(self, world: World, tell: Callable[[str], None]) -> str:
        """Run the job and return what it wrote; only a job that failed is swept here."""
        helm = await world.clients.helm()
        service = await world.clients.data_plane()
        region = await world.sight.region()
        path = self._request.registry_override or await service.latest_chart(
            region, self._request.train
        )
        registry = path.partition("/")[0]
        chart, _ = await asyncio.gather(
            helm.pull(f"oci://{registry}/{CHART}", VERSION, world.folder),
            _clean(world) if await _left_over(world) else asyncio.sleep(0),
        )
        values = self._values(world, region, registry)
        try:
            await helm.upgrade_install(
                names.DIAGNOSTICS_RELEASE, chart, names.RELEASE_NAMESPACE, values, timeout=_LONGEST
            )
            tell("the job is running in the cluster")
            return await _log_of(await world.clients.kubernetes(), self._patience)
        except BaseException:
            await asyncio.shield(_clean(world))
            raise

    def _values(self, world: World, region: str, registry: str) -> dict[str, Any]:
        proxy = self._request.proxy
        said = {
            "httpsProxy": proxy.https and proxy.https.reveal(),
            "httpProxy": proxy.http and proxy.http.reveal(),
            "noProxy": proxy.skip_range,
            "proxyCert": proxy.certificate and proxy.certificate.reveal(),
        }
        return {
            "global": {
                "location": region,
                "azureCloud": world.environment,
                "mcrRepository": registry,
                "image": {"registry": registry},
                **{name: value for name, value in said.items() if value},
            }
        }

    def _judge(self, world: World, log: str) -> str:
        parts = diagnosis.read(log)
        bad = (diagnosis.Outcome.FAILED, diagnosis.Outcome.INCOMPLETE)
        broken = [part for part in parts if part.outcome in bad]
        for part in parts:
            if part.outcome is diagnosis.Outcome.WARNED:
                world.note(f"{part.name}: {part.text} cannot be reached from the cluster")
        if not broken:
            return "names resolve, Azure is reachable from the cluster"
        raise ClusterError(
            f"the cluster cannot reach what the agents need: {broken[0].name}",
            code=broken[0].code,
            why=tuple(f"{part.name}: {part.text}" for part in broken),
            hints=(
                "open the way, or pass the cluster's proxy with --proxy-https URL",
                "to go on without this job: --skip-prechecks",
            ),
        )


class Sweep(Step[World]):
    """The release of the diagnostics is gone again; what stands in its way stops nothing."""

    name = "sweep-diagnostics"

    async def observe(self, world: World) -> str | None:
        return None if await _left_over(world) else "nothing to sweep"

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        # Something beside it may fail meanwhile; nothing of the diagnostics may stay behind.
        await to_its_end(_clean(world))
        return "swept"


async def _left_over(world: World) -> bool:
    """This run's release, or that of a run that was cut, which would block the next (T26)."""
    kubernetes = await world.clients.kubernetes()
    selector = f"owner=helm,name={names.DIAGNOSTICS_RELEASE}"
    records = kubernetes.items(
        f"/api/v1/{_SPACE}/secrets", metadata_only=True, labelSelector=selector
    )
    return [record async for record in records] != []


async def _clean(world: World) -> None:
    helm = await world.clients.helm()
    try:
        await helm.uninstall(names.DIAGNOSTICS_RELEASE, names.RELEASE_NAMESPACE, timeout=_LONGEST)
    except ArcctlError as error:
        # The verdict matters more than the broom; what is left is swept by the next run.
        world.note(f"release {names.DIAGNOSTICS_RELEASE} could not be removed: {error.message}")


async def _log_of(kubernetes: Kubernetes, patience: int) -> str:
    try:
        async with asyncio.timeout(patience):
            pod = await finished_pod(kubernetes, _JOB)
    except TimeoutError:
        hint = "to go on without this job: --skip-prechecks"
        raise await unfinished(kubernetes, _JOB, patience, hint) from None
    return await kubernetes.log(names.RELEASE_NAMESPACE, pod, names.DIAGNOSTICS_CONTAINER)
