"""Events: the notes that a scheduler and a kubelet leave about an object, counted instead of repeated."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from arcctl.sandbox.kubernetes.kinds import KINDS
from arcctl.sandbox.kubernetes.problems import ApiError
from arcctl.sandbox.kubernetes.store import copy_of

if TYPE_CHECKING:
    from arcctl.sandbox.kubernetes.cluster import Cluster
    from arcctl.sandbox.kubernetes.store import Document, Obj

EVENTS = KINDS["events"]


def note(
    cluster: Cluster, about: Document, reason: str, message: str, source: str, kind: str = "Warning"
) -> None:
    """Write an Event about a namespaced object, or count one up that says the same."""
    meta = about["metadata"]
    digest = hashlib.sha256(f"{meta['uid']}{reason}{message}".encode()).hexdigest()[:16]
    name = f"{meta['name']}.{digest}"
    moment = cluster.api.moment()
    there = cluster.store.get(EVENTS.key, meta["namespace"], name)
    if there is not None:
        new = copy_of(there) | {"count": there["count"] + 1, "lastTimestamp": moment}
        cluster.api.update(EVENTS, there, new)
        return
    said = {"reason": reason, "message": message, "type": kind}
    times = {"firstTimestamp": moment, "lastTimestamp": moment, "count": 1}
    body = {"metadata": {"name": name}, "involvedObject": _reference(about)} | said | times
    parts = {"source": {"component": source}, "reportingComponent": source}
    try:
        cluster.api.create(EVENTS, meta["namespace"], body | parts | {"reportingInstance": ""})
    except ApiError:
        # A namespace that is dying takes no more notes; nobody misses them.
        return


def _reference(about: Document) -> Obj:
    meta = about["metadata"]
    return {
        "kind": about["kind"],
        "apiVersion": about["apiVersion"],
        "namespace": meta["namespace"],
        "name": meta["name"],
        "uid": meta["uid"],
        "resourceVersion": meta["resourceVersion"],
    }
