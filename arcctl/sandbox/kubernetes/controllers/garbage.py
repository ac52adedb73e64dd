"""Garbage collection by owner references: background, foreground and orphan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.sandbox.kubernetes.api import FOREGROUND, ORPHAN, Deletion
from arcctl.sandbox.kubernetes.dependents import owner_uids
from arcctl.sandbox.kubernetes.store import copy_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arcctl.sandbox.kubernetes.cluster import Cluster
    from arcctl.sandbox.kubernetes.controllers.engine import Key
    from arcctl.sandbox.kubernetes.kinds import Kind
    from arcctl.sandbox.kubernetes.store import Document, Event


class Garbage:
    """Deletes what has no owner left, and lets go of owners whose dependents are dealt with."""

    watches = None

    def concerns(self, cluster: Cluster, event: Event) -> Iterable[Key]:
        meta = event.document["metadata"]
        here = (*event.key, meta.get("namespace", ""), meta["name"])
        if event.change != "DELETED":
            held = "deletionTimestamp" in meta and meta.get("finalizers")
            return [here] if held or meta.get("ownerReferences") else []
        return [
            (*place[0], place[1], place[2]) for place in cluster.dependents.places_of(meta["uid"])
        ] + [place for uid in owner_uids(event.document) for place in _place(cluster, event, uid)]

    def look(self, cluster: Cluster, key: Key) -> None:
        group, plural, namespace, name = key
        document = cluster.store.get((group, plural), namespace, name)
        kind = next((k for k in cluster.kinds.stored() if k.key == (group, plural)), None)
        if document is None or kind is None:
            return
        if "deletionTimestamp" in document["metadata"]:
            self._let_go(cluster, kind, document)
            return
        uids = owner_uids(document)
        if uids and not any(cluster.dependents.alive(uid) for uid in uids):
            cluster.api.delete(kind, document, Deletion(propagation="Background"))

    @staticmethod
    def _let_go(cluster: Cluster, kind: Kind, document: Document) -> None:
        finalizers = document["metadata"].get("finalizers") or ()
        dependents = cluster.dependents.of(document["metadata"]["uid"])
        if FOREGROUND in finalizers:
            for each in dependents:
                if "deletionTimestamp" not in each["metadata"]:
                    _delete_foreground(cluster, each)
            if not cluster.dependents.of(document["metadata"]["uid"]):
                _drop(cluster, kind, document, FOREGROUND)
        elif ORPHAN in finalizers:
            for each in dependents:
                _disown(cluster, each, document["metadata"]["uid"])
            _drop(cluster, kind, document, ORPHAN)


def _place(cluster: Cluster, event: Event, uid: str) -> list[Key]:
    """Find the owner that an event's object named: it may wait for this very end."""
    for owner in event.document["metadata"]["ownerReferences"]:
        kind = cluster.kinds.by_name(owner["apiVersion"], owner["kind"])
        if owner["uid"] == uid and kind is not None:
            namespace = event.document["metadata"].get("namespace", "") if kind.namespaced else ""
            return [(*kind.key, namespace, owner["name"])]
    return []


def _kind_of(cluster: Cluster, document: Document) -> Kind | None:
    return cluster.kinds.by_name(document["apiVersion"], document["kind"])


def _delete_foreground(cluster: Cluster, document: Document) -> None:
    kind = _kind_of(cluster, document)
    if kind is not None:
        cluster.api.delete(kind, document, Deletion(propagation="Foreground"))


def _drop(cluster: Cluster, kind: Kind, document: Document, finalizer: str) -> None:
    new = copy_of(document)
    new["metadata"]["finalizers"] = [
        each for each in document["metadata"]["finalizers"] if each != finalizer
    ]
    cluster.api.update(kind, document, new)


def _disown(cluster: Cluster, document: Document, uid: str) -> None:
    kind = _kind_of(cluster, document)
    if kind is None:
        return
    new = copy_of(document)
    kept = [each for each in new["metadata"]["ownerReferences"] if each["uid"] != uid]
    new["metadata"]["ownerReferences"] = kept
    cluster.api.update(kind, document, new)
