"""What `connect` asks ARM for: what is there already, changed by what the flags say and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.model.connected_cluster import writable
from arcctl.model.distribution import distribution, infrastructure

if TYPE_CHECKING:
    from arcctl.model.connected_cluster import Body
    from arcctl.operations.request import ConnectRequest


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
    properties |= _plain(request)
    _merge(properties, _profiles(request))
    if features := _configurations(request):
        kept = properties.get("arcAgentryConfigurations") or []
        named = {feature["feature"].lower() for feature in features}
        properties["arcAgentryConfigurations"] = [
            *(each for each in kept if each["feature"].lower() not in named),
            *features,
        ]
    return body


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


def _configurations(request: ConnectRequest) -> list[Body]:
    """Features with their plain settings only; protected ones never reach ARM (trap 4)."""
    return [{"feature": name, "settings": values} for name, values in configured(request).items()]
