"""Managed identities of a child or an assignment: the service's own, and those of users (`arm.md` 18)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from arcctl.sandbox.azure.answers import bad_request

if TYPE_CHECKING:
    from arcctl.sandbox.azure.call import Call

_TYPES = {
    "": "None",
    "none": "None",
    "systemassigned": "SystemAssigned",
    "userassigned": "UserAssigned",
    "systemassigned,userassigned": "SystemAssigned, UserAssigned",
}
_ASSIGNED = "userAssignedIdentities"


def given(call: Call, sent: Any, old: dict[str, Any] | None = None) -> dict[str, Any] | None:
    """Return the identity as the service shows it; `old` is the one before, whose own part stays.

    Identities of users are named by their ids, and shown with principal and client.
    """
    if not isinstance(sent, dict):
        return old
    kind = _TYPES.get(str(sent.get("type") or "").replace(" ", "").lower())
    if kind is None:
        raise bad_request("InvalidIdentityType", f"'{sent.get('type')}' is no identity type.")
    shown: dict[str, Any] = {"type": kind}
    if "SystemAssigned" in kind:
        shown["principalId"] = (old or {}).get("principalId") or str(uuid4())
    if "UserAssigned" in kind:
        shown[_ASSIGNED] = _assigned(call, sent.get(_ASSIGNED))
    return None if kind == "None" else shown


def _assigned(call: Call, sent: Any) -> dict[str, dict[str, str]]:
    if not isinstance(sent, dict) or not sent:
        raise bad_request(
            "MissingIdentityIds",
            "The identity ids must not be null or empty for 'UserAssigned' identity type.",
        )
    return {path: _shown(call, path) for path, value in sent.items() if value is not None}


def _shown(call: Call, path: str) -> dict[str, str]:
    found = call.azure.store.get(path)
    if found is None:
        raise bad_request(
            "FailedIdentityOperation",
            f"Identity operation failed: the resource '{path}' was not found.",
        )
    own = found.properties
    return {name: str(own.get(name) or uuid4()) for name in ("principalId", "clientId")}
