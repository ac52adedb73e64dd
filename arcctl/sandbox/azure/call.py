"""One request, as the handlers see it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.model.region import canonical
from arcctl.sandbox.azure.answers import ArmError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.sandbox.azure.paths import Target
    from arcctl.sandbox.azure.state import Azure
    from arcctl.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a principal of one tenant, by its token."""

    object_id: str
    app_id: str
    tenant: str
    name: str
    type: str = "Application"


# ARM reads these itself before any provider sees the body; null counts as absent.
_ENVELOPE: dict[str, type] = {
    "location": str,
    "kind": str,
    "managedBy": str,
    "tags": dict,
    "identity": dict,
    "plan": dict,
    "sku": dict,
    "properties": dict,
}
NOBODY = Caller("", "", "", "")


@dataclass(slots=True)
class Call:
    """`query` has lower-cased names; `origin` is the scheme and host that the client used.

    `remaining` is what is left of the caller's budget where requests are counted.
    """

    world: World
    method: str
    target: Target
    query: Mapping[str, str]
    headers: Mapping[str, str]
    origin: str
    content: bytes = b""
    caller: Caller = NOBODY
    remaining: int | None = None

    @property
    def azure(self) -> Azure:
        return self.world.azure

    @property
    def version(self) -> str:
        return self.query.get("api-version", "")

    @property
    def is_write(self) -> bool:
        return self.method not in {"GET", "HEAD"}

    def document(self) -> dict[str, Any]:
        """Return the body, which must be a JSON object."""
        try:
            body = json.loads(self.content or b"null")
        except ValueError as error:
            raise _unreadable(f"The request content could not be parsed: {error}.") from error
        if not isinstance(body, dict):
            raise _unreadable("The request content must be a JSON object.")
        for name, expected in _ENVELOPE.items():
            if not isinstance(body.get(name), expected | None):
                raise _unreadable(f"The value of '{name}' is not what was expected.")
        return body

    def location(self) -> str:
        """Return the location that the body asks for, or nothing; the body may be nonsense."""
        return location_in(self.content)

    def region(self) -> str:
        """Return the region that would serve this request, as far as one can tell."""
        return self.azure.region_of(self.target.path, self.content)

    def knob(self, *actions: str, service: str = "arm") -> dict[str, Any] | None:
        """Consume a planned fault that waits for this request, if there is one."""
        if not self.world.faults.waiting:
            return None
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        return self.world.faults.take(
            service,
            *actions,
            method=self.method,
            path=self.target.path,
            query=query,
            region=self.region,
        )


def location_in(content: bytes) -> str:
    """Return the location in a body, in its canonical form, or nothing."""
    try:
        body = json.loads(content or b"null")
    except ValueError:
        return ""
    found = body.get("location") if isinstance(body, dict) else None
    return canonical(found) if isinstance(found, str) else ""


def _unreadable(message: str) -> ArmError:
    return ArmError(400, "InvalidRequestContent", message)
