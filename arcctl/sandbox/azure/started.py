"""How an answer tells that something goes on: headers of long-running operations (`arm.md` 1.1).

The real service sends no Retry-After (`arm.md` 0.10). The knobs of `faults.py` change what is
sent: no Azure-AsyncOperation, Location only, a host that nobody can reach, Retry-After.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from arcctl.sandbox.azure.answers import Answer, ArmError

if TYPE_CHECKING:
    from arcctl.sandbox.azure.call import Call
    from arcctl.sandbox.azure.operations import Operation

# The real URL carries a certificate, so clients meet one of some kilobytes here too.
_CERTIFICATE = secrets.token_urlsafe(1500)


def cluster_path(region: str, word: str = "operationStatuses") -> str:
    """Return a fresh path of the connected clusters' provider: tenant level, a `*` in its name."""
    name = f"{uuid4()}*{hashlib.sha256(secrets.token_bytes(32)).hexdigest().upper()}"
    return f"/providers/Microsoft.Kubernetes/locations/{region.upper()}/{word}/{name}"


def signature(call: Call) -> dict[str, str]:
    """Return the query parameters that make a URL good for one operation only."""
    ticks = int(call.world.clock.now().timestamp() * 10_000_000) + 621_355_968_000_000_000
    return {
        "t": str(ticks),
        "c": _CERTIFICATE,
        "s": secrets.token_urlsafe(256),
        "h": secrets.token_urlsafe(32),
    }


def check_signature(call: Call, operation: Operation) -> None:
    """Refuse a poll whose URL is not the one that was given out."""
    for name, value in operation.signature.items():
        if call.query.get(name) != value:
            raise ArmError(
                403,
                "InvalidOperationUrl",
                f"The query parameter '{name}' of the operation URL is missing or was changed.",
                cause="service",
            )


def url_of(call: Call, operation: Operation) -> str:
    """Return the URL of an operation; the configuration provider spells api-Version its way."""
    query = "".join(f"&{name}={value}" for name, value in operation.signature.items())
    word = "api-version" if operation.signature else "api-Version"
    return f"{call.origin}{operation.path}?{word}={call.version}{query}"


def headers(call: Call, operation: Operation, *, location: bool = False) -> dict[str, str]:
    """Return the headers that lead a client to an operation."""
    url = url_of(call, operation)
    sent = {"Azure-AsyncOperation": url}
    if location:
        sent["Location"] = url
    if call.knob("location_only"):
        sent = {"Location": url}
    if call.knob("no_async_header"):
        sent.pop("Azure-AsyncOperation")
    if call.knob("internal_location"):
        sent["Location"] = "https://eastus.rp.sandbox.invalid" + operation.path
    return sent | retry_after(call)


def retry_after(call: Call) -> dict[str, str]:
    """Return a Retry-After only where one is planned: seconds, or `date:SECONDS`."""
    plan = call.knob("retry_after")
    if not plan:
        return {}
    wanted = str(plan["retry_after"])
    if wanted.startswith("date:"):
        moment = call.world.clock.now() + timedelta(seconds=float(wanted.removeprefix("date:")))
        wanted = format_datetime(moment, usegmt=True)
    return {"Retry-After": wanted}


def plan_for(call: Call, operation: Operation) -> None:
    """Let planned faults decide how an operation will end."""
    if plan := call.knob("operation_fails"):
        wanted = plan["operation_fails"]
        operation.planned_failure = wanted if isinstance(wanted, dict) else {}
    if call.knob("operation_stuck"):
        operation.stuck = True


def cluster_status(call: Call) -> Answer:
    """Answer a poll of a connected cluster's operation."""
    operation = call.azure.operations.find(call.target.path)
    if operation is None:
        raise ArmError(404, "NotFound", "The operation does not exist.", cause="service")
    check_signature(call, operation)
    call.azure.operations.look(operation)
    status = 202 if operation.status == "Deleting" else 200
    return Answer(status, operation.cluster_document(), retry_after(call))
