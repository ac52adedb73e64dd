"""The commands that connect a cluster again as a run has saved it, for a person to paste."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from arcctl.errors import UsageError
from arcctl.model import names
from arcctl.model.agent_features import AZURE_RBAC, CLUSTER_CONNECT, custom_locations_oid
from arcctl.model.distribution import DISTRIBUTIONS, INFRASTRUCTURES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.model.bundle import Bundle
    from arcctl.model.connected_cluster import Body

# Helm values that are secret, or may be; only the cluster had them.
_HELD = {
    "global.httpsProxy": ("--proxy-https", "URL"),
    "global.httpProxy": ("--proxy-http", "URL"),
    "global.proxyCert": ("--proxy-cert", "FILE"),
}


def commands(bundle: Bundle) -> tuple[list[str], list[str]]:
    """Return the commands, and the names of what a person must fill in or set by hand."""
    connect = " ".join(["arcctl connect", bundle.source.named, *_flags(bundle)])
    features = _features(bundle.agent_values)
    more = [f"arcctl {verb} {bundle.source.named} {flags}" for verb, flags in features]
    said = [flag for name, (flag, _) in _HELD.items() if name in bundle.held]
    return [connect, *more], said + [each for each in bundle.held if each not in _HELD]


def _flags(bundle: Bundle) -> Iterator[str]:
    properties = bundle.resource.get("properties") or {}
    yield f"-l {shlex.quote(bundle.region)}"
    if tags := list(_tags(bundle.resource.get("tags") or {})):
        yield " ".join(["--tags", *map(shlex.quote, tags)])
    yield from _of_the_resource(properties)
    yield from _of_its_network(properties)
    if bundle.gateway:
        yield f"--gateway-resource-id {shlex.quote(bundle.gateway)}"
    yield from _of_the_agents(bundle.agent_values, properties)
    yield from (f"{flag} {value}" for name, (flag, value) in _HELD.items() if name in bundle.held)


def _tags(tags: Body) -> Iterator[str]:
    for name, value in tags.items():
        try:
            names.tags([f"{name}={value}"])
        except UsageError:
            continue  # one that Azure reserves, and puts there itself
        yield f"{name}={value}"


def _of_the_resource(properties: Body) -> Iterator[str]:
    for flag, name, known in (
        ("--distribution", "distribution", DISTRIBUTIONS),
        ("--infrastructure", "infrastructure", INFRASTRUCTURES),
        ("--distribution-version", "distributionVersion", None),
        ("--azure-hybrid-benefit", "azureHybridBenefit", None),
    ):
        value = str(properties.get(name) or "")
        if value and (known is None or value.lower() in {each.lower() for each in known}):
            yield f"{flag} {shlex.quote(value)}"
    if _part(properties, "arcAgentProfile").get("agentAutoUpgrade") == "Disabled":
        yield "--disable-auto-upgrade"
    if _part(_part(properties, "securityProfile"), "workloadIdentity").get("enabled"):
        yield "--enable-workload-identity true"


def _of_its_network(properties: Body) -> Iterator[str]:
    if properties.get("privateLinkState") == "Enabled":
        yield "--enable-private-link true"
        if scope := properties.get("privateLinkScopeResourceId"):
            yield f"--private-link-scope-resource-id {shlex.quote(scope)}"
    issuer = _part(properties, "oidcIssuerProfile")
    if issuer.get("enabled"):
        yield "--enable-oidc-issuer true"
        if own := issuer.get("selfHostedIssuerUrl"):
            yield f"--self-hosted-issuer {shlex.quote(own)}"


def _of_the_agents(values: Body, properties: Body) -> Iterator[str]:
    if oid := custom_locations_oid(values):
        yield f"--custom-locations-oid {shlex.quote(oid)}"
    if skipped := _part(values, "global").get("noProxy"):
        yield f"--proxy-skip-range {shlex.quote(str(skipped))}"
    settings = [
        f"{each['feature']}.{name}={value}"
        for each in properties.get("arcAgentryConfigurations") or ()
        for name, value in (each.get("settings") or {}).items()
    ]
    if settings:
        yield " ".join(["--configuration-settings", *map(shlex.quote, settings)])


def _features(values: Body) -> Iterator[tuple[str, str]]:
    parts = _part(values, "systemDefaultValues")
    if _part(parts, "guard").get("enabled") is True:
        yield "enable-features", f"--features {AZURE_RBAC}"
    if _part(parts, "clusterconnect-agent").get("enabled") is False:
        yield "disable-features", f"--features {CLUSTER_CONNECT} --yes"


def _part(values: Body, name: str) -> dict[str, Any]:
    part = values.get(name)
    return part if isinstance(part, dict) else {}
