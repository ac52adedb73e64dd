"""Microsoft Graph, asked only where custom locations are wanted (`connectedk8s.md` B.1.24)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.errors import AccessError, AzureError, NotFound

if TYPE_CHECKING:
    from arcctl.clients.arm import Arm

CUSTOM_LOCATIONS_APP = "bc313c14-388c-4e7d-a58e-70017303ee3b"


async def custom_locations_app(arm: Arm) -> str | None:
    """Return the object id, in this tenant, of the app behind custom locations.

    None where the tenant has none or the signed-in one may not ask: the caller then needs
    `--custom-locations-oid`, and everything else works without.
    """
    from arcctl.clients import answers
    from arcctl.clients.channel import with_query

    cloud = arm.cloud
    url = with_query(
        f"{cloud.graph}/v1.0/servicePrincipals",
        {"$filter": f"appId eq '{CUSTOM_LOCATIONS_APP}'", "$select": "id"},
    )
    try:
        channel = arm.beside(cloud.graph, cloud.graph)
        answer = await channel.send("GET", url, expected=answers.page)
    except (AccessError, AzureError, NotFound):
        return None
    found = answer.body["value"] or [{}]
    return str(found[0].get("id") or "") or None
