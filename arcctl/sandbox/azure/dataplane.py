"""Arc's configuration data plane (`connectedk8s.md` B.1 26-27, B.13; `arm.md` 2.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.errors import UsageError
from arcctl.model.resource_id import ClusterId
from arcctl.sandbox.azure import gate
from arcctl.sandbox.azure.answers import Answer, bad_request

if TYPE_CHECKING:
    from arcctl.sandbox.azure.call import Call

PLACEHOLDER = "redacted"
# Which helm value carries which proxy setting.
_PROXY_VALUES = {
    "https_proxy": "global.httpsProxy",
    "http_proxy": "global.httpProxy",
    "no_proxy": "global.noProxy",
    "proxy_cert": "global.proxyCert",
}


def health_check(call: Call) -> Answer:
    gate.authenticate(call)
    return Answer(200)


def latest_package(call: Call) -> Answer:
    gate.authenticate(call)
    return Answer(
        body={"repositoryPath": _chart(call)},
        headers={"api-supported-versions": "2019-11-01-Preview"},
    )


def helm_settings(call: Call) -> Answer:
    """Turn a cluster's resource, as the client holds it, into the agents' helm values."""
    gate.authenticate(call)
    sent = call.document()
    owner = _owner(sent)
    values = _values(sent, owner)
    return Answer(body={"repositoryPath": _chart(call), "helmValuesContent": values})


def _chart(call: Call) -> str:
    """Return where the train's chart lies; empty sends a client to the older endpoint."""
    if call.knob("no_chart_path", service="dataplane"):
        return ""
    train = call.query.get("releasetrain", "stable").lower() or "stable"
    charts = call.world.agent_charts
    if train not in charts:
        raise bad_request("BadRequest", f"There is no release train named '{train}'.")
    return charts[train]


def _owner(sent: dict[str, Any]) -> ClusterId:
    identity = sent.get("identity") or {}
    for name in ("principalId", "tenantId"):
        if not identity.get(name):
            raise bad_request("BadRequest", f"identity.{name} is required.", target="identity")
    try:
        return ClusterId.parse(str(sent.get("id", "")))
    except UsageError as error:
        raise bad_request("BadRequest", "id must be the id of the cluster.") from error


def _values(sent: dict[str, Any], owner: ClusterId) -> dict[str, str]:
    properties = sent.get("properties") or {}
    profile = properties.get("arcAgentProfile") or {}
    values = {
        "global.subscriptionId": owner.subscription,
        "global.resourceGroupName": owner.group,
        "global.resourceName": owner.name,
        "global.location": str(sent.get("location", "")),
        "global.tenantId": sent["identity"]["tenantId"],
        "systemDefaultValues.azureArcAgents.autoUpdate": _flag(
            profile.get("agentAutoUpgrade") != "Disabled"
        ),
    }
    for entry in properties.get("arcAgentryConfigurations") or []:
        values |= _feature(entry)
    return values | _workload_identity(properties)


def _feature(entry: dict[str, Any]) -> dict[str, str]:
    feature = str(entry.get("feature", "")).lower()
    settings, protected = entry.get("settings") or {}, entry.get("protectedSettings") or {}
    _check_placeholders(feature, protected)
    if feature == "proxy":
        values = {
            _PROXY_VALUES[name]: text for name, text in protected.items() if name in _PROXY_VALUES
        }
        if values:
            values["global.isProxyEnabled"] = "true"
            values["global.isCustomCert"] = _flag("proxy_cert" in protected)
        return values
    if feature == "logging" and "container_log_path" in settings:
        path = str(settings["container_log_path"])
        return {"systemDefaultValues.fluent-bit.containerLogPath": path}
    return {f"{feature}.{name}": str(value) for name, value in (settings | protected).items()}


def _check_placeholders(feature: str, protected: dict[str, Any]) -> None:
    """A secret has no business here: only `redacted:FEATURE:SETTING` may travel."""
    for name, text in protected.items():
        if str(text).lower() != f"{PLACEHOLDER}:{feature}:{name}".lower():
            raise bad_request(
                "BadRequest",
                f"The protected setting '{name}' of '{feature}' must be a placeholder.",
                target="properties.arcAgentryConfigurations",
            )


def _workload_identity(properties: dict[str, Any]) -> dict[str, str]:
    security = (properties.get("securityProfile") or {}).get("workloadIdentity") or {}
    issuer = properties.get("oidcIssuerProfile") or {}
    values = {}
    if security.get("enabled"):
        values["systemDefaultValues.workloadIdentity.enabled"] = "true"
    if issuer.get("enabled"):
        values["systemDefaultValues.oidcIssuer.enabled"] = "true"
    return values


def _flag(value: object) -> str:
    return "true" if value else "false"
