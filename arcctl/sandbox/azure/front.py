"""The headers that ARM's front door sets on every answer (`arm.md` 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from arcctl.sandbox.azure.throttle import sort_of

if TYPE_CHECKING:
    from arcctl.sandbox.azure.answers import Answer
    from arcctl.sandbox.azure.call import Call

_ALWAYS = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Cache": "CONFIG_NOCACHE",
}
_BUDGETS = {"reads": 11_999, "writes": 1_199, "deletes": 14_999}


def headers(call: Call, answer: Answer) -> dict[str, str]:
    """Return all headers of an answer: what is always there, then what the answer says."""
    request_id = str(uuid4())
    correlation = call.headers.get("x-ms-correlation-request-id") or request_id
    stamp = call.world.clock.now()
    sent = _ALWAYS | {
        "x-ms-request-id": request_id,
        "x-ms-correlation-request-id": correlation,
        "x-ms-routing-request-id": f"SANDBOX:{stamp:%Y%m%dT%H%M%SZ}:{correlation}",
    }
    client = call.headers.get("x-ms-client-request-id")
    if client and call.headers.get("x-ms-return-client-request-id", "").lower() == "true":
        sent["x-ms-client-request-id"] = client
    return sent | _remaining(call) | answer.headers


def _remaining(call: Call) -> dict[str, str]:
    """Count down what is left of a caller's budget; it fills up again where it is used up."""
    if not call.caller.object_id:
        return {}
    scope = "subscription" if call.target.subscription else "tenant"
    sort = sort_of(call.method)
    if call.azure.limits:
        left = call.remaining
        return {} if left is None else {f"x-ms-ratelimit-remaining-{scope}-{sort}": str(left)}
    spent = call.azure.spent
    key = f"{scope}-{sort}"
    spent[key] = (spent.get(key, -1) + 1) % _BUDGETS[sort]
    return {f"x-ms-ratelimit-remaining-{key}": str(_BUDGETS[sort] - spent[key])}
