"""Resources that a scenario brings along, completed as their services would have left them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from arcctl.sandbox.azure import (
    children,
    extension_types,
    extensions,
    flux,
    flux_body,
    source_control,
    times,
)
from arcctl.sandbox.azure.store import Resource

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_PROTECTED = "configurationProtectedSettings"


def resource(document: Mapping[str, Any], now: datetime) -> Resource:
    """Return a resource from a document that has at least an id; a bad one is a ValueError."""
    if not isinstance(document, dict) or "/" not in str(document.get("id", "")):
        raise ValueError(f"a resource needs an id: {document}")
    parts = document["id"].rpartition("/providers/")[2].split("/")
    kind = "/".join([parts[0], *parts[1::2]])
    complete = _COMPLETE.get(kind.lower(), _as_it_is)
    found = complete({"name": parts[-1], "type": kind, "properties": {}, **document}, now)
    # Whatever a scenario brings along was there long before.
    found.made = now - timedelta(days=30)
    return found


def _as_it_is(document: dict[str, Any], _now: datetime) -> Resource:
    return Resource(document)


def _extension(document: dict[str, Any], now: datetime) -> Resource:
    sent = document["properties"]
    names = document.pop("secrets", ())
    secrets = children.digests(sent.pop(_PROTECTED, {}) | dict.fromkeys(names, "planted"))
    catalogue = extension_types.known(sent.get("extensionType", ""))
    document["properties"] = extensions.defaults() | {
        "provisioningState": "Succeeded",
        "currentVersion": sent.get("version") or catalogue.versions[0],
        "scope": {"cluster": {"releaseNamespace": catalogue.namespace}},
        **sent,
    }
    document.setdefault("identity", {"type": "SystemAssigned"})
    if "SystemAssigned" in document["identity"]["type"]:
        document["identity"].setdefault("principalId", str(uuid4()))
    document["systemData"] = _system_data(now)
    return Resource({"plan": None, **document}, secrets=secrets)


def _flux(document: dict[str, Any], now: datetime) -> Resource:
    sent = document["properties"]
    properties = flux_body.read(sent)
    secrets = children.digests(flux_body.hidden(properties) | sent.get(_PROTECTED, {}))
    document["systemData"] = _system_data(now)
    found = Resource(document)
    flux.write(found, properties, secrets)
    found.state = "Succeeded"
    flux.report(found, times.offset(now))
    return found


def _source_control(document: dict[str, Any], now: datetime) -> Resource:
    sent = document["properties"]
    secrets = children.digests(sent.get(_PROTECTED, {}))
    document["properties"] = source_control.completed(sent)
    document["systemData"] = _system_data(now)
    found = Resource(document, secrets=secrets)
    found.state = "Succeeded"
    return found


def _system_data(now: datetime) -> dict[str, Any]:
    stamp = times.offset(now)
    return {
        "createdBy": None,
        "createdByType": None,
        "createdAt": stamp,
        "lastModifiedBy": None,
        "lastModifiedByType": None,
        "lastModifiedAt": stamp,
    }


_COMPLETE = {
    extensions.TYPE.lower(): _extension,
    flux.TYPE.lower(): _flux,
    source_control.TYPE.lower(): _source_control,
}
