"""Lists in pages (`arm.md` 1, 14.2): 100 at a time, linked by absolute URLs."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from arcctl.sandbox.azure.answers import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from arcctl.sandbox.azure.call import Call
    from arcctl.sandbox.azure.store import Resource

LIMIT = 1000


def page(
    call: Call,
    found: Iterable[Resource],
    show: Callable[[Resource], dict[str, Any]],
    *,
    always_link: bool = False,
) -> Answer:
    """Answer one page. The token holds where it begins and how long the pages are."""
    start, size = _position(call)
    if not start and call.knob("empty_page"):
        return Answer(body={"value": [], "nextLink": _link(call, 0, size)})
    window = list(islice(found, start, start + size + 1))
    body: dict[str, Any] = {"value": [show(resource) for resource in window[:size]]}
    if len(window) > size:
        body["nextLink"] = _link(call, start + size, size)
    elif always_link:
        body["nextLink"] = None
    return Answer(body=body)


def _position(call: Call) -> tuple[int, int]:
    token = call.query.get("$skiptoken", "")
    if token:
        start, _, length = token.partition(".")
        return int(start), int(length)
    plan = call.knob("page_size")
    size = int(plan["page_size"]) if plan else call.azure.page_size
    top = call.query.get("$top", "")
    return 0, min(int(top) if top.isdigit() and int(top) else size, LIMIT)


def _link(call: Call, start: int, size: int) -> str:
    kept = {name: value for name, value in call.query.items() if name != "$skiptoken"}
    query = urlencode(kept | {"$skiptoken": f"{start}.{size}"}, safe="$", quote_via=quote)
    return f"{call.origin}{call.target.path}?{query}"
