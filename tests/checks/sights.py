"""A cluster and a subscription as they might be, said outright."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from arcctl.checks.sight import Sight
from arcctl.clients.providers import Provider
from arcctl.model.resource_id import ClusterId
from arcctl.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from arcctl.clients import Clients

HARBOR = ClusterId("s-1", "edge", "harbor")


@dataclass
class World:
    """What every client finds: lists and objects by path, errors among them."""

    server: str = "https://10.0.0.1:6443"
    connected: bool = False
    """The kubeconfig goes through a cluster-connect session."""
    permitted: bool = True
    lists: dict[str, list[Any] | Exception] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)
    settings: Settings = field(default_factory=lambda: Settings(environ={}))

    async def kubernetes(self) -> World:
        """Be the cluster."""
        return self

    async def arm(self) -> World:
        """Be ARM."""
        return self

    async def data_plane(self) -> World:
        """Be the configuration service."""
        return self

    def through_cluster_connect(self) -> bool:
        """Tell as was said."""
        return self.connected

    async def may(self, verb: str, resource: str, *, group: str) -> bool:
        """Permit as was said."""
        return self.permitted

    async def version(self) -> dict[str, str]:
        """Answer like the API server."""
        return {"gitVersion": "v1.36.3"}

    async def healthy(self, region: str) -> None:
        """Raise what is there instead of an answer."""
        if isinstance(error := self.objects.get(region), Exception):
            raise error

    async def items(self, path: str, **query: object) -> AsyncIterator[Any]:
        """Yield what is listed at a path."""
        found = self.lists.get(path, [])
        if isinstance(found, Exception):
            raise found
        for each in found:
            yield each

    async def find(self, path: str) -> Any:
        """Return what is there, or None."""
        return self.objects.get(path)

    find_once = find_again = find

    async def get(self, path: str) -> Any:
        """Return what is there."""
        return self.objects[path]


class Seen(Sight):
    """A Sight of such a world, whose providers are said outright."""

    def __init__(self, world: World, region: str | None = None, **providers: Provider) -> None:
        super().__init__(cast("Clients", world), HARBOR, region)
        self.providers = providers

    async def provider(self, namespace: str) -> Provider:  # type: ignore[override] # asked once
        """What was said of it."""
        return self.providers[namespace.rpartition(".")[2]]


def provider(state: str = "Registered", *regions: str) -> Provider:
    """A provider in this state that offers connected clusters in these regions."""
    kinds = [{"resourceType": "connectedClusters", "locations": list(regions)}]
    return Provider("Microsoft.Kubernetes", state, {"resourceTypes": kinds})
