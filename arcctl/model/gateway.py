"""The settings that link a connected cluster to an Arc gateway (`arm.md` 9, `connectedk8s.md` B.1.25)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arcctl.model.connected_cluster import Body
    from arcctl.model.resource_id import ClusterId


def link_of(cluster: ClusterId) -> str:
    """Return the path of those settings."""
    return f"{cluster.path}/providers/Microsoft.HybridCompute/settings/default"


def linked_to(gateway: str) -> Body:
    """Return what those settings say; "" links to none."""
    return {"properties": {"gatewayProperties": {"gatewayResourceId": gateway}}}


def gateway_in(settings: Body | None) -> str:
    """Return the id of the gateway that those settings name, "" for none."""
    properties = ((settings or {}).get("properties") or {}).get("gatewayProperties") or {}
    return str(properties.get("gatewayResourceId") or "")
