"""What a request is about: its path taken apart, and its body decoded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.kubernetes import problems, protobuf

if TYPE_CHECKING:
    from arcctl.sandbox.kubernetes.kinds import Kind, Kinds

VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}
PROTOBUF = "application/vnd.kubernetes.protobuf"


@dataclass(frozen=True, slots=True)
class Target:
    """A kind and, as far as the path goes, a namespace, a name and a sub-resource."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    part: str = ""

    def verb(self, method: str, *, watching: bool) -> str:
        """Name the verb as authorization knows it."""
        if method in {"GET", "HEAD"}:
            if self.name:
                return "get"
            return "watch" if watching else "list"
        if method == "DELETE":
            return "delete" if self.name else "deletecollection"
        return VERBS.get(method, method.lower())


class NoSuchGroup(Exception):
    """No handler is registered under this path: the real server answers in plain text then."""


def find(kinds: Kinds, path: str) -> Target:
    """Take a resource path apart, or answer that there is nothing of that name."""
    parts = path.strip("/").split("/")
    if parts[0] == "api":
        group, rest = "", parts[1:]
    else:
        group, rest = (parts[1] if len(parts) > 1 else ""), parts[2:]
    if len(rest) < 2 or parts[0] not in {"api", "apis"}:
        raise NoSuchGroup
    if not kinds.has_group(group):
        raise NoSuchGroup
    version, rest = rest[0], rest[1:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in {"status", "finalize"}:
        namespace, rest = rest[1], rest[2:]
    kind = kinds.find(group, version, rest[0])
    if kind is None or len(rest) > 3 or (namespace and not kind.namespaced):
        raise problems.no_such_path()
    name, part = [*rest[1:], "", ""][:2]
    if part and part not in kind.subresources:
        raise problems.no_such_path()
    if kind.namespaced and name and not namespace:
        raise problems.no_such_path()
    return Target(kind, namespace, name, part)


def media_type(header: str) -> str:
    return header.partition(";")[0].strip().lower()


def decode(body: bytes, content_type: str, kind: str = "") -> dict[str, Any]:
    """Read a body in any of the encodings that Kubernetes clients use."""
    if not body:
        return {}
    if content_type == PROTOBUF or body.startswith(protobuf.MAGIC):
        return protobuf.decode(body)
    try:
        found = decode_patch(body, content_type)
    except problems.ApiError as error:
        text = f"the object provided is unrecognized (must be of type {kind}): {error.message}"
        raise problems.bad_request(text) from error
    if not isinstance(found, dict):
        text = "couldn't get version/kind; json parse error: the body is not an object"
        raise problems.bad_request(text)
    return found


def decode_patch(body: bytes, content_type: str) -> Any:
    """Read JSON, or YAML where the content type says so."""
    try:
        if "yaml" in content_type and not body.lstrip().startswith(b"{"):
            import yaml

            return _yaml(body, yaml)
        return json.loads(body)
    except ValueError as error:
        raise problems.bad_request(
            f"couldn't get version/kind; json parse error: {error}"
        ) from error


def _yaml(body: bytes, yaml: Any) -> Any:
    try:
        return yaml.load(body, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
