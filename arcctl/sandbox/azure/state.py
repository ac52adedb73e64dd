"""What one small Azure holds, and what the sandbox's other parts may ask of it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure import connectivity, regions, seeds
from arcctl.sandbox.azure.answers import ArmError
from arcctl.sandbox.azure.call import location_in
from arcctl.sandbox.azure.entra import Tokens
from arcctl.sandbox.azure.memory import Memory
from arcctl.sandbox.azure.operations import Operations
from arcctl.sandbox.azure.paths import ancestors
from arcctl.sandbox.azure.projection import copied
from arcctl.sandbox.azure.providers import catalogue
from arcctl.sandbox.azure.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.sandbox.azure.connectivity import HeartbeatAnswer
    from arcctl.sandbox.azure.entra import Principal
    from arcctl.sandbox.azure.extension_types import Withdrawal
    from arcctl.sandbox.azure.providers import Provider
    from arcctl.sandbox.azure.throttle import Limits
    from arcctl.sandbox.world import World

PAGE_SIZE = 100


class Azure:
    """Subscriptions, providers and resources; tokens outlive a reset.

    How it behaves is a scenario's choice (`seeds.py`): `versions` narrows the api-versions of a
    type, `withdrawn` the catalogue of extensions; from a cluster in one of the regions
    `unreachable` Azure cannot be reached; `limits` throttles; the lags say how late Resource Graph
    and the directory hear of what is new.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.tokens = Tokens(world)
        self.refreshable: dict[str, Principal] = {}
        self.certificates: list[str] = []
        """PEM of certificates with which apps may sign in."""
        self.clear()

    def clear(self) -> None:
        self.store = Store(self.world.clock.now)
        self.memory = Memory()
        self.operations = Operations(self.world.clock)
        self.subscriptions: dict[str, dict[str, Any]] = {}
        self.providers: dict[str, dict[str, Provider]] = {}
        self.region_gaps: set[tuple[str, str]] = set(regions.GAPS)
        self.versions: dict[str, tuple[str, ...]] = {}
        self.withdrawn: set[Withdrawal] = set()
        self.unreachable: set[str] = set()
        self.limits: Limits | None = None
        self.graph_lag = timedelta()
        self.directory_lag = timedelta()
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
        now = self.world.clock.now()
        removed = self.store.remove(resource_id)
        self.world.errands.removed(removed)
        for gone in removed:
            self.memory.note(gone, now, whole=bool(self.graph_lag))

    def region_of(self, path: str, content: bytes) -> str:
        """Return the region that a body asks for, else that of what the path lies in."""
        if asked := location_in(content):
            return asked
        for place in ancestors(path.lower()):
            found = self.store.get(place)
            if found and "/providers/" in place and found.body.get("location"):
                return str(found.body["location"])
        return ""

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
