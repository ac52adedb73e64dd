"""What stands on a cluster or is bound to a region must fit when it is written (`arm.md` 9, 12.2).

Only what lies in this Azure is looked at: a destination that it does not know is taken as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure.answers import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.sandbox.azure.answers import Body
    from arcctl.sandbox.azure.call import Call
    from arcctl.sandbox.azure.store import Resource

# Diagnostic settings go to storage and event hubs of the resource's own region only.
_NEAR = ("storageAccountId", "eventHubAuthorizationRuleId")


def check(call: Call, sent: Body) -> None:
    """Refuse (400) a document that does not fit to what it points at."""
    if checking := _CHECKS.get(call.target.kind):
        checking(call, sent.get("properties") or {})
    if location := sent.get("extendedLocation"):
        _check_extended(call, location)


def _custom_location(call: Call, properties: Body) -> None:
    host = properties.get("hostResourceId")
    if not isinstance(host, str) or call.azure.store.get(host) is None:
        raise bad_request(
            "HostResourceNotFound",
            f"The host resource '{host}' was not found.",
            target="properties.hostResourceId",
        )
    if not properties.get("namespace"):
        raise bad_request("BadRequest", "properties.namespace is required.")


def _diagnostics(call: Call, properties: Body) -> None:
    if not any(properties.get(name) for name in (*_NEAR, "workspaceId", "marketplacePartnerId")):
        raise bad_request("BadRequest", "At least one destination is required.")
    region = call.azure.region_of(call.target.scope, b"")
    for name in _NEAR:
        found = _lying(call, properties.get(name))
        if found and found.body.get("location") not in {None, region}:
            raise bad_request(
                "BadRequest",
                f"Resource '{call.target.scope}' is in region '{region}' and '{found.id}' is in "
                f"region '{found.body['location']}'. They must be in the same region.",
                target=f"properties.{name}",
            )


def _rule_association(call: Call, properties: Body) -> None:
    rule = properties.get("dataCollectionRuleId")
    endpoint = properties.get("dataCollectionEndpointId")
    if bool(rule) == bool(endpoint):
        raise bad_request(
            "InvalidPayload", "Either dataCollectionRuleId or dataCollectionEndpointId is required."
        )
    if endpoint and call.target.name != "configurationAccessEndpoint":
        raise bad_request(
            "InvalidAssociationName", "An endpoint's association is configurationAccessEndpoint."
        )
    found = _lying(call, endpoint)
    region = call.azure.region_of(call.target.scope, b"")
    if found and found.body.get("location") != region:
        raise bad_request(
            "InvalidPayload", f"The data collection endpoint must be in region '{region}'."
        )


def _credential(_call: Call, properties: Body) -> None:
    for name in ("issuer", "subject", "audiences"):
        if not properties.get(name):
            raise bad_request("BadRequest", f"properties.{name} is required.")


def _check_extended(call: Call, location: Any) -> None:
    name = location.get("name") if isinstance(location, dict) else None
    if not isinstance(name, str) or call.azure.store.get(name) is None:
        raise bad_request("InvalidExtendedLocation", f"The custom location '{name}' was not found.")


def _lying(call: Call, resource_id: Any) -> Resource | None:
    """Return what an id lies in: the namespace of an event hub's rule, or the resource itself."""
    if not isinstance(resource_id, str):
        return None
    found = call.azure.store.get(resource_id)
    return found or call.azure.store.get("/".join(resource_id.split("/")[:9]))


_CHECKS: dict[str, Callable[[Call, Body], None]] = {
    "microsoft.extendedlocation/customlocations": _custom_location,
    "microsoft.insights/diagnosticsettings": _diagnostics,
    "microsoft.insights/datacollectionruleassociations": _rule_association,
    "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials": _credential,
}
