"""Which node a pod gets, by node selector, required affinity and readiness; capacity is not counted."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from arcctl.sandbox.kubernetes.conditions import holds
from arcctl.sandbox.kubernetes.kinds import KINDS
from arcctl.sandbox.kubernetes.selectors import structured_selector

if TYPE_CHECKING:
    from arcctl.sandbox.kubernetes.cluster import Cluster
    from arcctl.sandbox.kubernetes.store import Document, Obj

NODES = KINDS["nodes"]
NO_FIT = "node(s) didn't match Pod's node affinity/selector"
NOT_READY = "node(s) had untolerated taint {node.kubernetes.io/not-ready: }"


def fits(spec: Obj, node: Document) -> bool:
    """Say whether a pod's selectors allow a node."""
    wanted = (spec.get("nodeSelector") or {}).items()
    if not wanted <= (node["metadata"].get("labels") or {}).items():
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    return any(structured_selector(term)(node) for term in required["nodeSelectorTerms"])


def choose(cluster: Cluster, pod: Document) -> tuple[Document | None, str]:
    """Return the node for a pod, or None and the scheduler's words for why there is none."""
    nodes = cluster.store.items(NODES.key)
    if not nodes:
        return None, "no nodes available to schedule pods"
    fitting = [node for node in nodes if fits(pod["spec"], node)]
    ready = [node for node in fitting if holds(node, "Ready")]
    if ready:
        return ready[zlib.crc32(pod["metadata"]["uid"].encode()) % len(ready)], ""
    counts = [(len(nodes) - len(fitting), NO_FIT), (len(fitting), NOT_READY)]
    reasons = ", ".join(f"{count} {text}" for count, text in counts if count)
    preemption = (
        f"no new claims to deallocate, preemption: 0/{len(nodes)} nodes are available: {len(nodes)} Preemption is not helpful "
        "for scheduling."
    )
    return None, f"0/{len(nodes)} nodes are available: {reasons}. {preemption}"


def addresses(cluster: Cluster, pod: Document) -> Obj:
    """Return the host's and the pod's own address."""
    node = cluster.store.get(NODES.key, "", pod["spec"].get("nodeName", ""))
    listed = node["status"].get("addresses") or () if node else ()
    host = next((each["address"] for each in listed if each["type"] == "InternalIP"), "127.0.0.1")
    mark = zlib.crc32(pod["metadata"]["uid"].encode())
    return {"hostIP": host, "podIP": f"10.244.{mark % 250}.{mark // 250 % 250 + 2}"}
