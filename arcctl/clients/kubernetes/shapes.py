"""What the parts of the API's objects are that arcctl reads, by plural; as the API itself types them."""

from __future__ import annotations

from typing import Any

_NAMES = {str: str}
_METADATA = {
    "name": str,
    "namespace?": str,
    "uid?": str,
    "resourceVersion?": str,
    "creationTimestamp?": str,
    "deletionTimestamp?": str,
    "labels?": _NAMES,
    "annotations?": _NAMES,
    "finalizers?": [str],
    "ownerReferences?": [{"kind?": str, "name?": str, "uid?": str}],
}
_CONDITIONS = [{"type?": str, "status?": str, "reason?": str, "message?": str}]
_CONTAINERS = [
    {
        "name": str,
        "ready?": bool,
        "restartCount?": int,
        "state?": {"waiting?": dict, "running?": dict, "terminated?": dict},
        "lastState?": {"terminated?": dict},
    }
]
_POD_SPEC = {
    "nodeName?": str,
    "containers?": [{"name": str, "image?": str}],
    "initContainers?": [{"name": str, "image?": str}],
}
_WORKLOAD = {
    "spec?": {"replicas?": int, "template?": {"spec?": _POD_SPEC}},
    "status?": {"readyReplicas?": int, "replicas?": int, "conditions?": _CONDITIONS},
}
_SHAPES: dict[str, dict[str, Any]] = {
    "deployments": _WORKLOAD,
    "statefulsets": _WORKLOAD,
    "daemonsets": _WORKLOAD,
    "replicasets": _WORKLOAD,
    "pods": {
        "spec?": _POD_SPEC,
        "status?": {
            "phase?": str,
            "reason?": str,
            "startTime?": str,
            "conditions?": _CONDITIONS,
            "containerStatuses?": _CONTAINERS,
            "initContainerStatuses?": _CONTAINERS,
        },
    },
    "secrets": {"type?": str, "data?": {str: (str, None)}},
    "configmaps": {"data?": {str: (str, None)}},
    "namespaces": {"status?": {"phase?": str, "conditions?": _CONDITIONS}},
    "nodes": {
        "status?": {
            "conditions?": _CONDITIONS,
            "capacity?": {str: (str, int)},
            "allocatable?": {str: (str, int)},
            "nodeInfo?": _NAMES,
        }
    },
    "leases": {
        "spec?": {
            "holderIdentity?": str,
            "leaseDurationSeconds?": int,
            "leaseTransitions?": int,
            "acquireTime?": str,
            "renewTime?": str,
        }
    },
    "jobs": {"status?": {"succeeded?": int, "failed?": int, "conditions?": _CONDITIONS}},
}


def of(plural: str) -> dict[str, Any]:
    """Return the shape of one object of a kind."""
    return {"metadata": _METADATA} | _SHAPES.get(plural, {})
