"""What `connect` and `update` ask ARM for: what is there already, changed by what the flags say and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.model.connected_cluster import writable
from arcctl.model.distribution import distribution, infrastructure

if TYPE_CHECKING:
    from arcctl.model.connected_cluster import Body
    from arcctl.operations.request import ConnectRequest, UpdateRequest


def desired(
    request: ConnectRequest,
    resource: Body | None,
    *,
    region: str,
    key: str,
    nodes: list[dict[str, Any]],
) -> Body:
    """Return the body of the PUT (`connectedk8s.md` E.1); secrets are never part of it."""
    body = writable(resource) if resource else _blank(region)
    if request.tags is not None:
        # Tags that are not named stay; an empty set, said on purpose, clears (trap 19).
        body["tags"] = _tagged(body["tags"], request.tags) if request.tags else {}
    body["identity"] = {"type": "SystemAssigned"}
    properties = body["properties"]
    properties["agentPublicKeyCertificate"] = key
    _settle(properties, "distribution", request.distribution, lambda: distribution(nodes))
    _settle(properties, "infrastructure", request.infrastructure, lambda: infrastructure(nodes))
    _lay_over(properties, request)
    return body


def updated(request: UpdateRequest, resource: Body) -> Body:
    """Return the body of a PUT that changes what was asked for, and loses nothing else (B.3)."""
    body = writable(resource)
    properties = body["properties"]
    _lay_over(properties, request.asked)
    if request.asked.gateway:
        _merge(properties, {"gateway": {"enabled": True}})
    elif request.disable_gateway and properties.get("gateway"):
        _merge(properties, {"gateway": {"enabled": False}})
    if request.disable_proxy and (kept := properties.get("arcAgentryConfigurations")):
        properties["arcAgentryConfigurations"] = [
            each for each in kept if each["feature"].lower() != "proxy"
        ]
    return body


def patched(request: ConnectRequest) -> Body:
    """Return the body of a PATCH: tags as a whole, as the peer has it, and what ARM lets change."""
    properties = {
        "distribution": request.distribution,
        "distributionVersion": request.distribution_version,
        "azureHybridBenefit": request.azure_hybrid_benefit,
    }
    said = {name: value for name, value in properties.items() if value is not None}
    return {
        **({} if request.tags is None else {"tags": request.tags}),
        **({"properties": said} if said else {}),
    }


def _lay_over(properties: Body, request: ConnectRequest) -> None:
    properties |= _plain(request)
    _merge(properties, _profiles(request))
    if asked := configured(request):
        kept = properties.get("arcAgentryConfigurations") or []
        properties["arcAgentryConfigurations"] = _configurations(kept, asked)


def _blank(region: str) -> Body:
    return {"location": region, "tags": {}, "properties": {}}


def _tagged(tags: dict[str, str], said: dict[str, str]) -> dict[str, str]:
    """ARM knows a tag by its name in any case, and refuses to be told it twice."""
    again = {name.lower() for name in said}
    return {name: value for name, value in tags.items() if name.lower() not in again} | said


def _settle(properties: Body, name: str, asked: str | None, detect: Any) -> None:
    """A flag wins, then what the resource says; `generic` means "find out", as in the peer."""
    if asked and asked != "generic":
        # The service stores its own letter case, so a difference in case is no difference.
        if str(properties.get(name, "")).lower() != asked.lower():
            properties[name] = asked
    elif not properties.get(name):
        properties[name] = detect()


def _plain(request: ConnectRequest) -> Body:
    said = {
        "distributionVersion": request.distribution_version,
        "azureHybridBenefit": request.azure_hybrid_benefit,
        "privateLinkScopeResourceId": request.private_link_scope,
    }
    if request.private_link is not None:
        said["privateLinkState"] = "Enabled" if request.private_link else "Disabled"
    return {name: value for name, value in said.items() if value is not None}


def _profiles(request: ConnectRequest) -> dict[str, Body]:
    profiles: dict[str, Body] = {}
    if request.auto_upgrade is not None:
        state = "Enabled" if request.auto_upgrade else "Disabled"
        profiles["arcAgentProfile"] = {"agentAutoUpgrade": state}
    if request.oidc_issuer is not None:
        issuer: Body = {"enabled": request.oidc_issuer}
        if request.self_hosted_issuer:
            issuer["selfHostedIssuerUrl"] = request.self_hosted_issuer
        profiles["oidcIssuerProfile"] = issuer
    if request.workload_identity is not None:
        profiles["securityProfile"] = {"workloadIdentity": {"enabled": request.workload_identity}}
    return profiles


def _merge(properties: Body, profiles: dict[str, Body]) -> None:
    for name, profile in profiles.items():
        properties[name] = {**(properties.get(name) or {}), **profile}


def configured(request: ConnectRequest) -> dict[str, dict[str, str]]:
    """Return feature → setting → value, the plain ones (`connectedk8s.md` B.1.5)."""
    features = {name: dict(values) for name, values in request.settings.items()}
    if request.container_log_path and "logging" not in features:
        features["logging"] = {"container_log_path": request.container_log_path}
    if request.proxy:
        features.setdefault("proxy", {})
    for name in request.protected_settings:
        features.setdefault(name, {})
    return features


def _configurations(kept: list[Body], asked: dict[str, dict[str, str]]) -> list[Body]:
    """Lay settings over those of their features; protected ones never reach ARM (trap 4)."""
    known = {each["feature"].lower(): each for each in kept}
    new = {}
    for name, values in asked.items():
        before = known.get(name.lower(), {"feature": name})
        new[name.lower()] = {**before, "settings": {**(before.get("settings") or {}), **values}}
    return [new.pop(name, each) for name, each in known.items()] + list(new.values())
