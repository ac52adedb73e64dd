"""Deployments: a ReplicaSet per template, the newest scaled up before the older are scaled down."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from arcctl.sandbox.kubernetes.api import NAME_LETTERS, Deletion
from arcctl.sandbox.kubernetes.conditions import renewed
from arcctl.sandbox.kubernetes.controllers.replicas import SETS, owner_reference, owners_of_kind
from arcctl.sandbox.kubernetes.kinds import KINDS
from arcctl.sandbox.kubernetes.store import copy_of, encode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arcctl.sandbox.kubernetes.cluster import Cluster
    from arcctl.sandbox.kubernetes.controllers.engine import Key
    from arcctl.sandbox.kubernetes.store import Document, Event, Obj

DEPLOYMENTS = KINDS["deployments"]
REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"


def template_hash(template: Obj) -> str:
    """Return the ten letters by which a template's ReplicaSet and pods are told apart."""
    digest = hashlib.sha256(encode(template)).digest()
    return "".join(NAME_LETTERS[byte % len(NAME_LETTERS)] for byte in digest[:10])


def _revision(replica_set: Document) -> int:
    return int((replica_set["metadata"].get("annotations") or {}).get(REVISION, 0))


def _hash(replica_set: Document) -> str:
    return str((replica_set["metadata"].get("labels") or {}).get(HASH, ""))


def _count(sets: Iterable[Document], field: str) -> int:
    return sum(each["status"].get(field, 0) for each in sets)


@dataclass(frozen=True, slots=True)
class Rollout:
    """How far a Deployment has come."""

    wanted: int
    total: int
    updated: int
    ready: int
    leaving: int
    current: str

    @property
    def done(self) -> bool:
        return self.updated == self.wanted == self.total and self.ready >= self.wanted


class Deployments:
    """Rolls templates out and says how far it is."""

    watches = frozenset({DEPLOYMENTS.key, SETS.key})

    def concerns(self, cluster: Cluster, event: Event) -> Iterable[Key]:
        if event.key == SETS.key:
            return owners_of_kind(event, DEPLOYMENTS)
        meta = event.document["metadata"]
        return [] if event.change == "DELETED" else [(meta["namespace"], meta["name"])]

    def look(self, cluster: Cluster, key: Key) -> None:
        this = cluster.store.get(DEPLOYMENTS.key, key[0], key[1])
        if this is None or "deletionTimestamp" in this["metadata"]:
            return
        sets = cluster.dependents.of(this["metadata"]["uid"], SETS.key)
        mark = template_hash(this["spec"]["template"])
        current = next((each for each in sets if _hash(each) == mark), None)
        if current is None:
            current = self._begin(cluster, this, sets, mark)
        elif any(_revision(each) > _revision(current) for each in sets):
            current = self._revive(cluster, current, sets)
        self._scale(cluster, this, current)
        self._forget(cluster, this, current)
        self._tell(cluster, cluster.api.get(DEPLOYMENTS, *key), current)

    @staticmethod
    def _begin(cluster: Cluster, this: Document, sets: list[Document], mark: str) -> Document:
        name, revision = this["metadata"]["name"], max(map(_revision, sets), default=0) + 1
        template = copy_of(this["spec"]["template"])
        labels = template["metadata"]["labels"] = template["metadata"].get("labels", {}) | {
            HASH: mark
        }
        selector = copy_of(this["spec"]["selector"])
        selector["matchLabels"] = (selector.get("matchLabels") or {}) | {HASH: mark}
        wanted = this["spec"]["replicas"]
        meta = {
            "name": f"{name}-{mark}",
            "labels": labels,
            "annotations": {
                "deployment.kubernetes.io/desired-replicas": str(wanted),
                "deployment.kubernetes.io/max-replicas": str(wanted + 1),
                REVISION: str(revision),
            },
            "ownerReferences": [owner_reference(this)],
        }
        spec = {"replicas": wanted, "selector": selector, "template": template}
        namespace = this["metadata"]["namespace"]
        return cluster.api.create(SETS, namespace, {"metadata": meta, "spec": spec})

    @staticmethod
    def _revive(cluster: Cluster, current: Document, sets: list[Document]) -> Document:
        new = copy_of(current)
        new["metadata"]["annotations"][REVISION] = str(max(map(_revision, sets)) + 1)
        return cluster.api.update(SETS, current, new)

    @staticmethod
    def _scale(cluster: Cluster, this: Document, current: Document) -> None:
        wanted = this["spec"]["replicas"]
        ready = current["status"].get("readyReplicas", 0)
        at_once = (this["spec"].get("strategy") or {}).get("type") == "Recreate"
        for each in cluster.dependents.of(this["metadata"]["uid"], SETS.key):
            newest = each["metadata"]["uid"] == current["metadata"]["uid"]
            if not newest and ready < wanted and not at_once:
                continue
            aim = wanted if newest else 0
            if each["spec"]["replicas"] != aim:
                new = copy_of(each)
                new["spec"]["replicas"] = aim
                cluster.api.update(SETS, each, new)

    @staticmethod
    def _forget(cluster: Cluster, this: Document, current: Document) -> None:
        """Delete ReplicaSets beyond the revision history limit."""
        sets = cluster.dependents.of(this["metadata"]["uid"], SETS.key)
        old = [each for each in sets if each["metadata"]["uid"] != current["metadata"]["uid"]]
        empty = sorted((each for each in old if not each["status"].get("replicas")), key=_revision)
        for each in empty[: max(len(empty) - this["spec"].get("revisionHistoryLimit", 10), 0)]:
            cluster.api.delete(SETS, each, Deletion())

    def _tell(self, cluster: Cluster, this: Document, current: Document) -> None:
        sets = cluster.dependents.of(this["metadata"]["uid"], SETS.key)
        newest = cluster.api.get(SETS, this["metadata"]["namespace"], current["metadata"]["name"])
        rollout = Rollout(
            wanted=this["spec"]["replicas"],
            total=_count(sets, "replicas"),
            updated=newest["status"].get("replicas", 0),
            ready=_count(sets, "readyReplicas"),
            leaving=_count(sets, "terminatingReplicas"),
            current=newest["metadata"]["name"],
        )
        this = self._number(cluster, this, str(_revision(newest)))
        cluster.api.set_status(DEPLOYMENTS, this, self._status(cluster, this, rollout))

    @staticmethod
    def _number(cluster: Cluster, this: Document, revision: str) -> Document:
        if (this["metadata"].get("annotations") or {}).get(REVISION) == revision:
            return this
        new = copy_of(this)
        new["metadata"].setdefault("annotations", {})[REVISION] = revision
        return cluster.api.update(DEPLOYMENTS, this, new)

    def _status(self, cluster: Cluster, this: Document, rollout: Rollout) -> Obj:
        counts = {
            "replicas": rollout.total,
            "updatedReplicas": rollout.updated,
            "readyReplicas": rollout.ready,
            "availableReplicas": rollout.ready,
            "unavailableReplicas": max(max(rollout.total, rollout.wanted) - rollout.ready, 0),
        }
        moment = cluster.api.moment()
        before = this["status"].get("conditions") or ()
        now = [_available(rollout), self._progress(cluster, this, rollout)]
        conditions = renewed(before, now, moment)
        was = {each["type"]: each for each in before}
        for each in conditions:
            old = was.get(each["type"], {})
            changed = old.get("reason") != each["reason"] or old.get("status") != each["status"]
            each["lastUpdateTime"] = moment if changed else old["lastUpdateTime"]
        return (
            {
                "observedGeneration": this["metadata"]["generation"],
                "terminatingReplicas": rollout.leaving,
            }
            | {key: count for key, count in counts.items() if count}
            | {"conditions": conditions}
        )

    def _progress(self, cluster: Cluster, this: Document, rollout: Rollout) -> Obj:
        name = rollout.current
        if rollout.done:
            text = f'ReplicaSet "{name}" has successfully progressed.'
            return _condition("Progressing", "True", "NewReplicaSetAvailable", text)
        left = self._left(cluster, this)
        if left <= 0 or _gave_up(this, rollout):
            text = f'ReplicaSet "{name}" has timed out progressing.'
            return _condition("Progressing", "False", "ProgressDeadlineExceeded", text)
        key = (this["metadata"]["namespace"], this["metadata"]["name"])
        cluster.engine.later(left, self, key)
        text = f'ReplicaSet "{name}" is progressing.'
        return _condition("Progressing", "True", "ReplicaSetUpdated", text)

    @staticmethod
    def _left(cluster: Cluster, this: Document) -> float:
        """Return the seconds until the progress deadline, counted from the last progress."""
        limit = this["spec"].get("progressDeadlineSeconds", 600)
        conditions = this["status"].get("conditions") or ()
        since = next((c["lastUpdateTime"] for c in conditions if c["type"] == "Progressing"), None)
        if (
            since is None
            or this["status"].get("observedGeneration") != this["metadata"]["generation"]
        ):
            return float(limit)
        begun = datetime.strptime(since, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return float(limit) - (cluster.clock.now() - begun).total_seconds()


def _gave_up(this: Document, rollout: Rollout) -> bool:
    """Say whether the deadline was missed before and nothing has moved since."""
    status = this["status"]
    moved = (
        status.get("observedGeneration") != this["metadata"]["generation"]
        or status.get("readyReplicas", 0) != rollout.ready
        or status.get("updatedReplicas", 0) != rollout.updated
    )
    reasons = {each["reason"] for each in status.get("conditions") or ()}
    return "ProgressDeadlineExceeded" in reasons and not moved


def _condition(kind: str, status: str, reason: str, message: str) -> Obj:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def _available(rollout: Rollout) -> Obj:
    # A quarter of the replicas, rounded down, may be away: the default of maxUnavailable.
    if rollout.ready >= rollout.wanted - rollout.wanted // 4:
        text = "Deployment has minimum availability."
        return _condition("Available", "True", "MinimumReplicasAvailable", text)
    text = "Deployment does not have minimum availability."
    return _condition("Available", "False", "MinimumReplicasUnavailable", text)
