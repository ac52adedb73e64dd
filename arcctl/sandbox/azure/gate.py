"""The checks that ARM makes before a provider is asked, in ARM's order (`arm.md` 14.2).

token → limits → api-version there → subscription → registration → group → permission → policy →
lock → api-version known → region → parent, and its region. The rest (location conflict, body) is
the provider's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arcctl.model.region import canonical
from arcctl.sandbox.azure import access, entra, policy, providers
from arcctl.sandbox.azure.answers import ArmError, bad_request, not_found
from arcctl.sandbox.azure.paths import ancestors

if TYPE_CHECKING:
    from arcctl.sandbox.azure.call import Call
    from arcctl.sandbox.azure.kind import Kind

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def authenticate(call: Call) -> None:
    """Find out who calls (401 otherwise); a planned expiry strikes here."""
    if plan := call.knob("expire_token"):
        claims = '{"access_token":{"nbf":{"essential":true,"value":"0"}}}'
        raise entra.unauthorized(
            "ExpiredAuthenticationToken",
            "The access token has expired.",
            claims=claims if plan["expire_token"] == "claims" else "",
        )
    call.caller = call.azure.tokens.caller(call.headers.get("Authorization", ""), call.origin)


def check(call: Call, kind: Kind) -> None:
    """Run all checks for one request, or raise the first error."""
    authenticate(call)
    if call.azure.limits:
        call.remaining = call.azure.limits.take(call)
    if not call.version:
        raise ArmError(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if call.target.subscription:
        _subscription(call)
        _registration(call)
        _group(call, kind)
    _permission(call, kind)
    if call.target.subscription:
        _hindrances(call, kind)
    _version(call, kind)
    if call.method == "PUT" and kind.tracked:
        _region(call, kind)
    if call.target.subscription:
        _parent(call)
    if kind.regional:
        _served(call, kind)


def _hindrances(call: Call, kind: Kind) -> None:
    if call.method == "PUT" and (kind.is_provided or kind.is_group):
        policy.enforce(call, kind)
    if call.is_write and kind.acts_as != "read":
        _lock(call, kind)


def _subscription(call: Call) -> None:
    wanted = call.target.subscription
    known = call.azure.subscriptions.get(wanted.lower())
    if known:
        if known["state"] == "Disabled" and call.is_write:
            raise ArmError(
                409,
                "ReadOnlyDisabledSubscription",
                f"The subscription '{wanted}' is disabled and therefore marked as read only.",
            )
        return
    if not _GUID.fullmatch(wanted):
        raise ArmError(
            400,
            "InvalidSubscriptionId",
            f"The provided subscription identifier '{wanted}' is malformed or invalid.",
        )
    raise ArmError(404, "SubscriptionNotFound", f"The subscription '{wanted}' could not be found.")


def _registration(call: Call) -> None:
    if not call.is_write:
        return
    provider = providers.find(call, call.target.namespace)
    if provider is None or provider.policy == "RegistrationFree":
        return
    providers.consult(call, provider)
    if provider.state not in {"Registered", "Registering"}:
        # Clients read the namespace as the last quoted word of this sentence.
        message = (
            f"The subscription is not registered to use namespace '{provider.namespace}'. "
            "See https://aka.ms/rps-not-found for how to register subscriptions."
        )
        code = "MissingSubscriptionRegistration"
        detail = {"code": code, "target": provider.namespace, "message": message}
        raise ArmError(409, code, message, details=[detail])


def _group(call: Call, kind: Kind) -> None:
    if not call.target.group or kind.is_group:
        return
    group = call.azure.store.get(call.target.group_key)
    if group is None:
        raise ArmError(
            404,
            "ResourceGroupNotFound",
            f"Resource group '{call.target.group}' could not be found.",
        )
    if group.state == "Deleting" and call.is_write and call.method != "DELETE":
        raise ArmError(
            409,
            "ResourceGroupBeingDeleted",
            f"The resource group '{call.target.group}' is in deprovisioning state and cannot "
            "perform this operation.",
        )


def _permission(call: Call, kind: Kind) -> None:
    action = kind.action(call.method)
    plan = call.knob("forbid")
    if plan is None and (kind.open or not call.target.subscription):
        return
    if plan is None and access.allowed(call.azure.store, call.caller, action, call.target.path):
        return
    raise ArmError(
        403,
        "AuthorizationFailed",
        f"The client '{call.caller.app_id}' with object id '{call.caller.object_id}' does not "
        f"have authorization to perform action '{action}' over scope '{call.target.path}' or the "
        "scope is invalid. If access was recently granted, please refresh your credentials.",
    )


def _lock(call: Call, kind: Kind) -> None:
    if kind.type == access.LOCKS:  # a lock does not hold itself
        return
    deleting = call.method == "DELETE"
    found = access.locks_on(call.azure.store, call.target.path, deleting=deleting)
    planned = call.knob("lock")
    if not found and planned is None:
        return
    scopes = {lock.id.lower().partition("/providers/microsoft.authorization")[0] for lock in found}
    named = "', '".join(sorted(scopes)) or call.target.path
    verb = "delete" if deleting else "write"
    raise ArmError(
        409,
        "ScopeLocked",
        f"The scope '{call.target.path}' cannot perform {verb} operation because following "
        f"scope(s) are locked: '{named}'. Please remove the lock and try again.",
    )


def _version(call: Call, kind: Kind) -> None:
    known = providers.versions_of(call, kind.type, kind.versions)
    if call.version in known:
        return
    listed = ", ".join(known)
    if not kind.is_provided:
        raise ArmError(
            400,
            "InvalidApiVersionParameter",
            f"The api-version '{call.version}' is invalid. The supported versions are '{listed}'.",
        )
    raise _no_provider(call, kind, call.location(), f"The supported api-versions are '{listed}'.")


def _no_provider(call: Call, kind: Kind, region: str, more: str) -> ArmError:
    return ArmError(
        400,
        "NoRegisteredProviderFound",
        f"No registered resource provider found for location '{region}' and API version "
        f"'{call.version}' for type '{kind.type.partition('/')[2]}'. {more}",
    )


def _served(call: Call, kind: Kind) -> None:
    """What hangs on a cluster is served where the cluster is, if it is served there at all."""
    offer = providers.find_offer(call, call.target.namespace, call.target.types[0])
    if offer is None:
        return
    if providers.is_retired(call, offer):
        raise ArmError(
            404,
            "InvalidResourceType",
            f"The resource type '{offer.type}' could not be found in the namespace "
            f"'{call.target.namespace}' for api version '{call.version}'.",
        )
    region = call.azure.region_of(call.target.scope, b"")
    known = {canonical(name) for name in providers.offered_regions(call, offer)}
    if region and region not in known:
        names = ", ".join(sorted(known))
        raise _no_provider(call, kind, region, f"The supported locations are '{names}'.")


def _region(call: Call, kind: Kind) -> None:
    wanted = call.location()
    if not wanted:
        raise ArmError(400, "LocationRequired", "The location property is required.")
    offer = providers.find_offer(call, call.target.namespace, call.target.types[-1])
    names = providers.offered_regions(call, offer) if offer else []
    known = {canonical(name) for name in names}
    if known and wanted not in known:
        raise bad_request(
            "LocationNotAvailableForResourceType",
            f"The provided location '{wanted}' is not available for resource type '{kind.type}'. "
            f"List of available regions for the resource type is '{','.join(sorted(known))}'.",
        )


def _parent(call: Call) -> None:
    """What a resource hangs on must exist; something deeper in it may be unknown to ARM."""
    scope = call.target.scope.lower()
    if "/providers/" not in scope:
        return
    places = (place for place in ancestors(scope) if "/providers/" in place)
    if not any(place in call.azure.store.resources for place in places):
        parts = call.target.scope.rpartition("/providers/")[2].split("/")
        raise not_found("/".join(parts[:2]), "/".join(parts[2:]), call.target.group)
