"""Writes as they come over the wire: options, patch types, sub-resources, collections (testbed.md 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.kubernetes import answers, patches, problems, server_side_apply, target
from arcctl.sandbox.kubernetes.api import Deletion
from arcctl.sandbox.kubernetes.kinds import ANSWERS_DELETED
from arcctl.sandbox.kubernetes.selectors import selection
from arcctl.sandbox.kubernetes.store import Document, copy_of, encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.sandbox.kubernetes.cluster import Cluster
    from arcctl.sandbox.kubernetes.kinds import Kind
    from arcctl.sandbox.kubernetes.store import Obj
    from arcctl.sandbox.kubernetes.target import Target

APPLY = frozenset({"application/apply-patch+yaml", "application/apply-patch+cbor"})
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
ACCEPTED = (JSON_PATCH, MERGE_PATCH, "application/apply-patch+yaml")
SUCCESS: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a write answers: an object, or a body that is already encoded."""

    value: Document | bytes
    status: int = 200


class Writer:
    """Carries out write requests on one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._api = cluster.api

    def write(
        self, verb: str, found: Target, body: bytes, media: str, query: Mapping[str, str]
    ) -> Outcome:
        """Carry out one write and say what to answer."""
        if verb in {"delete", "deletecollection"}:
            options = _deletion(target.decode(body, media, "DeleteOptions"), query)
            if verb == "delete":
                return self._delete(found, options)
            return self._delete_collection(found, options, query)
        dry_run = _dry_run(query.get("dryRun", ""), verb)
        if verb == "patch":
            return self._patch(found, target.decode_patch(body, media), media, query)
        obj = target.decode(body, media, found.kind.kind)
        if verb == "update":
            return self._update(found, obj, dry_run=dry_run)
        if found.part == "eviction":
            return self._evict(found)
        return self._create(found, obj, dry_run=dry_run)

    def _create(self, found: Target, obj: Obj, *, dry_run: bool) -> Outcome:
        if found.name:
            raise problems.method_not_allowed(found.kind)
        _check_body(found, obj, "")
        created = self._api.create(found.kind, found.namespace, obj, dry_run=dry_run)
        return Outcome(created, 201)

    def _evict(self, found: Target) -> Outcome:
        current = self._api.get(found.kind, found.namespace, found.name)
        self._api.delete(found.kind, current, Deletion())
        return Outcome(encode(SUCCESS | {"code": 201}), 201)

    def _update(self, found: Target, obj: Obj, *, dry_run: bool) -> Outcome:
        if not found.name:
            raise problems.method_not_allowed(found.kind)
        current = self._api.get(found.kind, found.namespace, found.name)
        if found.part == "scale":
            return self._scale(found, current, obj, dry_run=dry_run)
        _check_body(found, obj, found.name)
        return Outcome(self._api.update(found.kind, current, obj, part=found.part, dry_run=dry_run))

    @staticmethod
    def scale_of(document: Document) -> Obj:
        """Show a workload as a `Scale`."""
        labels = ((document["spec"].get("selector") or {}).get("matchLabels") or {}).items()
        kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        return {
            "kind": "Scale",
            "apiVersion": "autoscaling/v1",
            "metadata": {key: document["metadata"][key] for key in kept},
            "spec": {"replicas": document["spec"].get("replicas", 0)},
            "status": {
                "replicas": document["status"].get("replicas", 0),
                "selector": ",".join(f"{key}={value}" for key, value in sorted(labels)),
            },
        }

    def _scale(self, found: Target, current: Document, scale: Obj, *, dry_run: bool) -> Outcome:
        replicas = (scale.get("spec") or {}).get("replicas", 0)
        new = copy_of(current)
        new["spec"]["replicas"] = replicas
        new["metadata"]["resourceVersion"] = (scale.get("metadata") or {}).get(
            "resourceVersion", ""
        )
        changed = self._api.update(found.kind, current, new, dry_run=dry_run)
        return Outcome(encode(self.scale_of(changed)))

    def _patch(self, found: Target, patch: Any, media: str, query: Mapping[str, str]) -> Outcome:
        dry_run = query.get("dryRun") == "All"
        if media in APPLY:
            return self._apply(found, patch, query, dry_run=dry_run)
        current = self._api.get(found.kind, found.namespace, found.name)
        shown = current if found.part != "scale" else Document(self.scale_of(current))
        patched = _patched(found, shown, patch, media)
        if found.part == "scale":
            return self._scale(found, current, patched, dry_run=dry_run)
        _check_body(found, patched, found.name)
        return Outcome(
            self._api.update(found.kind, current, patched, part=found.part, dry_run=dry_run)
        )

    def _apply(
        self, found: Target, config: Any, query: Mapping[str, str], *, dry_run: bool
    ) -> Outcome:
        manager = query.get("fieldManager", "")
        _check_apply(found, config, manager)
        current = self._cluster.store.get(found.kind.key, found.namespace, found.name)
        if current is None:
            if found.part:
                raise problems.not_found(found.kind, found.name)
            _check_body(found, config, found.name)
            named = config | {"metadata": config["metadata"] | {"name": found.name}}
            created = self._api.create(found.kind, found.namespace, named, dry_run=dry_run)
            return self._applied(created, manager, config, 201, dry_run=dry_run)
        _check_body(found, config, found.name)
        uid = current["metadata"]["uid"]
        owners = self._api.owners.of(uid)
        force = query.get("force") in {"true", "1"}
        new = server_side_apply.apply(current, config, owners, manager, force=force)
        changed = self._api.update(found.kind, current, new, part=found.part, dry_run=dry_run)
        return self._applied(changed, manager, config, 200, dry_run=dry_run)

    def _applied(
        self, document: Document, manager: str, config: Obj, status: int, *, dry_run: bool
    ) -> Outcome:
        if not dry_run:
            self._api.owners.note(document["metadata"]["uid"], manager, config)
        return Outcome(document, status)

    def _delete(self, found: Target, options: Deletion) -> Outcome:
        current = self._api.get(found.kind, found.namespace, found.name)
        deleted = self._api.delete(found.kind, current, options)
        gone = self._cluster.store.get(found.kind.key, found.namespace, found.name) is None
        if not (gone or options.dry_run) or found.kind.plural in ANSWERS_DELETED:
            return Outcome(deleted)
        kind = found.kind
        details = {"name": found.name, "group": kind.group, "kind": kind.plural}
        kept = {key: value for key, value in details.items() if value}
        kept["uid"] = deleted["metadata"]["uid"]
        return Outcome(encode(SUCCESS | {"details": kept}))

    def _delete_collection(
        self, found: Target, options: Deletion, query: Mapping[str, str]
    ) -> Outcome:
        kind = found.kind
        matches = selection(query.get("labelSelector", ""), query.get("fieldSelector", ""), kind)
        there = self._cluster.store.items(kind.key, found.namespace or None)
        deleted = [self._api.delete(kind, each, options) for each in there if matches(each)]
        page = answers.Page(deleted, self._cluster.store.revision)
        return Outcome(answers.many(kind, page, "whole", self._cluster.clock.now()))


def _dry_run(text: str, verb: str) -> bool:
    if text not in {"", "All"}:
        message = f'Unsupported value: ["{text}"]: supported values: "All"'
        kind = f"{verb.capitalize()}Options"
        raise problems.invalid_options(kind, "FieldValueNotSupported", "dryRun", message)
    return text == "All"


def _deletion(body: Obj, query: Mapping[str, str]) -> Deletion:
    grace = body.get("gracePeriodSeconds", query.get("gracePeriodSeconds"))
    orphan = body.get("orphanDependents")
    older = {True: "Orphan", False: "Background"}.get(orphan, "") if orphan is not None else ""
    wanted = body.get("preconditions") or {}
    dry_run = body.get("dryRun") or query.getall("dryRun", [])  # type: ignore[attr-defined]  # a MultiDict
    return Deletion(
        grace=None if grace is None else int(grace),
        propagation=body.get("propagationPolicy") or query.get("propagationPolicy") or older,
        uid=wanted.get("uid", ""),
        revision=wanted.get("resourceVersion", ""),
        dry_run="All" in dry_run,
    )


def _check_body(found: Target, obj: Obj, name: str) -> None:
    """Refuse a body that is about something else than the path."""
    kind, meta = found.kind, obj.get("metadata") or {}
    if obj.get("kind", kind.kind) != kind.kind or (
        obj.get("apiVersion", kind.api_version) != kind.api_version
    ):
        raise problems.bad_request(_wrong_kind(kind, obj))
    if meta.get("name", name) != name and name:
        raise problems.bad_request(
            f"the name of the object ({meta['name']}) does not match the name on the URL ({name})"
        )
    if meta.get("namespace", found.namespace) != found.namespace and kind.namespaced:
        raise problems.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )


def _wrong_kind(kind: Kind, obj: Obj) -> str:
    version = str(obj.get("apiVersion", "")).rpartition("/")[2]
    group = kind.group.partition(".")[0] or "core"
    return (
        f'{obj.get("kind")} in version "{version}" cannot be handled as a {kind.kind}: converting '
        f"({version}.{obj.get('kind')}) to ({group}.{kind.kind}): unknown conversion"
    )


def _check_apply(found: Target, config: Any, manager: str) -> None:
    if not manager:
        text = "Required value: is required for apply patch"
        raise problems.invalid_options("PatchOptions", "FieldValueRequired", "fieldManager", text)
    if not isinstance(config, dict):
        raise problems.bad_request("error decoding YAML: an object is expected")
    if (config.get("metadata") or {}).get("managedFields"):
        raise problems.bad_request("metadata.managedFields must be nil")
    for field in ("apiVersion", "kind"):
        if not config.get(field):
            raise problems.bad_request(f"invalid object type: {field} must be set")
    config.setdefault("metadata", {}).setdefault("name", found.name)


def _patched(found: Target, current: Document, patch: Any, media: str) -> Obj:
    if media == JSON_PATCH:
        return dict(patches.json_patch(current, patch))
    if media == MERGE_PATCH:
        return dict(patches.merge(current, patch))
    if media != STRATEGIC:
        raise problems.unknown_patch_type()
    if found.kind.custom:
        raise problems.unsupported_media_type(ACCEPTED)
    return dict(patches.strategic(current, patch))
