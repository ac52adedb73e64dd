"""What one small Azure holds, and what the sandbox's other parts may ask of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure import connectivity, seeds
from arcctl.sandbox.azure.answers import ArmError
from arcctl.sandbox.azure.entra import Tokens
from arcctl.sandbox.azure.operations import Operations
from arcctl.sandbox.azure.projection import copied
from arcctl.sandbox.azure.providers import catalogue
from arcctl.sandbox.azure.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.sandbox.azure.connectivity import HeartbeatAnswer
    from arcctl.sandbox.azure.entra import Principal
    from arcctl.sandbox.azure.providers import Provider
    from arcctl.sandbox.world import World

PAGE_SIZE = 100


class Azure:
    """Subscriptions, providers and resources; tokens outlive a reset."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tokens = Tokens(world)
        self.refreshable: dict[str, Principal] = {}
        self.clear()

    def clear(self) -> None:
        self.store = Store()
        self.operations = Operations(self.world.clock)
        self.subscriptions: dict[str, dict[str, Any]] = {}
        self.providers: dict[str, dict[str, Provider]] = {}
        self.region_gaps: set[tuple[str, str]] = set()
        self.page_size = PAGE_SIZE
        self.spent: dict[str, int] = {}

    def seed(self, name: str) -> None:
        """Plant the ground that every world stands on, then a named scenario."""
        seeds.ground(self)
        self.plant(seeds.named(name))

    def plant(self, scenario: Mapping[str, Any]) -> None:
        """Plant a scenario given as JSON (`seeds.py`); raise ValueError where it is not one."""
        try:
            seeds.plant(self, scenario)
        except (ArmError, KeyError, AttributeError) as error:
            raise ValueError(f"this is no scenario: {error}") from error

    def add_subscription(self, document: dict[str, Any]) -> None:
        key = document["subscriptionId"].lower()
        self.subscriptions[key] = document
        self.providers[key] = catalogue()

    def remove(self, resource_id: str) -> None:
        """Remove a resource with all that hangs on it."""
        self.operations.abandon(resource_id)
        self.store.remove(resource_id)

    def find_cluster(self, subscription: str, group: str, name: str) -> dict[str, Any] | None:
        """Return a cluster's document in its newest shape, as it is now."""
        self.operations.settle()
        found = self.store.get(
            f"/subscriptions/{subscription}/resourceGroups/{group}"
            f"/providers/Microsoft.Kubernetes/connectedClusters/{name}"
        )
        if found is None:
            return None
        document = copied(found.body)
        now = self.world.clock.now()
        document["properties"]["connectivityStatus"] = connectivity.status(found, now, "9999")
        return document

    def heartbeat(
        self, cluster_id: str, *, public_key: str | None, facts: Mapping[str, Any]
    ) -> HeartbeatAnswer:
        """Take a heartbeat. `facts` has agentVersion, kubernetesVersion, totalNodeCount,
        totalCoreCount; `public_key` is proved against the one ARM holds, None is trusted.
        """
        return connectivity.heartbeat(self, cluster_id, public_key, facts)

    def counts(self) -> dict[str, int]:
        """Count by type, however its letters are spelled; the first spelling names it."""
        kinds = [
            str(each.body["type"]).rpartition("/")[2] for each in self.store.resources.values()
        ]
        spelled = {kind.lower(): kind for kind in reversed(kinds)}
        counted = Counter(map(str.lower, kinds))
        return {spelled[kind]: number for kind, number in counted.items()}

    def dump(self) -> dict[str, Any]:
        """Return everything as plain JSON; of secrets their digests."""
        self.operations.settle()
        now = self.world.clock.now()
        resources = {}
        for key, found in sorted(self.store.resources.items()):
            resources[key] = copied(found.body) | {"secrets": dict(found.secrets)}
            if key.rpartition("/")[0].endswith("/connectedclusters"):
                connected = connectivity.status(found, now, "9999")
                resources[key]["properties"]["connectivityStatus"] = connected
        return {
            "subscriptions": self.subscriptions,
            "providers": {
                subscription: {name: provider.state for name, provider in known.items()}
                for subscription, known in self.providers.items()
            },
            "resources": resources,
            "operationsRunning": self.operations.running,
        }
