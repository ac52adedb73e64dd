"""Resources that this Azure keeps and nothing more (`arm.md` 14.1): GET, PUT, DELETE, lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from arcctl.model.region import canonical
from arcctl.sandbox.azure import dependants, entra, identities, pages
from arcctl.sandbox.azure.answers import Answer, not_found
from arcctl.sandbox.azure.store import Resource

if TYPE_CHECKING:
    from arcctl.sandbox.azure.call import Call

# What has no life of its own has no provisioningState either.
_STATELESS = (
    "microsoft.authorization/",
    "microsoft.insights/diagnosticsettings",
    "microsoft.managedidentity/",
)


def get(call: Call) -> Answer:
    return Answer(body=existing(call).body)


def listing(call: Call) -> Answer:
    """List what lies in a collection; at a subscription, what lies in all its groups."""
    target = call.target
    if target.group:
        found = iter(call.azure.store.within(target.key))
    else:
        type_name = f"{target.namespace}/{'/'.join(target.types)}"
        found = call.azure.store.of_type(target.subscription, type_name)
    return pages.page(call, found, lambda resource: resource.body)


def put(call: Call) -> Answer:
    sent = call.document()
    dependants.check(call, sent)
    old = call.azure.store.get(call.target.key)
    document = _document(call, sent)
    if "identity" in document:
        before = old.body.get("identity") if old else None
        document["identity"] = _identity(call, document["identity"], before)
    if old:
        old.body |= document
        return Answer(200, old.body)
    _complete(document)
    return Answer(201, call.azure.store.put(Resource(document)).body)


def put_setting(call: Call) -> Answer:
    """Store a setting: 200, whether or not it was there (`connectedk8s.md` B.1, 25)."""
    return Answer(200, put(call).body)


def patch(call: Call) -> Answer:
    found = existing(call)
    sent = call.document()
    found.body |= {name: sent[name] for name in ("tags", "properties") if name in sent}
    return Answer(body=found.body)


def delete(call: Call) -> Answer:
    if call.azure.store.get(call.target.key) is None:
        return Answer(204)
    call.azure.remove(call.target.key)
    return Answer(200)


def existing(call: Call) -> Resource:
    found = call.azure.store.get(call.target.key)
    if found is None:
        kind = f"{call.target.namespace}/{'/'.join(call.target.types)}"
        raise not_found(kind, call.target.name, call.target.group)
    return found


def _document(call: Call, sent: dict[str, Any]) -> dict[str, Any]:
    names = ("tags", "kind", "identity", "sku", "extendedLocation")
    kept: dict[str, Any] = {name: sent[name] for name in names if name in sent}
    if sent.get("location"):
        kept["location"] = canonical(str(sent["location"]))
    return {
        "id": call.target.path,
        "name": call.target.name,
        "type": "/".join((call.target.namespace, *call.target.types)),
        **kept,
        "properties": (sent.get("properties") or {}) | _state(call),
    }


def _state(call: Call) -> dict[str, str]:
    if call.target.kind.startswith(_STATELESS):
        return {}
    return {"provisioningState": "Succeeded"}


def _identity(call: Call, sent: Any, before: dict[str, Any] | None) -> dict[str, Any] | None:
    found = identities.given(call, sent, before)
    return {**found, "tenantId": entra.TENANT} if found and "principalId" in found else found


def _complete(document: dict[str, Any]) -> None:
    if document["type"].lower() == "microsoft.managedidentity/userassignedidentities":
        own = {"principalId": str(uuid4()), "clientId": str(uuid4()), "tenantId": entra.TENANT}
        document["properties"] |= own
