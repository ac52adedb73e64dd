"""A configuration resource in the one spelling in which two can be compared (`arm.md` 8.4)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from arcctl.model.configuration.fields import filled_in
from arcctl.model.configuration.forms import FORMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.model.configuration.child import Child
    from arcctl.model.configuration.fields import Field, Form
    from arcctl.model.connected_cluster import Body

# Lists whose order means nothing.
_SETS = frozenset({"dependsOn"})


def normal(child: Child) -> dict[str, Any]:
    """Return every field that says something, by its dotted name.

    What equals the service's default counts as not said; words, ids and urls of resources are in
    lower case. A map's entry without any field of its own is there with the value {}.
    """
    found = dict(_fields(FORMS[child.kind], child.body, ""))
    automatic = found.get("autoUpgradeMinorVersion") is not False
    if found.get("autoUpgradeMode") == ("compatible" if automatic else "none"):
        del found["autoUpgradeMode"]  # older versions do not show it, and it says no more
    return found


def _fields(form: Form, body: Body, above: str) -> Iterator[tuple[str, Any]]:
    for name, field in form.items():
        value, path = body.get(name), f"{above}{name}"
        below = "" if path == "properties" else f"{path}."
        if field.parts is not None and isinstance(value, dict):
            yield from _fields(field.parts, value, below)
        elif field.each is not None and isinstance(value, dict):
            for key, entry in value.items():
                yield f"{below}{key}", {}
                yield from _fields(field.each, entry or {}, f"{below}{key}.")
        else:
            yield from _value(field, name, path, value)


def _value(field: Field, name: str, path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _value(field, key, f"{path}.{key}", each)
    elif filled_in(value):
        found = _spelled(field, name, value)
        if found != _default(field):
            yield path, found


def _default(field: Field) -> Any:
    return field.default.lower() if field.word and field.default else field.default


def _spelled(field: Field, name: str, value: Any) -> Any:
    if isinstance(value, str):
        text = value.rstrip() if name == "operatorParams" else value
        return text.lower() if field.word or _is_id(text) else text
    if isinstance(value, list):
        return sorted(map(_text, value)) if name in _SETS else value
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _is_id(text: str) -> bool:
    return text.lower().startswith(("/subscriptions/", "/providers/"))
