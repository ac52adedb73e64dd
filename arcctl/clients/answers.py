"""What a good answer to a question looks like, and what is wrong with any other (`arm.md` 1).

A question is a GET, or a POST that changes nothing. An empty answer to it is not an empty list and
not an absent object: somebody on the way, or a service in trouble, has said nothing. Each function
here returns what is wrong with a JSON body in a few words, "" where nothing is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.model.shape import sort

if TYPE_CHECKING:
    from collections.abc import Callable

    Expected = Callable[[Any], str]

NOTHING = "an empty body"


def anything(_body: object) -> str:
    """Accept every JSON body, and none."""
    return ""


def document(body: object) -> str:
    """Expect an object of ARM: it has an `id`."""
    if body is None:
        return NOTHING
    if not isinstance(body, dict):
        return f"{sort(body)} in place of an object"
    found = body.get("id")
    return "" if isinstance(found, str) and found else "an object without an id"


def resource(body: object) -> str:
    """Expect a resource of ARM: it has an `id` and `properties`."""
    wrong = document(body)
    if wrong or not isinstance(body, dict):
        return wrong
    return "" if isinstance(body.get("properties"), dict) else "a resource without properties"


def page(body: object) -> str:
    """Expect a page of a list: `value` is an array of objects, `nextLink` a URL or nothing."""
    wrong = _array(body, "value")
    if wrong or not isinstance(body, dict):
        return wrong
    if body.get("error"):
        return "a list that names an error"
    link = body.get("nextLink")
    if link is None or link == "":
        return ""
    known = isinstance(link, str) and "://" in link
    return "" if known else f"a nextLink that is no URL: {str(link)[:80]}"


def rows(body: object) -> str:
    """Expect a page of Resource Graph: rows in `data`, and numbers that agree with them."""
    wrong = _array(body, "data")
    if wrong or not isinstance(body, dict):
        return wrong
    total, count, token = (body.get(key) for key in ("totalRecords", "count", "$skipToken"))
    if not _number(total) or not _number(count):
        return "rows without totalRecords and count"
    if count != len(body["data"]):
        return f"{len(body['data'])} rows, counted as {count}"
    if not (token is None or isinstance(token, str)):
        return "a $skipToken that is no text"
    if not token and str(body.get("resultTruncated", "")).lower() == "true":
        return "rows that were cut off (resultTruncated)"
    return ""


def settings(body: object) -> str:
    """Expect what Arc's configuration service says of chart and values."""
    if not isinstance(body, dict) or not body:
        return NOTHING if body is None else f"{sort(body)} in place of settings"
    values, path = body.get("helmValuesContent"), body.get("repositoryPath")
    if not (values is None or isinstance(values, dict)):
        return f"values that are {sort(values)}"
    if not (path is None or isinstance(path, str)):
        return "a repositoryPath that is no text"
    said = body.keys() & {"helmValuesContent", "repositoryPath"}
    return "" if said else "neither a chart nor values"


def _array(body: object, key: str) -> str:
    if body is None:
        return NOTHING
    if not isinstance(body, dict):
        return f"{sort(body)} in place of a list"
    if key not in body:
        return f"a list without {key}"
    found = body[key]
    if not isinstance(found, list):
        return f"a list whose {key} is {sort(found)}"
    return "" if all(isinstance(each, dict) for each in found) else f"a {key} of other than objects"


def _number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
