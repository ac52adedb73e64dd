"""What is seen of a configuration resource and never sent: flat, without what says nothing.

Keys of all kinds: `provisioningState`, `error`, and `shown`, the dotted names of secrets in whose
places something stands. Extensions: `currentVersion`, `principalId`, `isSystemExtension`,
`managedBy`, and `protectedKeys`, a list that is missing where the service did not tell. Flux:
`complianceState`, `repositoryPublicKey`, `sourceSyncedCommitId`. Source control: the first two of
these. What comes from a manifest has `declared` instead, the names of its secrets; where secrets
alone are sent, `given` has the names of those that a person gave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.model.configuration.fields import filled_in
from arcctl.model.configuration.forms import PROTECTED
from arcctl.model.configuration.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcctl.model.connected_cluster import Body


def of(kind: Kind, resource: Body, shown: Sequence[str]) -> Body:
    """Return the state of a resource as ARM answered it (`arm.md` 4.2, 5.1, 6)."""
    properties: Body = resource.get("properties") or {}
    seen = {"provisioningState": properties.get("provisioningState"), "shown": list(shown)}
    match kind:
        case Kind.EXTENSION:
            seen |= _extension(resource, properties)
        case Kind.FLUX:
            seen |= _flux(properties)
        case Kind.SOURCE_CONTROL:
            seen |= _source_control(properties)
    said = {name: value for name, value in seen.items() if filled_in(value) and value is not False}
    keys = properties.get(PROTECTED)
    # Only extensions tell the names; Flux and source control always answer {} (`arm.md` 0.5).
    if kind is Kind.EXTENSION and isinstance(keys, dict):
        said["protectedKeys"] = sorted(keys)
    return said


def _extension(resource: Body, properties: Body) -> Body:
    identity = resource.get("identity") or {}
    return {
        "currentVersion": properties.get("currentVersion") or properties.get("version"),
        "principalId": identity.get("principalId"),
        "isSystemExtension": bool(properties.get("isSystemExtension")),
        "managedBy": resource.get("managedBy"),
        "error": _error(properties),
    }


def _error(properties: Body) -> str:
    info = properties.get("errorInfo") or {}
    if isinstance(info, dict) and info.get("message"):
        return f"{info.get('code') or 'error'}: {info['message']}"
    found = [each for each in properties.get("statuses") or () if isinstance(each, dict)]
    bad = [each for each in found if str(each.get("level", "")).lower() == "error"]
    return str(bad[0].get("message") or bad[0].get("code") or "") if bad else ""


def _flux(properties: Body) -> Body:
    return {
        "complianceState": properties.get("complianceState"),
        "repositoryPublicKey": properties.get("repositoryPublicKey"),
        "sourceSyncedCommitId": properties.get("sourceSyncedCommitId"),
        "error": properties.get("errorMessage"),
    }


def _source_control(properties: Body) -> Body:
    compliance = properties.get("complianceStatus") or {}
    failed = str(compliance.get("messageLevel", "")).lower() == "error"
    return {
        "complianceState": compliance.get("complianceState"),
        "repositoryPublicKey": properties.get("repositoryPublicKey"),
        "error": compliance.get("message") if failed else "",
    }
