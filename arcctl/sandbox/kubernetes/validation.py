"""The faults of a body that the API server finds most often, in its words (testbed.md 3).

Bodies are not checked against schemas: an unknown field is kept and a wrong type is not noticed.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.kubernetes.problems import invalid
from arcctl.sandbox.kubernetes.selectors import structured_selector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.sandbox.kubernetes.kinds import Kind
    from arcctl.sandbox.kubernetes.store import Obj

Fault = tuple[str, str, str]

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_LETTER_FIRST = "[a-z]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    f"for validation is '{_SUBDOMAIN}')"
)
LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex "
    f"used for validation is '{_LABEL}')"
)
LETTER_FIRST = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
    f"'abc-123', regex used for validation is '{_LETTER_FIRST}')"
)
NAME_RULES = {"namespaces": (_LABEL, LABEL), "services": (_LETTER_FIRST, LETTER_FIRST)}
FREE_NAMES = "rbac.authorization.k8s.io"

# What may not change after creation, as paths into the object.
IMMUTABLE = {
    "daemonsets": ("spec.selector",),
    "deployments": ("spec.selector",),
    "jobs": ("spec.selector", "spec.template", "spec.completions"),
    "replicasets": ("spec.selector",),
    "secrets": ("type",),
}
WORKLOADS = frozenset({"daemonsets", "deployments", "replicasets", "statefulsets"})


def _go(value: Any) -> str:
    """Print a value the way the server quotes it in a message."""
    if isinstance(value, str):
        return f'"{value}"'
    return str(value) if not isinstance(value, dict) else _map_text(value)


def _map_text(value: dict[str, Any]) -> str:
    inner = ", ".join(f'"{key}":{_go(item)}' for key, item in sorted(value.items()))
    return f"{{{inner}}}"


def _name_faults(kind: Kind, obj: Obj) -> Iterator[Fault]:
    name = obj["metadata"].get("name")
    if not name:
        text = "Required value: name or generateName is required"
        yield "FieldValueRequired", text, "metadata.name"
        return
    if kind.group == FREE_NAMES:
        return
    pattern, rule = NAME_RULES.get(kind.plural, (_SUBDOMAIN, SUBDOMAIN))
    if not re.fullmatch(pattern, name) or len(name) > 253:
        yield "FieldValueInvalid", f'Invalid value: "{name}": {rule}', "metadata.name"


def _containers(spec: Obj, path: str) -> Iterator[Fault]:
    if not spec.get("containers"):
        yield "FieldValueRequired", "Required value", f"{path}.containers"
    for place, container in enumerate(spec.get("containers") or ()):
        for field in ("name", "image"):
            if not container.get(field):
                where = f"{path}.containers[{place}].{field}"
                yield "FieldValueRequired", "Required value", where


def _workload(obj: Obj) -> Iterator[Fault]:
    spec = obj["spec"]
    labels = spec["template"]["metadata"].get("labels") or {}
    if not spec.get("selector"):
        yield "FieldValueRequired", "Required value", "spec.selector"
        text = f"Invalid value: {_map_text(labels)}: `selector` does not match template `labels`"
        yield "FieldValueInvalid", text, "spec.template.metadata.labels"
    elif not structured_selector(spec["selector"])(spec["template"]):
        text = f"Invalid value: {_map_text(labels)}: `selector` does not match template `labels`"
        yield "FieldValueInvalid", text, "spec.template.metadata.labels"
    yield from _containers(spec["template"]["spec"], "spec.template.spec")


def _job(obj: Obj) -> Iterator[Fault]:
    template = obj["spec"]["template"]["spec"]
    if template.get("restartPolicy") == "Always":
        text = 'Required value: valid values: "OnFailure", "Never"'
        yield "FieldValueRequired", text, "spec.template.spec.restartPolicy"
    yield from _containers(template, "spec.template.spec")


def _faults(kind: Kind, obj: Obj) -> Iterator[Fault]:
    yield from _name_faults(kind, obj)
    if kind.plural in WORKLOADS and not kind.custom:
        yield from _workload(obj)
    elif kind.key == ("batch", "jobs"):
        yield from _job(obj)
    elif kind.key == ("", "pods"):
        yield from _containers(obj["spec"], "spec")


def check_new(kind: Kind, obj: Obj) -> None:
    """Refuse a new object that could not be; expects its defaults filled in."""
    if faults := list(_faults(kind, obj)):
        raise invalid(kind, obj["metadata"].get("name", ""), faults)


def _at(obj: Obj, path: str) -> Any:
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _frozen_faults(kind: Kind, old: Obj, new: Obj) -> Iterator[Fault]:
    if "roleRef" in old and old["roleRef"] != new.get("roleRef"):
        role = {name[0].upper() + name[1:]: text for name, text in new["roleRef"].items()}
        shown = json.dumps({key.replace("Api", "API"): role[key] for key in role}, sort_keys=True)
        text = (
            f"Invalid value: {shown.replace(', ', ',').replace(': ', ':')}: cannot change roleRef"
        )
        yield "FieldValueInvalid", text, "roleRef"
    for path in () if kind.custom else IMMUTABLE.get(kind.plural, ()):
        if _at(old, path) != _at(new, path):
            text = f"Invalid value: {_go(_at(new, path))}: field is immutable"
            yield "FieldValueInvalid", text, path
    if kind.plural in {"configmaps", "secrets"} and old.get("immutable"):
        for field in ("data", "binaryData", "immutable"):
            if old.get(field) != new.get(field):
                text = "Forbidden: field is immutable when `immutable` is set"
                yield "FieldValueForbidden", text, field


def check_change(kind: Kind, old: Obj, new: Obj) -> None:
    """Refuse a change of what may not change, and a change into what could not be."""
    faults = [*_faults(kind, new), *_frozen_faults(kind, old, new)]
    if faults:
        raise invalid(kind, new["metadata"]["name"], faults)
