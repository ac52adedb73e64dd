"""StatefulSets and DaemonSets, kept simple: numbered pods, and one pod on each fitting node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.sandbox.kubernetes import scheduling
from arcctl.sandbox.kubernetes.api import Deletion, suffix
from arcctl.sandbox.kubernetes.conditions import holds
from arcctl.sandbox.kubernetes.controllers.deployments import template_hash
from arcctl.sandbox.kubernetes.controllers.replicas import PODS, living, owners_of_kind, pod_from
from arcctl.sandbox.kubernetes.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arcctl.sandbox.kubernetes.cluster import Cluster
    from arcctl.sandbox.kubernetes.controllers.engine import Key
    from arcctl.sandbox.kubernetes.store import Document, Event, Obj

STATEFUL, DAEMONS, NODES = KINDS["statefulsets"], KINDS["daemonsets"], KINDS["nodes"]
HASH = "controller-revision-hash"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pod of a set belongs: under a name, or on a node."""

    name: str = ""
    node: str = ""

    def holds(self, pod: Document) -> bool:
        if self.name:
            return bool(pod["metadata"]["name"] == self.name)
        return bool(pod["spec"].get("nodeName") == self.node)


def _stateful_places(this: Document) -> list[Place]:
    name = this["metadata"]["name"]
    return [Place(name=f"{name}-{number}") for number in range(this["spec"]["replicas"])]


def _daemon_places(cluster: Cluster, this: Document) -> list[Place]:
    template = this["spec"]["template"]
    nodes = cluster.store.items(NODES.key)
    return [
        Place(node=node["metadata"]["name"])
        for node in nodes
        if scheduling.fits(template["spec"], node)
    ]


def _settle(cluster: Cluster, this: Document, places: list[Place]) -> list[Document]:
    """Delete the pods that are out of place or of an older template, and create what lacks."""
    mark = template_hash(this["spec"]["template"])
    everyone = cluster.dependents.of(this["metadata"]["uid"], PODS.key)
    kept = []
    for pod in living(everyone):
        current = (pod["metadata"].get("labels") or {}).get(HASH) == mark
        if current and any(place.holds(pod) for place in places):
            kept.append(pod)
        else:
            cluster.api.delete(PODS, pod, Deletion())
    names = {pod["metadata"]["name"] for pod in everyone}
    for place in places:
        # A pod that is still leaving keeps its name; its end brings us back here.
        if place.name not in names and not any(place.holds(pod) for pod in kept):
            kept.append(_create(cluster, this, place, mark))
    return kept


def _create(cluster: Cluster, this: Document, place: Place, mark: str) -> Document:
    name = place.name or f"{this['metadata']['name']}-{suffix()}"
    spec = {"nodeName": place.node} if place.node else {"hostname": name}
    body = pod_from(this, this["spec"]["template"], name, **spec)
    body["metadata"]["labels"] = (body["metadata"].get("labels") or {}) | {HASH: mark}
    if place.name:
        body["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] = name
    return cluster.api.create(PODS, this["metadata"]["namespace"], body)


class StatefulSets:
    """Keeps numbered pods, all at once."""

    watches = frozenset({PODS.key, STATEFUL.key})

    def concerns(self, cluster: Cluster, event: Event) -> Iterable[Key]:
        if event.key == PODS.key:
            return owners_of_kind(event, STATEFUL)
        meta = event.document["metadata"]
        return [] if event.change == "DELETED" else [(meta["namespace"], meta["name"])]

    def look(self, cluster: Cluster, key: Key) -> None:
        this = cluster.store.get(STATEFUL.key, key[0], key[1])
        if this is None or "deletionTimestamp" in this["metadata"]:
            return
        pods = _settle(cluster, this, _stateful_places(this))
        ready = sum(holds(pod, "Ready") for pod in pods)
        revision = f"{key[1]}-{template_hash(this['spec']['template'])}"
        counts = {"currentReplicas": len(pods), "readyReplicas": ready}
        status: Obj = {
            "observedGeneration": this["metadata"]["generation"],
            "replicas": len(pods),
            "availableReplicas": ready,
            "updatedReplicas": len(pods),
            "currentRevision": revision,
            "updateRevision": revision,
            "collisionCount": 0,
        }
        status |= {name: count for name, count in counts.items() if count}
        cluster.api.set_status(STATEFUL, this, status)


class DaemonSets:
    """Keeps a pod on every node that fits."""

    watches = frozenset({PODS.key, DAEMONS.key, NODES.key})

    def concerns(self, cluster: Cluster, event: Event) -> Iterable[Key]:
        if event.key == PODS.key:
            return owners_of_kind(event, DAEMONS)
        if event.key == NODES.key:
            sets = cluster.store.items(DAEMONS.key) if event.change != "MODIFIED" else []
            return [(each["metadata"]["namespace"], each["metadata"]["name"]) for each in sets]
        meta = event.document["metadata"]
        return [] if event.change == "DELETED" else [(meta["namespace"], meta["name"])]

    def look(self, cluster: Cluster, key: Key) -> None:
        this = cluster.store.get(DAEMONS.key, key[0], key[1])
        if this is None or "deletionTimestamp" in this["metadata"]:
            return
        places = _daemon_places(cluster, this)
        pods = _settle(cluster, this, places)
        ready = sum(holds(pod, "Ready") for pod in pods)
        status: Obj = {
            "observedGeneration": this["metadata"]["generation"],
            "currentNumberScheduled": len(pods),
            "desiredNumberScheduled": len(places),
            "numberMisscheduled": 0,
            "numberReady": ready,
            "updatedNumberScheduled": len(pods),
        }
        if ready:
            status["numberAvailable"] = ready
        if ready < len(places):
            status["numberUnavailable"] = len(places) - ready
        cluster.api.set_status(DAEMONS, this, status)
