"""What a collection of the cluster holds, now and after each change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.connected_cluster import Body


async def holdings(
    kubernetes: Kubernetes, path: str, **query: Any
) -> AsyncIterator[dict[str, Body]]:
    """Yield the objects of one collection by name, at once and each time one of them changes."""
    held: dict[str, Body] = {}
    async for kind, what in kubernetes.follow(path, **query):
        if kind == "SYNCED":
            held = {each["metadata"]["name"]: each for each in what}
        elif kind == "DELETED":
            held.pop(what["metadata"]["name"], None)
        else:
            held[what["metadata"]["name"]] = what
        yield held
