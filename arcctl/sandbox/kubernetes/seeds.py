"""What a fresh cluster holds: four namespaces and its nodes (connectedk8s.md B.10, arc.md A6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.sandbox.kubernetes.kinds import KINDS
from arcctl.sandbox.kubernetes.store import copy_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arcctl.sandbox.kubernetes.cluster import Cluster
    from arcctl.sandbox.kubernetes.store import Obj

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")


@dataclass(frozen=True, slots=True)
class NodeShape:
    """What a node is like. `provider` is the start of its providerID, as distributions are told by."""

    system: str = "linux"
    architecture: str = "amd64"
    cores: int = 4
    memory: str = "8Gi"
    provider: str = "kind://docker"
    ready: bool = True


def linux(count: int) -> tuple[NodeShape, ...]:
    return (NodeShape(),) * count


def namespaces(cluster: Cluster) -> None:
    for name in NAMESPACES:
        cluster.api.create(KINDS["namespaces"], "", {"metadata": {"name": name}})


def nodes(cluster: Cluster, shapes: Iterable[NodeShape]) -> None:
    """Replace every node."""
    kind = KINDS["nodes"]
    for node in cluster.store.items(kind.key):
        cluster.store.remove(kind.key, "", node["metadata"]["name"])
    for place, shape in enumerate(shapes):
        cluster.api.create(kind, "", node_of(cluster, shape, place))


def node_of(cluster: Cluster, shape: NodeShape, place: int) -> Obj:
    """Describe one node; every field of nodeInfo is a string, as typed clients demand."""
    name = f"{cluster.name}-node-{place + 1}"
    capacity = {"cpu": str(shape.cores), "memory": shape.memory, "pods": "110"}
    labels = {
        "beta.kubernetes.io/arch": shape.architecture,
        "beta.kubernetes.io/os": shape.system,
        "kubernetes.io/arch": shape.architecture,
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": shape.system,
    }
    if place == 0:
        labels["node-role.kubernetes.io/control-plane"] = ""
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "podCIDR": f"10.244.{place}.0/24",
            "podCIDRs": [f"10.244.{place}.0/24"],
            "providerID": f"{shape.provider}/{cluster.name}/{name}",
        },
        "status": {
            "capacity": capacity,
            "allocatable": copy_of(capacity),
            "addresses": [
                {"type": "InternalIP", "address": f"172.18.0.{place + 2}"},
                {"type": "Hostname", "address": name},
            ],
            "conditions": _conditions(cluster.api.moment(), ready=shape.ready),
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": _info(cluster.version, shape),
        },
    }


def _conditions(moment: str, *, ready: bool) -> list[Obj]:
    said = [
        ("MemoryPressure", False, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", False, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", False, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", ready, "KubeletReady" if ready else "KubeletNotReady", "kubelet is posting ready status"),
    ]  # fmt: skip
    times = {"lastHeartbeatTime": moment, "lastTransitionTime": moment}
    return [
        {"type": kind, "status": str(state), "reason": reason, "message": message} | times
        for kind, state, reason, message in said
    ]


def _info(version: str, shape: NodeShape) -> Obj:
    return {
        "architecture": shape.architecture,
        "bootID": "6f1c3a52-0000-4000-8000-000000000000",
        "containerRuntimeVersion": "containerd://2.1.4",
        "kernelVersion": "6.8.0",
        "kubeProxyVersion": version,
        "kubeletVersion": version,
        "machineID": "5b0c8de10000400080000000000000000",
        "operatingSystem": shape.system,
        "osImage": "Debian GNU/Linux 12 (bookworm)" if shape.system == "linux" else "Windows Server 2022",
        "systemUUID": "c3a1f0de-0000-4000-8000-000000000000",
    }  # fmt: skip
