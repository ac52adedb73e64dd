"""ReplicaSets: as many pods as wanted, and how many of them are ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.sandbox.kubernetes.api import Deletion, suffix
from arcctl.sandbox.kubernetes.conditions import holds
from arcctl.sandbox.kubernetes.events import note
from arcctl.sandbox.kubernetes.kinds import KINDS, Kind
from arcctl.sandbox.kubernetes.store import Document, copy_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arcctl.sandbox.kubernetes.cluster import Cluster
    from arcctl.sandbox.kubernetes.controllers.engine import Key
    from arcctl.sandbox.kubernetes.store import Event, Obj

PODS, SETS = KINDS["pods"], KINDS["replicasets"]
FINISHED = frozenset({"Succeeded", "Failed"})


def owner_reference(owner: Document) -> Obj:
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def owners_of_kind(event: Event, kind: Kind) -> list[Key]:
    """Return the keys of the owners of one kind that an event's object names."""
    meta = event.document["metadata"]
    return [
        (meta["namespace"], owner["name"])
        for owner in meta.get("ownerReferences") or ()
        if owner["kind"] == kind.kind and owner["apiVersion"] == kind.api_version
    ]


def pod_from(owner: Document, template: Obj, name: str, **spec: Any) -> Obj:
    """Make a pod of an owner's template."""
    meta = copy_of(template.get("metadata") or {})
    meta |= {"name": name, "ownerReferences": [owner_reference(owner)]}
    return {"metadata": meta, "spec": copy_of(template["spec"]) | spec}


def living(pods: Iterable[Document]) -> list[Document]:
    return [
        pod
        for pod in pods
        if pod["status"].get("phase") not in FINISHED and "deletionTimestamp" not in pod["metadata"]
    ]


def _refused(cluster: Cluster, this: Document, pod: Obj) -> bool:
    """Say whether admission turns a pod away, and note it at its ReplicaSet."""
    namespace = this["metadata"]["namespace"]
    trouble = cluster.troubles.of(Document(metadata={"namespace": namespace, **pod["metadata"]}))
    if trouble is None or trouble.shape.stage != "refused":
        return False
    said = trouble.said(trouble.shape.message, pod=pod["metadata"]["generateName"])
    note(cluster, this, trouble.shape.reason, said, "replicaset-controller")
    return True


class ReplicaSets:
    """Makes and removes pods, and counts them."""

    watches = frozenset({PODS.key, SETS.key})

    def concerns(self, cluster: Cluster, event: Event) -> Iterable[Key]:
        if event.key == PODS.key:
            return owners_of_kind(event, SETS)
        meta = event.document["metadata"]
        return [] if event.change == "DELETED" else [(meta["namespace"], meta["name"])]

    def look(self, cluster: Cluster, key: Key) -> None:
        this = cluster.store.get(SETS.key, key[0], key[1])
        if this is None or "deletionTimestamp" in this["metadata"]:
            return
        pods = living(cluster.dependents.of(this["metadata"]["uid"], PODS.key))
        wanted = this["spec"].get("replicas", 1)
        for _ in range(wanted - len(pods)):
            name = f"{this['metadata']['name'][:57]}-{suffix()}"
            body = pod_from(this, this["spec"]["template"], name)
            body["metadata"]["generateName"] = f"{this['metadata']['name']}-"
            if _refused(cluster, this, body):
                break
            pods.append(cluster.api.create(PODS, key[0], body))
        # Those that are not ready go first, as on the real one.
        for pod in sorted(pods, key=lambda each: holds(each, "Ready"))[
            : max(len(pods) - wanted, 0)
        ]:
            cluster.api.delete(PODS, pod, Deletion())
        self._count(cluster, this)

    @staticmethod
    def _count(cluster: Cluster, this: Document) -> None:
        everyone = cluster.dependents.of(this["metadata"]["uid"], PODS.key)
        pods = living(everyone)
        ready = sum(holds(pod, "Ready") for pod in pods)
        status: Obj = {
            "replicas": len(pods),
            "observedGeneration": this["metadata"]["generation"],
            "terminatingReplicas": sum("deletionTimestamp" in pod["metadata"] for pod in everyone),
        }
        if pods:
            status["fullyLabeledReplicas"] = len(pods)
        if ready:
            status |= {"readyReplicas": ready, "availableReplicas": ready}
        cluster.api.set_status(SETS, this, status)
