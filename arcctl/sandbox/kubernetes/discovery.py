"""The documents by which a client finds out what is served (testbed.md 3).

helm reads two dozen of them at every start, and worlds that begin alike serve the same kinds, so
they are encoded once for each set of kinds.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.kubernetes.store import encode

if TYPE_CHECKING:
    from arcctl.sandbox.kubernetes.kinds import Kind, Kinds

Json = dict[str, Any]
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
OPENAPI_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
# An OpenAPI 2 document without definitions, as a protobuf message whose first field says "2.0".
# kubectl validates lists by it, and lets pass what it finds no definition of.
NO_DEFINITIONS = b"\n\x032.0"
INFO = {"title": "Kubernetes", "version": "embedded"}
PART_KINDS = {"scale": ("autoscaling", "v1", "Scale"), "eviction": ("policy", "v1", "Eviction")}
PART_VERBS = {
    "eviction": ["create"],
    "finalize": ["update"],
    "log": ["get"],
}
# Every write operation names these; helm and kubectl look for fieldValidation before they dare.
WRITE_PARAMETERS = [
    {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
    for name in ("dryRun", "fieldManager", "fieldValidation", "force")
]


def _resource(kind: Kind) -> Json:
    found: Json = {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": list(kind.verbs),
    }
    if kind.short:
        found["shortNames"] = list(kind.short)
    if kind.categories:
        found["categories"] = list(kind.categories)
    if "list" in kind.verbs:
        found["storageVersionHash"] = _short_hash(f"{kind.group}/{kind.kind}")
    return found


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:11] + "="


def _part(kind: Kind, part: str) -> Json:
    found: Json = {
        "name": f"{kind.plural}/{part}",
        "singularName": "",
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": PART_VERBS.get(part, ["get", "patch", "update"]),
    }
    if part in PART_KINDS:
        group, version, name = PART_KINDS[part]
        found |= {"group": group, "version": version, "kind": name}
    return found


def _aggregated(kind: Kind) -> Json:
    response = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    found: Json = {
        "resource": kind.plural,
        "responseKind": response,
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": list(kind.verbs),
    }
    if kind.short:
        found["shortNames"] = list(kind.short)
    if kind.categories:
        found["categories"] = list(kind.categories)
    if kind.subresources:
        found["subresources"] = [_aggregated_part(kind, part) for part in kind.subresources]
    return found


def _aggregated_part(kind: Kind, part: str) -> Json:
    group, version, name = PART_KINDS.get(part, (kind.group, kind.version, kind.kind))
    return {
        "subresource": part,
        "responseKind": {"group": group, "version": version, "kind": name},
        "verbs": PART_VERBS.get(part, ["get", "patch", "update"]),
    }


def _operation(kind: Kind) -> Json:
    gvk = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    return {
        "parameters": WRITE_PARAMETERS,
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-group-version-kind": gvk,
    }


class Discovery:
    """Discovery and OpenAPI documents of the kinds served now, encoded."""

    def __init__(self, kinds: Kinds, version: str) -> None:
        self._kinds = kinds
        self._edition = -1
        self._documents: dict[str, bytes] = {}
        self._version = version

    def document(self, path: str, accept: str) -> bytes | None:
        """Return the document at a path, or None where there is none."""
        if self._edition != self._kinds.edition:
            self._documents = _documents(self._kinds.all(), self._version)
            self._edition = self._kinds.edition
        if path in {"/api", "/apis"} and accept.startswith(AGGREGATED):
            return self._documents[f"{path}?aggregated"]
        return self._documents.get(path)


@lru_cache(maxsize=16)
def _documents(kinds: tuple[Kind, ...], server_version: str) -> dict[str, bytes]:
    served: dict[str, dict[str, list[Kind]]] = {}
    for kind in kinds:
        served.setdefault(kind.group, {}).setdefault(kind.version, []).append(kind)
    found = {
        "/version": _version_document(server_version),
        "/api": {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []},
        "/openapi/v2": {"swagger": "2.0", "info": INFO, "paths": {}, "definitions": {}},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": _groups(served)},
        "/api?aggregated": _aggregated_list({"": served[""]}),
        "/apis?aggregated": _aggregated_list({g: v for g, v in served.items() if g}),
    }
    found |= {f"/apis/{group['name']}": _group_document(group) for group in _groups(served)}
    found |= _version_documents(served)
    found |= _openapi(served)
    return {path: encode(document) for path, document in found.items()}


def _version_document(server_version: str) -> Json:
    major, minor, _ = server_version.removeprefix("v").split(".", 2)
    return {
        "major": major,
        "minor": minor,
        "emulationMajor": major,
        "emulationMinor": minor,
        "minCompatibilityMajor": major,
        "minCompatibilityMinor": str(int(minor) - 1),
        "gitVersion": server_version,
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "gc",
        "platform": "linux/amd64",
    }


def _groups(served: dict[str, dict[str, list[Kind]]]) -> list[Json]:
    found = []
    for group, versions in served.items():
        if group:
            listed = [{"groupVersion": f"{group}/{v}", "version": v} for v in versions]
            found.append({"name": group, "versions": listed, "preferredVersion": listed[0]})
    return found


def _group_document(group: Json) -> Json:
    return {"kind": "APIGroup", "apiVersion": "v1"} | group


def _version_documents(served: dict[str, dict[str, list[Kind]]]) -> dict[str, Json]:
    found = {}
    for group, versions in served.items():
        for version, kinds in versions.items():
            resources = []
            for kind in kinds:
                resources += [_resource(kind), *(_part(kind, part) for part in kind.subresources)]
            found[_path(group, version)] = {
                "kind": "APIResourceList",
                "apiVersion": "v1",
                "groupVersion": kinds[0].api_version,
                "resources": resources,
            }
    return found


def _path(group: str, version: str) -> str:
    return f"/apis/{group}/{version}" if group else f"/api/{version}"


def _aggregated_list(served: dict[str, dict[str, list[Kind]]]) -> Json:
    items = []
    for group, versions in served.items():
        listed = [
            {
                "version": version,
                "freshness": "Current",
                "resources": [_aggregated(kind) for kind in kinds],
            }
            for version, kinds in versions.items()
        ]
        meta = {"name": group, "creationTimestamp": None} if group else {"creationTimestamp": None}
        items.append({"metadata": meta, "versions": listed})
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    }


def _openapi(served: dict[str, dict[str, list[Kind]]]) -> dict[str, Json]:
    documents: dict[str, Json] = {}
    index: dict[str, Json] = {}
    for group, versions in served.items():
        for version, kinds in versions.items():
            path = _path(group, version)
            document = _openapi_document(path, kinds)
            digest = hashlib.sha256(json.dumps(document).encode()).hexdigest().upper()
            documents[f"/openapi/v3{path}"] = document
            address = f"/openapi/v3{path}?hash={digest}"
            index[path.removeprefix("/")] = {"serverRelativeURL": address}
    documents["/openapi/v3"] = {"paths": index}
    return documents


def _openapi_document(path: str, kinds: list[Kind]) -> Json:
    paths = {}
    for kind in kinds:
        where = f"{path}/namespaces/{{namespace}}" if kind.namespaced else path
        paths[f"{where}/{kind.plural}/{{name}}"] = {"patch": _operation(kind)}
    return {
        "openapi": "3.0.0",
        "info": INFO,
        "paths": paths,
    }
