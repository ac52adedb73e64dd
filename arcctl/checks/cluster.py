"""Questions about the cluster and the kubeconfig that leads to it (`connectedk8s.md` B.1, C.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from arcctl.checks.check import Answer, check, failed, noted, passed
from arcctl.errors import AccessError, ClusterError, Refusal

if TYPE_CHECKING:
    from arcctl.checks.sight import Sight

_LOOPBACK = ("localhost", "127.0.0.1", "::1", "0.0.0.0")


@check("can reach the API server", code="AZK8S0202", reaching=True)
async def reachable(sight: Sight) -> Answer:
    """GET /version answers."""
    version = await sight.server_version()
    return passed(str(version.get("gitVersion", "")))


@check("kubeconfig leads straight to the API server", code="AZK8S0406")
async def direct(sight: Sight) -> Answer:
    """Not through a cluster-connect session, which would cut itself off (trap 10)."""
    kubernetes = await sight.clients.kubernetes()
    if not kubernetes.through_cluster_connect():
        return passed(kubernetes.server)
    return failed(
        Refusal(
            "this kubeconfig goes through a cluster-connect session",
            code="AZK8S0406",
            why="the session runs over the agents, so it would be cut in the middle of the change",
            hints="use a kubeconfig of the API server itself: --kube-config FILE",
        )
    )


@check("kubeconfig works from elsewhere", code="kubeconfig-loopback")
async def from_elsewhere(sight: Sight) -> Answer:
    """A loopback address is fine on this machine, not in a pipeline."""
    server = (await sight.clients.kubernetes()).server
    host = urlsplit(server).hostname or ""
    if host in _LOOPBACK:
        return noted(f"the kubeconfig points at {host}: fine here, not from CI")
    return passed(host)


@check("may create cluster role bindings", code="AZK8S0207")
async def may_bind_roles(sight: Sight) -> Answer:
    """What the agents' chart needs most; cluster-admin has it."""
    kubernetes = await sight.clients.kubernetes()
    group = "rbac.authorization.k8s.io"
    if await sight.may_everything():
        return passed()
    if await kubernetes.may("create", "clusterrolebindings", group=group):
        return passed()
    return failed(
        AccessError(
            "this kubeconfig may not create cluster role bindings",
            code="AZK8S0207",
            why="the agents need a cluster role binding, so connecting needs cluster-admin",
            hints="use a context that is cluster-admin: --kube-context NAME",
        )
    )


@check("may read Helm's records", code="AZK8S0505", reaching=True)
async def may_read_releases(sight: Sight) -> Answer:
    """Listing the Secrets that Helm keeps, in all namespaces."""
    release = await sight.release()
    return passed(f"azure-arc is {release.status}" if release else "no release of Azure Arc")


@check("has a linux node", code="AZK8S0206")
async def linux_node(sight: Sight) -> Answer:
    """Agents run on linux/amd64 or linux/arm64 only."""
    nodes = await sight.nodes()
    kinds = {
        (labels.get("kubernetes.io/os"), labels.get("kubernetes.io/arch"))
        for labels in ((node["metadata"].get("labels") or {}) for node in nodes)
    }
    if kinds & {("linux", "amd64"), ("linux", "arm64")}:
        return passed(f"{len(nodes)} node{'s' if len(nodes) > 1 else ''}")
    seen = ", ".join(sorted(f"{os or '?'}/{arch or '?'}" for os, arch in kinds)) or "no nodes"
    return failed(
        ClusterError(
            f"no node can run the agents: {seen}",
            code="AZK8S0206",
            why="the agents need at least one linux node on amd64 or arm64",
            hints="add a linux node, or use another context: --kube-context NAME",
        )
    )


@check("is not an AKS cluster", code="aks")
async def not_aks(sight: Sight) -> Answer:
    """AKS clusters are Azure resources already, and seldom gain from Arc."""
    if ".azmk8s.io" in (await sight.clients.kubernetes()).server:
        return noted("this is an AKS cluster, which Azure manages already: Arc is seldom needed")
    return passed()


BEFORE_ANY_CHANGE = (reachable, direct, from_elsewhere, may_bind_roles, may_read_releases)
BEFORE_CONNECT = (*BEFORE_ANY_CHANGE, linux_node, not_aks)
