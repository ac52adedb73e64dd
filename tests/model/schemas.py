"""As much of JSON Schema as the schemas of this project use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
}
KNOWN = {
    "$schema",
    "title",
    "description",
    "type",
    "additionalProperties",
    "required",
    "properties",
    "items",
    "enum",
    "const",
    "pattern",
}


def breaches(schema: dict[str, Any], value: Any, place: str = "plan") -> Iterator[str]:
    """Yield what of a value is against its schema."""
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    if "const" in schema and value != schema["const"]:
        yield f"{place} is not {schema['const']}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place} is none of {schema['enum']}"
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or (kind == "integer" and value is True)):
        yield f"{place} is no {kind}"
        return
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{place} does not match {schema['pattern']}"
    if isinstance(value, list):
        for number, each in enumerate(value):
            yield from breaches(schema.get("items", {}), each, f"{place}[{number}]")
    if isinstance(value, dict):
        yield from _of_object(schema, value, place)


def _of_object(schema: dict[str, Any], value: dict[str, Any], place: str) -> Iterator[str]:
    parts, other = schema.get("properties", {}), schema.get("additionalProperties", True)
    yield from (f"{place} lacks {name}" for name in schema.get("required", ()) if name not in value)
    for name, each in value.items():
        if name in parts:
            yield from breaches(parts[name], each, f"{place}.{name}")
        elif other is False:
            yield f"{place} must not have {name}"
        elif other is not True:
            yield from breaches(other, each, f"{place}.{name}")
