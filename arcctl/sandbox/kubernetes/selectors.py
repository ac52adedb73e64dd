"""Label and field selectors, in the grammar the API server takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.kubernetes.problems import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.sandbox.kubernetes.kinds import Kind
    from arcctl.sandbox.kubernetes.store import Obj

_TERM = re.compile(r"[^,(]+(?:\([^)]*\))?")
_SET = re.compile(r"^(\S+)\s+(in|notin)\s*\(([^)]*)\)$")

_COMMON_FIELDS = frozenset({"metadata.name", "metadata.namespace"})
_FIELDS: dict[str, frozenset[str]] = {
    "pods": frozenset({
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
        "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName",
    }),
    "events": frozenset({
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name",
        "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.resourceVersion",
        "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
    }),
    "namespaces": frozenset({"status.phase"}),
    "nodes": frozenset({"spec.unschedulable"}),
    "secrets": frozenset({"type"}),
    "jobs": frozenset({"status.successful"}),
    "replicasets": frozenset({"status.replicas"}),
}  # fmt: skip


def _values(text: str) -> frozenset[str]:
    return frozenset(value.strip() for value in text.split(","))


def _term(text: str) -> Callable[[dict[str, str]], bool]:
    text = text.strip()
    if found := _SET.match(text):
        key, operator, values = found[1], found[2], _values(found[3])
        if operator == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if "!=" in text:
        key, _, value = (part.strip() for part in text.partition("!="))
        return lambda labels: labels.get(key) != value
    if "=" in text:
        key, value = (part.strip() for part in re.split("==?", text, maxsplit=1))
        return lambda labels: labels.get(key) == value
    if text.startswith("!"):
        return lambda labels: text[1:].strip() not in labels
    return lambda labels: text in labels


def label_selector(text: str) -> Callable[[Obj], bool]:
    """Read a `labelSelector` query parameter."""
    terms = [_term(part) for part in _TERM.findall(text)]
    return lambda obj: all(term(obj["metadata"].get("labels") or {}) for term in terms)


def _expression(expression: dict[str, Any]) -> Callable[[dict[str, str]], bool]:
    key, values = expression["key"], frozenset(expression.get("values") or ())
    tests: dict[str, Callable[[dict[str, str]], bool]] = {
        "In": lambda labels: labels.get(key) in values,
        "NotIn": lambda labels: labels.get(key) not in values,
        "Exists": lambda labels: key in labels,
        "DoesNotExist": lambda labels: key not in labels,
    }
    return tests[expression["operator"]]


def structured_selector(selector: dict[str, Any]) -> Callable[[Obj], bool]:
    """Read the `selector` of a workload: `matchLabels` and `matchExpressions`."""
    wanted = (selector.get("matchLabels") or {}).items()
    terms = [_expression(each) for each in selector.get("matchExpressions") or ()]

    def matches(obj: Obj) -> bool:
        labels = obj["metadata"].get("labels") or {}
        return wanted <= labels.items() and all(term(labels) for term in terms)

    return matches


def _field(obj: Obj, path: str) -> str:
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return str(value.get("component", ""))
    return "" if value is None else str(value)


def field_selector(text: str, kind: Kind) -> Callable[[Obj], bool]:
    """Read a `fieldSelector` query parameter; a kind answers only to the fields it indexes."""
    tests = []
    for part in filter(None, text.split(",")):
        negative = "!=" in part
        path, _, value = part.partition("!=") if negative else part.partition("=")
        value = value.removeprefix("=")
        if path not in _COMMON_FIELDS | _FIELDS.get(kind.plural, frozenset()):
            raise bad_request(f"field label not supported: {path}")
        tests.append((path, value, negative))
    return lambda obj: all((_field(obj, path) == value) != no for path, value, no in tests)


def always(_: Obj) -> bool:
    return True


def selection(labels: str, fields: str, kind: Kind) -> Callable[[Obj], bool]:
    """Combine both query parameters into one question about an object."""
    if not labels and not fields:
        return always
    by_label = label_selector(labels) if labels else always
    by_field = field_selector(fields, kind) if fields else always
    return lambda obj: by_label(obj) and by_field(obj)
