"""A move as it might be seen, said outright: harbor in eastus, all well, nothing on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from arcctl.checks.move.sight import MoveSight
from arcctl.clients.cloud import BUILT_IN
from arcctl.clients.providers import Provider
from arcctl.model.configuration.child import Child
from arcctl.model.configuration.kinds import Kind
from arcctl.model.keys import KeyPair
from arcctl.model.onboarding import Onboarding, Release
from arcctl.model.resource_id import ClusterId
from arcctl.model.secret import Secret
from arcctl.operations import ownership
from tests.checks.sights import Seen as PlainSight
from tests.checks.sights import World
from tests.operations.sights import HEARD, named, pod

if TYPE_CHECKING:
    from arcctl.clients import Clients
    from arcctl.model.plan import Row

HARBOR = ClusterId("s-1", "edge", "harbor")
DEPOT = ClusterId("s-1", "yard", "depot")
BOTH = ("East US", "West Europe")
ALL_RIGHTS = [{"actions": ["*"], "notActions": []}]


@dataclass(frozen=True)
class Wish:
    """What was asked for."""

    source: ClusterId = HARBOR
    target: ClusterId = HARBOR
    region: str = "westeurope"
    private_link_scope: str | None = None
    gateway: str | None = None
    reassign_identities: bool = False
    new_key: bool = False
    keep_key: bool = False
    public_key: str = ""
    diagnostics: bool = True

    @property
    def in_place(self) -> bool:
        """Whether the id stays."""
        return self.source == self.target


def resource(*, location: str = "eastus", **properties: Any) -> dict[str, Any]:
    """Harbor in ARM."""
    return {
        "id": HARBOR.path,
        "name": "harbor",
        "location": location,
        "identity": {"type": "SystemAssigned", "principalId": "p-harbor"},
        "properties": {
            "connectivityStatus": "Connected",
            "lastConnectivityTime": HEARD,
            "provisioningState": "Succeeded",
            "agentPublicKeyCertificate": "PUBLIC",
            **properties,
        },
    }


def offers(namespace: str, state: str = "Registered", **types: tuple[str, ...]) -> Provider:
    """A provider and the regions of its types."""
    listed = [
        {"resourceType": kind, "locations": list(regions), "apiVersions": ["2026-05-01"]}
        for kind, regions in types.items()
    ]
    return Provider(namespace, state, {"resourceTypes": listed})


def everywhere() -> dict[str, Provider]:
    """All providers, offering all in both regions."""
    configuration = dict.fromkeys([*map(str, Kind), "extensionTypes"], BOTH)
    return {
        "Microsoft.Kubernetes": offers("Microsoft.Kubernetes", connectedClusters=BOTH),
        "Microsoft.KubernetesConfiguration": offers(
            "Microsoft.KubernetesConfiguration", **configuration
        ),
        "Microsoft.HybridCompute": offers("Microsoft.HybridCompute"),
        "Microsoft.ExtendedLocation": offers("Microsoft.ExtendedLocation"),
    }


class Source(PlainSight):
    """The cluster and its resource."""

    def __init__(self, world: World, said: dict[str, Any]) -> None:
        super().__init__(world)
        self.cluster = HARBOR
        self.said: dict[str, Any] = {
            "onboarding": Onboarding(HARBOR, "t-1", "eastus"),
            "key": KeyPair("PUBLIC", Secret("private")),
            "release": Release("azure-arc-release", 1, "deployed"),
            "tenant": "t-1",
            "pods": [pod()],
        } | said

    async def onboarding(self) -> Any:
        """As said."""
        return self.said["onboarding"]

    async def key(self) -> Any:
        """As said."""
        return self.said["key"]

    async def key_secret(self) -> Any:
        """The Secret of the key."""
        return {"metadata": {}} if self.said["key"] else None

    async def config_map(self) -> Any:
        """The ConfigMap says what the cluster does."""
        return named(self.said["onboarding"]) if self.said["onboarding"] else None

    async def named_by_release(self) -> Any:
        """And so does the release."""
        return self.said["onboarding"] if self.said["release"] else None

    async def deployments(self) -> list[Any]:
        """None are looked at where pods are."""
        return []

    async def pods(self) -> Any:
        """As said."""
        return self.said["pods"]

    async def release(self) -> Any:
        """As said."""
        return self.said["release"]

    async def tenant(self) -> Any:
        """As said."""
        return self.said["tenant"]


class Target(PlainSight):
    """The place it goes to."""

    def __init__(self, world: World, said: dict[str, Any]) -> None:
        super().__init__(world, "westeurope")
        self.said: dict[str, Any] = {"resource": None, "group": {"location": "eastus"}} | said
        self.providers = everywhere() | said.get("providers", {})

    async def provider(self, namespace: str) -> Provider:  # type: ignore[override] # asked once
        """As said."""
        return self.providers[namespace]

    async def resource(self) -> Any:
        """As said."""
        return self.said["resource"]

    async def group(self) -> Any:
        """As said."""
        return self.said["group"]


@dataclass
class Around(World):
    """The clients: a cluster, an ARM that answers actions, a cloud."""

    answers: dict[str, Any] = field(default_factory=dict)

    async def cloud(self) -> Any:
        """Azure itself."""
        return BUILT_IN["AzureCloud"]

    async def post(self, path: str, body: Any) -> Any:
        """Answer an action by its last word, or raise what is said."""
        answer = self.answers.get(path.rpartition("/")[2], {})
        if isinstance(answer, Exception):
            raise answer
        return answer


_LISTS = (
    "releases",
    "locks",
    "target_locks",
    "role_assignments",
    "identity_assignments",
    "policy_assignments",
    "policy_exemptions",
    "diagnostic_settings",
    "data_collection",
    "other_subscriptions",
    "custom_locations",
    "on_custom_locations",
    "references",
    "sub_resources",
    "children",
    "configs",
)


class Told(MoveSight):
    """A MoveSight whose looks have been taken: each by the name of its method."""

    def __init__(
        self,
        wish: Wish | None = None,
        *,
        source: dict[str, Any] | None = None,
        target: dict[str, Any] | None = None,
        clients: Around | None = None,
        **said: Any,
    ) -> None:
        world = clients or Around()
        super().__init__(
            cast("Clients", world),
            wish or Wish(),
            Source(world, source or {}),
            self._none,
            ownership.look,
        )
        self.target = Target(world, target or {})
        known: dict[str, Any] = {name: [] for name in _LISTS} | {
            "resource": resource(),
            "newest_resource": {},
            "agent_values": {},
            "permissions": ALL_RIGHTS,
            "gateway": "",
            "graph_refusal": "",
            "target_scope": None,
            "data_plane_trouble": None,
            "offered_versions": ["1.0.0"],
            "federated_credentials": [],
        }
        for name, value in (known | said).items():
            setattr(self, name, _answering(value))

    async def _none(self) -> list[Child]:
        return []

    async def looked_at(self, subject: str, path: str, *, needed: bool = True) -> Any:
        """Find what the world holds."""
        return await self.clients.find(path)  # type: ignore[attr-defined] # it is our World


def _answering(value: Any) -> Any:
    async def look(*asked: Any) -> Any:
        return value(*asked) if callable(value) else value

    return look


def child(
    kind: Kind, name: str, *, state: dict[str, Any] | None = None, **properties: Any
) -> Child:
    """A child that has settled."""
    return Child(
        kind,
        name,
        {"properties": properties},
        {"provisioningState": "Succeeded", **(state or {})},
        "2026-05-01",
    )


def extension(name: str = "monitor", **properties: Any) -> Child:
    """An extension of Azure Monitor."""
    state = properties.pop("state", None)
    return child(
        Kind.EXTENSION,
        name,
        state=state,
        **{"extensionType": "microsoft.azuremonitor.containers", **properties},
    )


def flux(name: str = "apps", **properties: Any) -> Child:
    """A Flux configuration from a git repository."""
    source = {"sourceKind": "GitRepository", "gitRepository": {"url": "https://git.example/apps"}}
    state = properties.pop("state", None)
    return child(Kind.FLUX, name, state=state, **{**source, **properties})


def codes(rows: list[Row]) -> list[str]:
    """The codes of some rows."""
    return [row.code for row in rows]
