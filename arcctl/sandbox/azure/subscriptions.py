"""Tenants, subscriptions and their regions (`arm.md` 9; `az-on-the-wire.md` 4 T4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.sandbox.azure import access, entra, regions
from arcctl.sandbox.azure.answers import Answer

if TYPE_CHECKING:
    from arcctl.sandbox.azure.call import Call


def tenants(_call: Call) -> Answer:
    tenant = {
        "id": f"/tenants/{entra.TENANT}",
        "tenantId": entra.TENANT,
        "displayName": "Sandbox",
        "defaultDomain": entra.TENANT_DOMAIN,
        "tenantCategory": "Home",
        "domains": [entra.TENANT_DOMAIN],
        "countryCode": "US",
    }
    return Answer(body={"value": [tenant]})


def listing(call: Call) -> Answer:
    """List the subscriptions in which the caller holds any role."""
    seen = [
        document
        for key, document in call.azure.subscriptions.items()
        if access.has_any_role(call.azure.store, call.caller, key)
    ]
    return Answer(body={"value": seen, "count": {"type": "Total", "value": len(seen)}})


def get(call: Call) -> Answer:
    return Answer(body=call.azure.subscriptions[call.target.subscription.lower()])


def locations(call: Call) -> Answer:
    base = f"/subscriptions/{call.target.subscription}/locations"
    found = [
        {
            "id": f"{base}/{name}",
            "name": name,
            "type": "Region",
            "displayName": display,
            "regionalDisplayName": display,
            "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
        }
        for name, display in regions.NAMES.items()
    ]
    return Answer(body={"value": found})
