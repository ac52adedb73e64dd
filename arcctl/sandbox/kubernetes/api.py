"""What the verbs of the Kubernetes API do to the store: create, update, patch, apply, delete (testbed.md 3)."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.kubernetes import defaults, problems, validation
from arcctl.sandbox.kubernetes.kinds import KINDS, Kind
from arcctl.sandbox.kubernetes.server_side_apply import Owners
from arcctl.sandbox.kubernetes.store import Document, Obj, Store, copy_of, without_nulls

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

NAME_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
SYSTEM_FIELDS = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")
NEVER_STORED = ("managedFields", "selfLink", "resourceVersion")
FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
PODS = ("", "pods")
DEPLOYMENTS = ("apps", "deployments")
ORPHANS_BY_DEFAULT = frozenset({"jobs", "replicationcontrollers"})


def suffix(length: int = 5) -> str:
    """Return random letters of the alphabet that generated names are made of."""
    return "".join(secrets.choice(NAME_LETTERS) for _ in range(length))


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Deletion:
    """The options of a DELETE; None means the kind's own default."""

    grace: int | None = None
    propagation: str = ""
    uid: str = ""
    revision: str = ""
    dry_run: bool = False


@dataclass(slots=True)
class Api:
    """The verbs, for the wire and for the controllers alike."""

    store: Store
    now: Callable[[], datetime]
    owners: Owners = field(default_factory=Owners)
    addresses: int = 1

    def moment(self) -> str:
        return stamp(self.now())

    def get(self, kind: Kind, namespace: str, name: str) -> Document:
        found = self.store.get(kind.key, namespace, name)
        if found is None:
            raise problems.not_found(kind, name)
        return found

    def create(self, kind: Kind, namespace: str, body: Obj, *, dry_run: bool = False) -> Document:
        obj = without_nulls(body)
        obj["apiVersion"], obj["kind"] = kind.api_version, kind.kind
        self._stamp_new(kind, namespace, obj)
        name = obj["metadata"].get("name", "")
        if kind.namespaced:
            self._check_namespace(kind, namespace, name)
        defaults.complete(kind, obj)
        defaults.first_status(kind, obj)
        if kind.key == PODS:
            defaults.admit_pod(obj["spec"], f"kube-api-access-{suffix()}")
        if kind.key == ("", "services"):
            self._address(obj["spec"])
        validation.check_new(kind, obj)
        if self.store.get(kind.key, namespace, name) is not None:
            raise problems.already_exists(kind, name)
        return Document(obj) if dry_run else self.store.write(kind.key, obj)

    def _stamp_new(self, kind: Kind, namespace: str, obj: Obj) -> None:
        meta = obj["metadata"] = dict(obj.get("metadata") or {})
        if meta.get("resourceVersion"):
            text = "resourceVersion should not be set on objects to be created"
            raise problems.ApiError(500, "", text)
        for name in (*SYSTEM_FIELDS, *NEVER_STORED, "generation"):
            meta.pop(name, None)
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = meta["generateName"] + suffix()
        if kind.namespaced:
            meta["namespace"] = namespace
        else:
            meta.pop("namespace", None)
        meta["uid"], meta["creationTimestamp"] = str(uuid.uuid4()), self.moment()
        if kind.generational:
            meta["generation"] = 1

    def _check_namespace(self, kind: Kind, namespace: str, name: str) -> None:
        spaces = KINDS["namespaces"]
        space = self.store.get(spaces.key, "", namespace)
        if space is None:
            raise problems.not_found(spaces, namespace)
        if "deletionTimestamp" not in space["metadata"]:
            return
        text = (
            f"unable to create new content in namespace {namespace} because it is being terminated"
        )
        refusal = problems.forbidden(kind, name, text)
        cause = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {namespace} is being terminated",
            "field": "metadata.namespace",
        }
        refusal.details = (refusal.details or {}) | {"causes": [cause]}
        raise refusal

    def _address(self, spec: Obj) -> None:
        if spec.get("type") == "ExternalName" or spec.get("clusterIP"):
            return
        self.addresses += 1
        spec["clusterIP"] = f"10.0.{self.addresses // 250}.{self.addresses % 250 + 1}"
        spec["clusterIPs"] = [spec["clusterIP"]]

    def update(
        self, kind: Kind, current: Document, body: Obj, *, part: str = "", dry_run: bool = False
    ) -> Document:
        """Store a changed object; `part` is the sub-resource it came through."""
        new = self._merged(kind, current, copy_of(body) if part else without_nulls(body), part)
        old = current | {"metadata": _unversioned(current["metadata"])}
        if new == old:
            return current
        if not part:
            validation.check_change(kind, old, new)
        if dry_run:
            new["metadata"]["resourceVersion"] = current["metadata"]["resourceVersion"]
            return Document(new)
        if "deletionTimestamp" in new["metadata"] and self._nothing_holds(kind, new):
            return self._vanish(kind, new)
        return self.store.write(kind.key, new)

    def _nothing_holds(self, kind: Kind, obj: Obj) -> bool:
        if obj["metadata"].get("finalizers") or obj["metadata"].get("deletionGracePeriodSeconds"):
            return False
        return kind.key != ("", "namespaces") or not obj["spec"].get("finalizers")

    def _vanish(self, kind: Kind, obj: Obj) -> Document:
        meta = obj["metadata"]
        self.owners.forget(meta["uid"])
        return self.store.remove(kind.key, meta.get("namespace", ""), meta["name"], obj)

    def _merged(self, kind: Kind, current: Document, new: Obj, part: str) -> Obj:
        meta, was = dict(new.get("metadata") or {}), current["metadata"]
        name = was["name"]
        if meta.get("resourceVersion", "") not in {"", was["resourceVersion"]}:
            raise problems.conflict(kind, name, problems.MODIFIED_MEANWHILE)
        if meta.get("uid", was["uid"]) != was["uid"]:
            raise problems.invalid(kind, name, [_other_uid(meta["uid"])] * 2)
        if part:
            return self._part_merged(current, new, part)
        new["apiVersion"], new["kind"] = kind.api_version, kind.kind
        for key in NEVER_STORED:
            meta.pop(key, None)
        for key in (*SYSTEM_FIELDS, "managedFields", "generation", "namespace", "name"):
            meta.pop(key, None)
            if key in was:
                meta[key] = was[key]
        new["metadata"] = {key: value for key, value in meta.items() if value not in ({}, [], None)}
        defaults.complete(kind, new)
        self._keep_what_is_the_servers(kind, current, new)
        return new

    @staticmethod
    def _keep_what_is_the_servers(kind: Kind, current: Document, new: Obj) -> None:
        if "status" in kind.subresources:
            new.pop("status", None)
            if "status" in current:
                new["status"] = current["status"]
        if kind.key == ("", "namespaces"):
            new["spec"] = current["spec"]
        if kind.key == ("", "services") and current["spec"].get("clusterIP"):
            address = {key: current["spec"][key] for key in ("clusterIP", "clusterIPs")}
            defaults.fill(new["spec"], address)
        if kind.generational and _intent(kind, new) != _intent(kind, current):
            new["metadata"]["generation"] = current["metadata"].get("generation", 0) + 1

    @staticmethod
    def _part_merged(current: Document, new: Obj, part: str) -> Obj:
        result: Obj = current | {"metadata": _unversioned(current["metadata"])}
        if part == "status":
            result["status"] = new.get("status") or {}
        elif part == "finalize":
            result["spec"] = new.get("spec") or {}
        return result

    def set_status(self, kind: Kind, current: Document, status: Obj) -> Document:
        """Replace an object's status, as a controller does."""
        if kind.key == DEPLOYMENTS and status != current.get("status"):
            current = Document(current | {"metadata": current["metadata"] | self._counted(kind)})
        return self.update(kind, current, {"metadata": {}, "status": status}, part="status")

    def _counted(self, kind: Kind) -> Obj:
        """Note when the controller wrote its counts: of all managedFields the one kept here."""
        entry = {"apiVersion": kind.api_version, "fieldsType": "FieldsV1", "fieldsV1": {}}
        who = {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status"}
        return {"managedFields": [entry | who | {"time": self.moment()}]}

    def delete(self, kind: Kind, current: Document, options: Deletion) -> Document:
        """Delete an object, or mark it as deleting where something holds it."""
        _check_preconditions(kind, current, options)
        if options.dry_run:
            return current
        obj = copy_of(current)
        obj["metadata"].pop("resourceVersion")
        grace = self._grace(kind, current, options)
        self._mark(kind, obj, options, grace)
        if self._nothing_holds(kind, obj):
            graceful = kind.key == PODS or "deletionTimestamp" in current["metadata"]
            return self._vanish(kind, obj if graceful else copy_of(current))
        already = "deletionTimestamp" in current["metadata"]
        if already and obj["metadata"] == _unversioned(current["metadata"]):
            return current
        return self.store.write(kind.key, obj)

    @staticmethod
    def _grace(kind: Kind, current: Document, options: Deletion) -> int:
        if kind.key != ("", "pods"):
            return 0
        finished = current["status"].get("phase") in {"Succeeded", "Failed"}
        if finished or not current["spec"].get("nodeName"):
            return 0
        own = current["spec"].get("terminationGracePeriodSeconds", 30)
        return int(own if options.grace is None else options.grace)

    def _mark(self, kind: Kind, obj: Obj, options: Deletion, grace: int) -> None:
        meta = obj["metadata"]
        finalizers = list(meta.get("finalizers") or ())
        policy = options.propagation or ("Orphan" if kind.plural in ORPHANS_BY_DEFAULT else "")
        wanted = {"Foreground": FOREGROUND, "Orphan": ORPHAN}.get(policy)
        finalizers = [each for each in finalizers if each not in {FOREGROUND, ORPHAN}]
        if wanted:
            finalizers.append(wanted)
        if finalizers:
            meta["finalizers"] = finalizers
        else:
            meta.pop("finalizers", None)
        if kind.key in MARKED_THEIR_OWN_WAY:
            meta.setdefault("deletionTimestamp", self.moment())
            if kind.group == "apiextensions.k8s.io" and CLEANUP not in finalizers:
                meta["finalizers"] = [*finalizers, CLEANUP]
            obj["status"] = MARKED_THEIR_OWN_WAY[kind.key](obj, meta["deletionTimestamp"])
            return
        if "deletionTimestamp" not in meta:
            meta["deletionTimestamp"] = stamp(self.now() + timedelta(seconds=grace))
            if kind.generational:
                meta["generation"] = meta.get("generation", 0) + 1
            meta["deletionGracePeriodSeconds"] = grace
        meta["deletionGracePeriodSeconds"] = min(grace, meta["deletionGracePeriodSeconds"])


def _dying_namespace(obj: Obj, _: str) -> Obj:
    return {**obj["status"], "phase": "Terminating"}


def _dying_definition(obj: Obj, moment: str) -> Obj:
    text = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"
    said = {"type": "Terminating", "status": "True", "reason": "InstanceDeletionPending"}
    conditions = [*(obj["status"].get("conditions") or ()), said | {"message": text}]
    if any(each["type"] == "Terminating" for each in conditions[:-1]):
        return dict(obj["status"])
    conditions[-1]["lastTransitionTime"] = moment
    return {**obj["status"], "conditions": conditions}


MARKED_THEIR_OWN_WAY = {
    ("", "namespaces"): _dying_namespace,
    ("apiextensions.k8s.io", "customresourcedefinitions"): _dying_definition,
}


def _unversioned(meta: Obj) -> Obj:
    return {key: value for key, value in meta.items() if key != "resourceVersion"}


def _intent(kind: Kind, obj: Obj) -> Any:
    """Return the part of an object whose change counts as a new generation."""
    if kind.custom or "spec" not in obj:
        return {key: value for key, value in obj.items() if key not in {"metadata", "status"}}
    return obj["spec"]


def _other_uid(asked: str) -> tuple[str, str, str]:
    return "FieldValueInvalid", f'Invalid value: "{asked}": field is immutable', "metadata.uid"


def _check_preconditions(kind: Kind, current: Document, options: Deletion) -> None:
    meta = current["metadata"]
    if options.uid and options.uid != meta["uid"]:
        why = (
            f"the UID in the precondition ({options.uid}) does not match the UID in record "
            f"({meta['uid']}). The object might have been deleted and then recreated"
        )
        raise problems.uid_precondition(kind, meta["name"], why)
    if options.revision and options.revision != meta["resourceVersion"]:
        why = (
            f"the ResourceVersion in the precondition ({options.revision}) does not match the "
            f"ResourceVersion in record ({meta['resourceVersion']}). The object might have been modified"
        )
        raise problems.uid_precondition(kind, meta["name"], why)
