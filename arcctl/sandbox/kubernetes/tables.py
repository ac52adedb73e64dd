"""The tables that `kubectl get` prints; the columns are the server's to choose."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.sandbox.kubernetes.kinds import Kind
    from arcctl.sandbox.kubernetes.store import Document, Obj


def age(obj: Obj, now: datetime) -> str:
    """Print an age the way kubectl does."""
    born = datetime.strptime(obj["metadata"]["creationTimestamp"], "%Y-%m-%dT%H:%M:%SZ")
    seconds = int((now - born.replace(tzinfo=UTC)).total_seconds())
    if seconds < 120:
        return f"{max(seconds, 0)}s"
    if seconds < 600:
        return f"{seconds // 60}m{seconds % 60}s" if seconds % 60 else f"{seconds // 60}m"
    if seconds < 3 * 3600:
        return f"{seconds // 60}m"
    if seconds < 48 * 3600:
        return f"{seconds // 3600}h"
    return f"{seconds // 86400}d"


def _statuses(pod: Obj) -> list[Obj]:
    return list(pod["status"].get("containerStatuses") or ())


def _pod_ready(pod: Obj) -> str:
    ready = sum(bool(each.get("ready")) for each in _statuses(pod))
    return f"{ready}/{len(pod['spec']['containers'])}"


def _pod_status(pod: Obj) -> str:
    if "deletionTimestamp" in pod["metadata"]:
        return "Terminating"
    for each in _statuses(pod):
        state = each.get("state") or {}
        reason = (state.get("waiting") or state.get("terminated") or {}).get("reason")
        if reason:
            return str(reason)
    return str(pod["status"].get("phase", "Unknown"))


def _restarts(pod: Obj) -> str:
    return str(sum(each.get("restartCount", 0) for each in _statuses(pod)))


def _node_status(node: Obj) -> str:
    ready = [c for c in node["status"].get("conditions") or () if c["type"] == "Ready"]
    return "Ready" if ready and ready[0]["status"] == "True" else "NotReady"


def _at(*path: str) -> Callable[[Obj], Any]:
    def read(obj: Obj) -> Any:
        value: Any = obj
        for part in path:
            value = (value or {}).get(part)
        return value

    return read


def _count(*path: str) -> Callable[[Obj], Any]:
    return lambda obj: _at(*path)(obj) or 0


def _size(field: str) -> Callable[[Obj], Any]:
    return lambda obj: len(obj.get(field) or ())


def _deployment_ready(obj: Obj) -> str:
    return f"{obj['status'].get('readyReplicas', 0)}/{obj['spec'].get('replicas', 0)}"


def _job_status(job: Obj) -> str:
    held = [c["type"] for c in job["status"].get("conditions") or () if c["status"] == "True"]
    return next((each for each in held if each in {"Complete", "Failed"}), "Running")


def _job_done(job: Obj) -> str:
    return f"{job['status'].get('succeeded', 0)}/{job['spec'].get('completions', 1)}"


COLUMNS: dict[str, list[tuple[str, Callable[[Obj], Any]]]] = {
    "pods": [("Ready", _pod_ready), ("Status", _pod_status), ("Restarts", _restarts)],
    "deployments": [
        ("Ready", _deployment_ready),
        ("Up-to-date", _count("status", "updatedReplicas")),
        ("Available", _count("status", "availableReplicas")),
    ],
    "replicasets": [
        ("Desired", _count("spec", "replicas")),
        ("Current", _count("status", "replicas")),
        ("Ready", _count("status", "readyReplicas")),
    ],
    "namespaces": [("Status", _at("status", "phase"))],
    "nodes": [
        ("Status", _node_status),
        ("Version", _at("status", "nodeInfo", "kubeletVersion")),
    ],
    "jobs": [("Status", _job_status), ("Completions", _job_done)],
    "configmaps": [("Data", _size("data"))],
    "secrets": [("Type", _at("type")), ("Data", _size("data"))],
    "services": [("Type", _at("spec", "type")), ("Cluster-IP", _at("spec", "clusterIP"))],
    "events": [
        ("Type", _at("type")),
        ("Reason", _at("reason")),
        ("Message", _at("message")),
    ],
}


def _definition(name: str, place: int) -> dict[str, Any]:
    kind = {"name": name, "type": "string", "description": name, "priority": 0}
    return kind | {"format": "name" if place == 0 else ""}


def _row(document: Document, columns: list[tuple[str, Callable[[Obj], Any]]], now: datetime) -> Any:
    meta = document["metadata"]
    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": meta}
    cells = [meta["name"], *(read(document) for _, read in columns), age(document, now)]
    return {"cells": cells, "object": partial}


def table(kind: Kind, documents: list[Document], now: datetime, revision: str) -> dict[str, Any]:
    """Return the `Table` object for some documents of a kind."""
    columns = [] if kind.custom else COLUMNS.get(kind.plural, [])
    names = ["Name", *(name for name, _ in columns), "Age"]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": revision},
        "columnDefinitions": [_definition(name, place) for place, name in enumerate(names)],
        "rows": [_row(document, columns, now) for document in documents],
    }
