"""Questions about what was installed: helm's release, the ConfigMap, the kinds (`arc.md` A5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.checks.check import Answer, check, noted, passed, skipped, wrong
from arcctl.model import cluster as names

if TYPE_CHECKING:
    from arcctl.checks.health.sight import HealthSight

_SECRETS = f"/api/v1/namespaces/{names.RELEASE_NAMESPACE}/secrets"


@check("the agents are installed", code="AZK8S0508")
async def installed(sight: HealthSight) -> Answer:
    """T01: no release in any namespace."""
    release = await sight.release()
    if release:
        return passed(f"release {names.RELEASE} in {release.namespace}")
    if await sight.onboarding():
        return wrong(
            f"the agents' ConfigMap is here, but no release {names.RELEASE}",
            f"arcctl connect {sight.named}",
            why="half of an installation was removed",
        )
    missing = "no agents of Azure Arc are in this cluster"
    if await sight.status() == "Connected" and not await sight.readable_key():
        # Its agents run in another cluster, so that `connect` would be refused in this one.
        return wrong(missing, "choose the right cluster with --kube-context NAME")
    return wrong(
        missing,
        f"arcctl connect {sight.named}",
        "or choose another cluster with --kube-context NAME",
    )


@check("the last install or upgrade succeeded", code="AZK8S0500")
async def deployed(sight: HealthSight) -> Answer:
    """T06, T59: helm gave up on it; connecting again installs what is missing."""
    release = await sight.release()
    if release is None:
        return skipped("there is no release")
    if release.status != "failed":
        return passed(f"revision {release.revision}, {release.status}")
    return wrong(
        f"revision {release.revision} of the agents failed",
        f"arcctl connect {sight.named}",
        why=f"to see in which step: helm history {names.RELEASE} -n {release.namespace}",
    )


@check("helm has finished its work", code="release-unfinished")
async def finished(sight: HealthSight) -> Answer:
    """A helm that was killed leaves a lock that stops the next one."""
    release = await sight.release()
    if release is None:
        return skipped("there is no release")
    if not release.unfinished:
        return passed()
    return wrong(
        f"the agents' release is {release.status}: a helm was killed, or is at work now",
        f"if nobody else is installing: arcctl connect {sight.named}",
    )


@check("the cluster knows whose it is", code="AZK8S0201")
async def identity_map(sight: HealthSight) -> Answer:
    """T27: a release without its ConfigMap is half an installation."""
    if await sight.release() is None:
        return skipped("there is no release")
    if await sight.identity_map() is not None:
        return passed()
    return wrong(
        f"the release is here, but ConfigMap {names.AGENT_NAMESPACE}/{names.IDENTITY_MAP} is not",
        f"arcctl connect {sight.named}",
        why="somebody removed half of the installation",
    )


@check("the kinds of Arc are defined", code="crds-missing")
async def kinds(sight: HealthSight) -> Answer:
    """Agents crash where a kind that they watch is gone."""
    if await sight.release() is None:
        return skipped("there is no release")
    wanted = names.crd_names(await sight.domain())
    missing = [name for name in wanted if name not in await sight.definitions()]
    if not missing:
        return passed(f"{len(wanted)} kinds")
    return wrong(
        f"{len(missing)} of {len(wanted)} kinds are missing: {', '.join(missing)}",
        f"arcctl connect {sight.named}",
    )


@check("no diagnostics job was left behind", code="diagnostics-left-over")
async def swept(sight: HealthSight) -> Answer:
    """T26: the release of an aborted run stops the peer's next one; arcctl sweeps it."""
    kubernetes = await sight.clients.kubernetes()
    selector = f"owner=helm,name={names.DIAGNOSTICS_RELEASE}"
    found = kubernetes.items(_SECRETS, metadata_only=True, labelSelector=selector)
    if not [each async for each in found]:
        return passed()
    return noted(
        f"release {names.DIAGNOSTICS_RELEASE} of an aborted run is still here",
        f"helm uninstall {names.DIAGNOSTICS_RELEASE} -n {names.RELEASE_NAMESPACE}",
    )


ASKED = (installed, deployed, finished, identity_map, kinds, swept)
