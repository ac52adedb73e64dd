"""The proxy that the agents were told, for whoever must take their way to Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.model import cluster as names
from arcctl.model.scrub import passwords_of
from arcctl.model.secret import Secret
from arcctl.operations.request import Proxy

if TYPE_CHECKING:
    from arcctl.operations.world import World


async def proxy_of_agents(world: World) -> Proxy:
    """Return what the agents' release says of proxies; an empty one where nothing is installed."""
    release = await world.sight.release()
    helm = await world.clients.helm()
    found = await helm.values(names.RELEASE, release.namespace) if release else {}
    values = (found or {}).get("global") or {}

    def secret(name: str) -> Secret | None:
        value = values.get(name)
        return Secret(value, parts=passwords_of(value)) if value else None

    return Proxy(
        https=secret("httpsProxy"),
        http=secret("httpProxy"),
        skip_range=values.get("noProxy") or None,
        certificate=secret("proxyCert"),
    )
