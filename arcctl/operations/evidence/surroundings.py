"""Where the agents are: the cluster on one side, their resource in Azure on the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.operations.evidence.piece import Tray, piece

if TYPE_CHECKING:
    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.connected_cluster import Body

_SERVICES = "/api/v1/namespaces/kube-system/services"


@piece("cluster-info", "cluster", "kubectl_cluster_info")
async def cluster(tray: Tray) -> str:
    """What answers at which address, its version, its nodes, its own services."""
    kubernetes = await tray.kubernetes()
    version = await tray.sight.server_version()
    told = [
        f"API server   {kubernetes.server}",
        f"context      {kubernetes.context}",
        f"version      {version.get('gitVersion')}, {version.get('platform')}",
    ]
    nodes = await tray.tried("nodes", tray.sight.nodes(), [])
    for node in nodes:
        info = (node.get("status") or {}).get("nodeInfo") or {}
        known = (info.get("kubeletVersion"), info.get("osImage"), info.get("architecture"))
        said = ", ".join(str(each) for each in (_readiness(node), *known) if each)
        told.append(f"node         {node['metadata']['name']}: {said}")
    told += await tray.tried("services", _services(kubernetes), [])
    tray.lines("k8s_cluster_info.txt", told)
    return f"Kubernetes {version.get('gitVersion')}, {len(nodes)} nodes"


async def _services(kubernetes: Kubernetes) -> list[str]:
    label = "kubernetes.io/cluster-service=true"
    found = kubernetes.items(_SERVICES, metadata_only=True, labelSelector=label)
    return [f"service      kube-system/{each['metadata']['name']}" async for each in found]


def _readiness(node: Body) -> str:
    conditions = (node.get("status") or {}).get("conditions") or ()
    said = next((e.get("status") for e in conditions if e.get("type") == "Ready"), "Unknown")
    return {"True": "ready", "False": "not ready"}.get(str(said), "not heard of")


@piece("resource", "resource", "fetch_connected_cluster_resource")
async def resource(tray: Tray) -> str:
    """The connected cluster as Azure has it."""
    found = await tray.sight.resource()
    if found is None:
        return tray.absent("Azure knows no such connected cluster")
    tray.json("connected_cluster_resource_snapshot.txt", found)
    properties = found.get("properties") or {}
    return f"{properties.get('connectivityStatus') or 'no status'}, {found.get('location')}"
