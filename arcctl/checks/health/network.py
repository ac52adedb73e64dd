"""Questions about the way from this machine to what connecting and upgrading need."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from arcctl.checks.azure import data_plane
from arcctl.checks.check import Answer, check, noted, passed
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


ASKED = (resource_manager, data_plane, registry, proxy)
