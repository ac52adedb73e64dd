"""What a good answer of the API server looks like, and what is wrong with any other.

An empty answer is not an empty list and not an absent object. Each function here is given the path
that was asked and the JSON that came; it returns what is wrong in a few words, "" where nothing is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from arcctl.clients.kubernetes import shapes
from arcctl.model.shape import misfit

if TYPE_CHECKING:
    from collections.abc import Callable

    Expected = Callable[[str, Any], str]

_BELOW = re.compile(r"/(?:api/v1|apis/[^/]+/[^/]+)/(?P<rest>.+)")
_PARTIAL = "PartialObjectMetadataList"


def anything(_path: str, body: object) -> str:
    """Expect an object."""
    return "" if isinstance(body, dict) else "no object"


def single(path: str, body: object) -> str:
    """Expect the object that the path names; documents of the server itself are some object."""
    if not isinstance(body, dict) or not body:
        return "no object" if body else "an empty object"
    name = _name(path)
    if not name:
        return ""
    if body.get("kind") == "Status":
        return "a Status in place of an object"
    metadata = body.get("metadata")
    if not isinstance(metadata, dict) or not metadata.get("name"):
        return "an object without a name"
    if metadata["name"] != name:
        return f"another object, {metadata['name']}"
    return misfit(body, shapes.of(_plural(path)))


def listed(path: str, body: object) -> str:
    """Expect a page of a list of the kind that the path names.

    `items: null` is how Go writes an empty one, beside the resourceVersion that each list has.
    """
    if not isinstance(body, dict):
        return "no list"
    kind, metadata = str(body.get("kind") or ""), body.get("metadata")
    if not kind.endswith("List"):
        return f"a {kind} in place of a list" if kind else "a list without a kind"
    if kind != _PARTIAL and not _plural(path).startswith(kind.removesuffix("List").lower()[:-1]):
        return f"a {kind}"
    if not isinstance(metadata, dict):
        return "a list without metadata"
    if not isinstance(metadata.get("continue") or "", str):
        return "a continue token that is no text"
    return _items(body, metadata, _plural(path))


def review(_path: str, body: object) -> str:
    """Expect the server's word on what one may do."""
    status = body.get("status") if isinstance(body, dict) else None
    said = isinstance(status, dict) and isinstance(status.get("allowed"), bool)
    return "" if said else "no word on what one may do"


def _items(body: dict[str, Any], metadata: dict[str, Any], plural: str) -> str:
    if "items" not in body:
        return "a list without items"
    items = body["items"]
    if items is None:
        return "" if metadata.get("resourceVersion") else "a list whose items are null"
    if not isinstance(items, list):
        return "a list whose items are no array"
    if not all(map(_has_name, items)):
        return "a list with items that have no name"
    shape = shapes.of(plural)
    return next(filter(None, (misfit(each, shape) for each in items)), "")


def _has_name(item: object) -> bool:
    metadata = item.get("metadata") if isinstance(item, dict) else None
    return isinstance(metadata, dict) and isinstance(metadata.get("name"), str)


def _parts(path: str) -> list[str]:
    found = _BELOW.fullmatch(path)
    parts = found["rest"].split("/") if found else []
    # What lies in a namespace begins with it; a namespace itself is an object like any other.
    return parts[2:] if len(parts) > 2 and parts[0] == "namespaces" else parts


def _name(path: str) -> str:
    """Return the name of the one object that a path names, "" where it names none."""
    parts = _parts(path)
    return parts[1] if len(parts) == 2 else ""


def _plural(path: str) -> str:
    return next(iter(_parts(path)), "")
