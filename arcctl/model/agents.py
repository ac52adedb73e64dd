"""The agents of Azure Arc: who they are and when they belong in a cluster (`arc.md` A1, A2, A4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from arcctl.model.cluster import AGENT_NAMESPACE, RELEASE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Feature = Literal["always", "cluster-connect", "azure-rbac", "gateway", "newer", "flux"]


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent's Deployment, its job in a line, and the feature it belongs to."""

    name: str
    job: str
    feature: Feature = "always"


AGENTS = (
    Agent("clusteridentityoperator", "fetches the certificate that all other agents use"),
    Agent("config-agent", "watches for configurations meant for this cluster"),
    Agent("controller-manager", "coordinates the other agents"),
    Agent("metrics-agent", "measures the other agents"),
    Agent("cluster-metadata-operator", "gathers versions and node counts"),
    Agent("resource-sync-agent", "sends what was gathered to Azure"),
    Agent("flux-logs-agent", "collects logs of the Flux operators"),
    Agent("extension-manager", "installs and upgrades extensions"),
    Agent("kube-aad-proxy", "signs in those who come by cluster connect", "cluster-connect"),
    Agent("clusterconnect-agent", "holds the session by which Azure reaches in", "cluster-connect"),
    Agent("guard", "decides on sign-in and permission for Azure RBAC", "azure-rbac"),
    Agent("extension-events-collector", "reports what extensions do", "newer"),
    Agent("arc-proxy", "carries the agents' traffic to the Arc gateway", "gateway"),
)
BY_NAME = {agent.name: agent for agent in AGENTS}
"""The agents of namespace `azure-arc`"""
FLUX_NAMESPACE = "flux-system"
FLUX_AGENTS = {
    "fluxconfig-agent": Agent(
        "fluxconfig-agent",
        "reports Flux's state to Azure, and takes configurations from it",
        "flux",
    ),
    "fluxconfig-controller": Agent(
        "fluxconfig-controller", "turns Azure's configurations into objects of Flux", "flux"
    ),
}
"""Arc's half of Flux; the other controllers there only know the cluster and their sources"""
SPACES = (AGENT_NAMESPACE, FLUX_NAMESPACE)
"""The namespaces in which agents run"""


@dataclass(frozen=True, slots=True)
class AgentState:
    """One agent as the cluster shows it: containers ready of all, restarts, and why it is not well."""

    name: str
    job: str
    optional: bool
    ready: int
    total: int
    restarts: int = 0
    reason: str = ""

    @property
    def healthy(self) -> bool:
        """All containers are ready; never a fixed number (`arc.md` A3)."""
        return self.total > 0 and self.ready == self.total and not self.reason

    @property
    def space(self) -> str:
        """The namespace it runs in."""
        return FLUX_NAMESPACE if self.name in FLUX_AGENTS else AGENT_NAMESPACE


def replicas(deployment: Mapping[str, Any]) -> int:
    """Return how many pods a Deployment is asked for; the API server's default is one."""
    return int((deployment.get("spec") or {}).get("replicas", 1))


def is_agent(deployment: Mapping[str, Any]) -> bool:
    """Tell an agent's Deployment from one that others run in the same namespace.

    In `azure-arc` it has an agent's name, or helm's mark of the release, for agents that arcctl
    does not know yet. The agents are all that listens to Azure, and what a move scales to zero.
    """
    metadata = deployment["metadata"]
    if metadata.get("namespace") == FLUX_NAMESPACE:
        return metadata["name"] in FLUX_AGENTS
    marks = metadata.get("annotations") or {}
    return metadata["name"] in BY_NAME or marks.get("meta.helm.sh/release-name") == RELEASE


def scaling(space: str, count: int, names: Iterable[str]) -> str:
    """Return the command that gives Deployments of one namespace so many replicas."""
    return f"kubectl scale -n {space} --replicas={count} deployment {' '.join(sorted(names))}"


def scaling_back(asleep: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the commands, one for each namespace, that give these agents one replica each."""
    spaces: dict[str, list[str]] = {}
    for each in asleep:
        spaces.setdefault(each["metadata"]["namespace"], []).append(each["metadata"]["name"])
    return [scaling(space, 1, spaces[space]) for space in SPACES if space in spaces]


def expected(*, cluster_connect: bool, azure_rbac: bool, gateway: bool) -> tuple[Agent, ...]:
    """Return the agents that a cluster with these features must have."""
    wanted = {"always"}
    wanted |= {"cluster-connect"} if cluster_connect else set()
    wanted |= {"azure-rbac"} if azure_rbac else set()
    wanted |= {"gateway"} if gateway else set()
    return tuple(agent for agent in AGENTS if agent.feature in wanted)
