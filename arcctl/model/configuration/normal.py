"""A configuration resource in the one spelling in which two can be compared (`arm.md` 8.4)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from arcctl.model.configuration.fields import Field, filled_in
from arcctl.model.configuration.forms import FORMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.model.configuration.child import Child
    from arcctl.model.configuration.fields import Form
    from arcctl.model.connected_cluster import Body

# Lists whose order means nothing.
_SETS = frozenset({"dependsOn"})
_ENTRY = Field(empty=True)


def normal(child: Child) -> dict[str, Any]:
    """Return every field that says something, by its dotted name.

    What equals the service's default counts as not said; words, ids and urls of resources are in
    lower case. A map's entry without any field of its own is there with the value {}.
    """
    found = {
        path: spelled
        for path, field, value in _leaves(FORMS[child.kind], child.body, "")
        if (spelled := _spelled(field, path, value)) != _default(field) or field.empty
    }
    automatic = found.get("autoUpgradeMinorVersion") is not False
    if found.get("autoUpgradeMode") == ("compatible" if automatic else "none"):
        del found["autoUpgradeMode"]  # older versions do not show it, and it says no more
    return found


def said(child: Child) -> dict[str, Any]:
    """Return the same fields in their own words, those with the service's default among them."""
    return {path: value for path, _, value in _leaves(FORMS[child.kind], child.body, "")}


def _leaves(form: Form, body: Body, above: str) -> Iterator[tuple[str, Field, Any]]:
    for name, field in form.items():
        value, path = body.get(name), f"{above}{name}"
        below = "" if path == "properties" else f"{path}."
        if field.parts is not None and isinstance(value, dict):
            yield from _leaves(field.parts, value, below)
        elif field.each is not None and isinstance(value, dict):
            for key, entry in value.items():
                entry_path = f"{below}{key.lower() if _is_id(key) else key}"
                yield entry_path, _ENTRY, {}
                yield from _leaves(field.each, entry or {}, f"{entry_path}.")
        else:
            yield from _values(field, path, value)


def _values(field: Field, path: str, value: Any) -> Iterator[tuple[str, Field, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _values(field, f"{path}.{key}", each)
    elif filled_in(value):
        yield path, field, value


def _default(field: Field) -> Any:
    return field.default.lower() if field.word and field.default else field.default


def _spelled(field: Field, path: str, value: Any) -> Any:
    name = path.rpartition(".")[2]
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
