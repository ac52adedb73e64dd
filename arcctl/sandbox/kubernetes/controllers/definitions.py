"""CustomResourceDefinitions: they add kinds, and take all objects of their kind with them (connectedk8s.md B.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.sandbox.kubernetes.api import CLEANUP, Deletion
from arcctl.sandbox.kubernetes.conditions import renewed
from arcctl.sandbox.kubernetes.kinds import KINDS, Kind
from arcctl.sandbox.kubernetes.store import copy_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arcctl.sandbox.kubernetes.cluster import Cluster
    from arcctl.sandbox.kubernetes.controllers.engine import Key
    from arcctl.sandbox.kubernetes.store import Document, Event, Obj

DEFINITIONS = KINDS["customresourcedefinitions"]


def kinds_of(definition: Document) -> tuple[Kind, ...]:
    """Return the kinds that a definition serves, the preferred version first."""
    spec, names = definition["spec"], definition["spec"]["names"]
    return tuple(
        Kind(
            group=spec["group"],
            version=version["name"],
            kind=names["kind"],
            plural=names["plural"],
            namespaced=spec.get("scope") != "Cluster",
            short=tuple(names.get("shortNames") or ()),
            categories=tuple(names.get("categories") or ()),
            subresources=tuple(
                part for part in ("status", "scale") if part in (version.get("subresources") or {})
            ),
            singular=names.get("singular", names["kind"].lower()),
            list_kind=names.get("listKind", f"{names['kind']}List"),
            custom=True,
        )
        for version in spec.get("versions") or ()
        if version.get("served", True)
    )


class Definitions:
    """Establishes custom kinds, and clears up after them."""

    watches = None

    def concerns(self, cluster: Cluster, event: Event) -> Iterable[Key]:
        if event.key == DEFINITIONS.key:
            if event.change == "DELETED":
                spec = event.document["spec"]
                cluster.kinds.replace_custom(spec["group"], spec["names"]["plural"], ())
                return []
            return [(event.document["metadata"]["name"],)]
        if event.change == "DELETED" and "." in event.key[0]:
            return [(f"{event.key[1]}.{event.key[0]}",)]
        return []

    def look(self, cluster: Cluster, key: Key) -> None:
        this = cluster.store.get(DEFINITIONS.key, "", key[0])
        if this is None:
            return
        if "deletionTimestamp" in this["metadata"]:
            self._clear(cluster, this)
            return
        kinds = kinds_of(this)
        cluster.kinds.replace_custom(this["spec"]["group"], this["spec"]["names"]["plural"], kinds)
        self._establish(cluster, this)

    @staticmethod
    def _establish(cluster: Cluster, this: Document) -> None:
        accepted = _condition("NamesAccepted", "True", "NoConflicts", "no conflicts found")
        text = "the initial names have been accepted"
        established = _condition("Established", "True", "InitialNamesAccepted", text)
        _tell(cluster, this, [accepted, established])

    @staticmethod
    def _clear(cluster: Cluster, this: Document) -> None:
        kinds = kinds_of(this)
        if CLEANUP not in (this["metadata"].get("finalizers") or ()):
            return
        objects = cluster.store.items(kinds[0].key) if kinds else []
        for each in objects:
            if "deletionTimestamp" not in each["metadata"]:
                cluster.api.delete(kinds[0], each, Deletion())
        if kinds and cluster.store.items(kinds[0].key):
            text = "CustomResource deletion is in progress"
            terminating = _condition("Terminating", "True", "InstanceDeletionInProgress", text)
            kept = [each for each in this["status"]["conditions"] if each["type"] != "Terminating"]
            _tell(cluster, this, [*kept, terminating])
            return
        new = copy_of(this)
        new["metadata"]["finalizers"] = [f for f in new["metadata"]["finalizers"] if f != CLEANUP]
        cluster.api.update(DEFINITIONS, this, new)


def _condition(kind: str, status: str, reason: str, message: str) -> Obj:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def _tell(cluster: Cluster, this: Document, conditions: list[Obj]) -> None:
    before = this["status"].get("conditions") or ()
    stored = [v["name"] for v in this["spec"].get("versions") or () if v.get("storage")]
    status = {
        "conditions": renewed(before, conditions, cluster.api.moment()),
        "acceptedNames": copy_of(this["spec"]["names"]),
        "storedVersions": stored,
    }
    cluster.api.set_status(DEFINITIONS, this, status)
