"""Kubernetes protobuf, read only: helm and kubectl send some objects so (testbed.md 3).

A body is `k8s\\0` and an `Unknown` message that names the kind and holds the object's own message.
Only the messages in `MESSAGES` are understood; any other kind is refused as a media type.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.kubernetes.problems import bad_request, unsupported_media_type

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"k8s\0"
MEDIA_TYPES = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")

# message: field number → "name type", the type being a scalar, `map`, `bytesmap` or a message;
# a leading * marks a repeated field.
MESSAGES: dict[str, dict[int, str]] = {
    "ObjectMeta": {
        1: "name text", 2: "generateName text", 3: "namespace text", 5: "uid text",
        6: "resourceVersion text", 7: "generation int", 10: "deletionGracePeriodSeconds int",
        11: "labels map", 12: "annotations map", 13: "ownerReferences *OwnerReference",
        14: "finalizers *text",
    },
    "OwnerReference": {
        1: "kind text", 3: "name text", 4: "uid text", 5: "apiVersion text", 6: "controller bool",
        7: "blockOwnerDeletion bool",
    },
    "Secret": {
        1: "metadata ObjectMeta", 2: "data bytesmap", 3: "type text", 4: "stringData map",
        5: "immutable bool",
    },
    "ConfigMap": {
        1: "metadata ObjectMeta", 2: "data map", 3: "binaryData bytesmap", 4: "immutable bool",
    },
    "Namespace": {1: "metadata ObjectMeta", 2: "spec NamespaceSpec"},
    "NamespaceSpec": {1: "finalizers *text"},
    "ServiceAccount": {
        1: "metadata ObjectMeta", 3: "imagePullSecrets *LocalObjectReference",
        4: "automountServiceAccountToken bool",
    },
    "LocalObjectReference": {1: "name text"},
    "DeleteOptions": {
        1: "gracePeriodSeconds int", 2: "preconditions Preconditions", 3: "orphanDependents bool",
        4: "propagationPolicy text", 5: "dryRun *text",
    },
    "Preconditions": {1: "uid text", 2: "resourceVersion text"},
    "SelfSubjectAccessReview": {
        1: "metadata ObjectMeta", 2: "spec SelfSubjectAccessReviewSpec",
    },
    "SelfSubjectAccessReviewSpec": {
        1: "resourceAttributes ResourceAttributes",
        2: "nonResourceAttributes NonResourceAttributes",
    },
    "ResourceAttributes": {
        1: "namespace text", 2: "verb text", 3: "group text", 4: "version text",
        5: "resource text", 6: "subresource text", 7: "name text",
    },
    "NonResourceAttributes": {1: "path text", 2: "verb text"},
    "SelfSubjectRulesReview": {
        1: "metadata ObjectMeta", 2: "spec SelfSubjectRulesReviewSpec",
    },
    "SelfSubjectRulesReviewSpec": {1: "namespace text"},
    "Unknown": {1: "typeMeta TypeMeta", 2: "raw raw"},
    "TypeMeta": {1: "apiVersion text", 2: "kind text"},
}  # fmt: skip


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(data, at)
        else:
            size = {1: 8, 5: 4}[wire]
        yield number, data[at : at + size]
        at += size


def _scalar(kind: str, value: int | bytes) -> Any:
    if isinstance(value, int):
        return bool(value) if kind == "bool" else value
    if kind == "raw":
        return value
    return value.decode()


def _entry(value: bytes, *, binary: bool) -> dict[str, str]:
    pair = {number: item for number, item in _fields(value) if isinstance(item, bytes)}
    key, item = pair.get(1, b"").decode(), pair.get(2, b"")
    return {key: base64.b64encode(item).decode() if binary else item.decode()}


def _value(kind: str, value: int | bytes) -> Any:
    if isinstance(value, bytes) and kind in MESSAGES:
        return _message(kind, value)
    if isinstance(value, bytes) and kind in {"map", "bytesmap"}:
        return _entry(value, binary=kind == "bytesmap")
    return _scalar(kind, value)


def _message(message: str, data: bytes) -> dict[str, Any]:
    known = MESSAGES[message]
    result: dict[str, Any] = {}
    for number, raw in _fields(data):
        if number not in known:
            continue
        name, kind = known[number].split()
        value = _value(kind.removeprefix("*"), raw)
        if kind.startswith("*"):
            result.setdefault(name, []).append(value)
        elif kind in {"map", "bytesmap"}:
            result.setdefault(name, {}).update(value)
        elif value != "":
            result[name] = value
    return result


def decode(body: bytes) -> dict[str, Any]:
    """Turn a protobuf body into the object its JSON form would have been."""
    if not body.startswith(MAGIC):
        raise bad_request("provided data does not appear to be a protobuf message, expected prefix")
    try:
        unknown = _message("Unknown", body[len(MAGIC) :])
        kind = unknown["typeMeta"]["kind"]
        if kind not in MESSAGES:
            raise unsupported_media_type(MEDIA_TYPES[:2])
        return {**unknown["typeMeta"], **_message(kind, unknown.get("raw", b""))}
    except (IndexError, KeyError, UnicodeDecodeError) as error:
        raise bad_request(f"the protobuf body cannot be read: {error!r}") from error
