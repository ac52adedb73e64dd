"""Namespaces: born with a service account and a CA bundle, and dying with their content (connectedk8s.md E.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.sandbox.kubernetes.api import Deletion
from arcctl.sandbox.kubernetes.kinds import KINDS
from arcctl.sandbox.kubernetes.store import copy_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from arcctl.sandbox.kubernetes.cluster import Cluster
    from arcctl.sandbox.kubernetes.controllers.engine import Key
    from arcctl.sandbox.kubernetes.kinds import Kind
    from arcctl.sandbox.kubernetes.store import Document, Event, Obj

SPACES = KINDS["namespaces"]
ACCOUNTS, MAPS = KINDS["serviceaccounts"], KINDS["configmaps"]
BUNDLE = "kube-root-ca.crt"
BUNDLE_NOTE = {
    "kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver "
    "when using internal endpoints such as the internal service IP or kubernetes.default.svc. "
    "No other usage is guaranteed across distributions of Kubernetes clusters."
}
Content = list[tuple["Kind", "Document"]]


class Namespaces:
    """Fills new namespaces and empties dying ones."""

    watches = None

    def __init__(self) -> None:
        self._empty_since: dict[str, float] = {}

    def concerns(self, cluster: Cluster, event: Event) -> Iterable[Key]:
        meta = event.document["metadata"]
        if event.key == SPACES.key:
            return [(meta["name"],)]
        space = meta.get("namespace")
        found = cluster.store.get(SPACES.key, "", space) if space else None
        if found is None or space is None:
            return []
        dying = "deletionTimestamp" in found["metadata"]
        lost_a_part_of_itself = event.change == "DELETED" and event.key in {ACCOUNTS.key, MAPS.key}
        return [(space,)] if dying or lost_a_part_of_itself else []

    def look(self, cluster: Cluster, key: Key) -> None:
        space = cluster.store.get(SPACES.key, "", key[0])
        if space is None:
            return
        if "deletionTimestamp" in space["metadata"]:
            self._empty(cluster, space)
        else:
            _furnish(cluster, key[0])

    def _empty(self, cluster: Cluster, space: Document) -> None:
        name, uid = space["metadata"]["name"], space["metadata"]["uid"]
        for kind, document in _content(cluster, name):
            if "deletionTimestamp" not in document["metadata"]:
                cluster.api.delete(kind, document, Deletion(propagation="Background"))
        left = list(_content(cluster, name))
        space = _tell(cluster, space, left)
        if left:
            return
        now = cluster.clock.now().timestamp()
        since = self._empty_since.setdefault(uid, now)
        wait = since + cluster.delays.namespace_delete - now
        if wait > 0:
            cluster.engine.later(wait, self, (name,))
            return
        del self._empty_since[uid]
        _finalize(cluster, space)


def _furnish(cluster: Cluster, name: str) -> None:
    if cluster.store.get(ACCOUNTS.key, name, "default") is None:
        cluster.api.create(ACCOUNTS, name, {"metadata": {"name": "default"}})
    if cluster.store.get(MAPS.key, name, BUNDLE) is None:
        meta = {"name": BUNDLE, "annotations": BUNDLE_NOTE}
        cluster.api.create(
            MAPS, name, {"metadata": meta, "data": {"ca.crt": cluster.ca_certificate}}
        )


def _content(cluster: Cluster, name: str) -> Iterator[tuple[Kind, Document]]:
    for kind in cluster.kinds.stored():
        if kind.namespaced:
            for document in cluster.store.items(kind.key, name):
                yield kind, document


def _finalize(cluster: Cluster, space: Document) -> None:
    kept = [each for each in space["spec"].get("finalizers") or () if each != "kubernetes"]
    body = {"metadata": {}, "spec": {"finalizers": kept} if kept else {}}
    cluster.api.update(SPACES, space, body, part="finalize")


def _counted(counts: dict[str, int], text: str) -> str:
    return ", ".join(text.format(name=name, count=count) for name, count in sorted(counts.items()))


def _remaining(left: Content) -> tuple[str, str, str]:
    counts: dict[str, int] = {}
    for kind, _ in left:
        counts[f"{kind.plural}.{kind.group}"] = counts.get(f"{kind.plural}.{kind.group}", 0) + 1
    if not counts:
        return "False", "ContentRemoved", "All content successfully removed"
    listed = _counted(counts, "{name} has {count} resource instances")
    return "True", "SomeResourcesRemain", f"Some resources are remaining: {listed}"


def _held(left: Content) -> tuple[str, str, str]:
    counts: dict[str, int] = {}
    for _, document in left:
        for finalizer in document["metadata"].get("finalizers") or ():
            counts[finalizer] = counts.get(finalizer, 0) + 1
    if not counts:
        return "False", "ContentHasNoFinalizers", "All content-preserving finalizers finished"
    listed = _counted(counts, "{name} in {count} resource instances")
    text = f"Some content in the namespace has finalizers remaining: {listed}"
    return "True", "SomeFinalizersRemain", text


def _conditions(left: Content) -> Iterator[tuple[str, tuple[str, str, str]]]:
    fine = "False"
    discovered = "All resources successfully discovered"
    yield "NamespaceDeletionDiscoveryFailure", (fine, "ResourcesDiscovered", discovered)
    parsed = "All legacy kube types successfully parsed"
    yield "NamespaceDeletionGroupVersionParsingFailure", (fine, "ParsedGroupVersions", parsed)
    deleted = "All content successfully deleted, may be waiting on finalization"
    yield "NamespaceDeletionContentFailure", (fine, "ContentDeleted", deleted)
    yield "NamespaceContentRemaining", _remaining(left)
    yield "NamespaceFinalizersRemaining", _held(left)


def _tell(cluster: Cluster, space: Document, left: Content) -> Document:
    """Write down in the namespace what still keeps it."""
    before: dict[str, Obj] = {
        each["type"]: each for each in space["status"].get("conditions") or ()
    }
    conditions = []
    for kind, (status, reason, message) in _conditions(left):
        was = before.get(kind, {})
        since = was.get("lastTransitionTime") if was.get("status") == status else None
        conditions.append(
            {
                "type": kind,
                "status": status,
                "lastTransitionTime": since or cluster.api.moment(),
                "reason": reason,
                "message": message,
            }
        )
    status_now = copy_of(space["status"]) | {"conditions": conditions}
    return cluster.api.set_status(SPACES, space, status_now)
