"""What people chose for the agents: ARM has never known most of it (`arm.md` 0.8, 8.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.checks.move.verdicts import carried, changes, noted

if TYPE_CHECKING:
    from arcctl.checks.move.sight import MoveSight
    from arcctl.model.connected_cluster import Body
    from arcctl.model.plan import Row

# Dotted helm values, in people's words (`connectedk8s.md` B.13); a false one says nothing.
_SETTINGS = {
    "global.httpsProxy": "proxy",
    "global.httpProxy": "proxy",
    "global.noProxy": "proxy exceptions",
    "global.proxyCert": "proxy certificate",
    "systemDefaultValues.fluent-bit.containerLogPath": "container log path",
}
_FEATURES = {
    "systemDefaultValues.clusterconnect-agent.enabled": "cluster-connect",
    "systemDefaultValues.customLocations.enabled": "custom-locations",
    "systemDefaultValues.guard.enabled": "azure-rbac",
}


async def settings(sight: MoveSight) -> list[Row]:
    """Proxy and certificates go from the old helm values into the new ones."""
    words = setting_words(await sight.agent_values())
    return [carried("agent-settings", f"{_and(words)} of the agents")] if words else []


async def features(sight: MoveSight) -> list[Row]:
    """What is switched on in the cluster is switched on again."""
    words = feature_words(await sight.agent_values(), await sight.resource())
    return [carried("features", _and(words), "switched on again")] if words else []


def setting_words(values: Body) -> list[str]:
    """Say in people's words what helm values say of the way to Azure."""
    return _words(values, _SETTINGS)


def feature_words(values: Body, resource: Body) -> list[str]:
    """Name the features that are on, by helm values and by the resource."""
    properties = resource.get("properties") or {}
    words = _words(values, _FEATURES)
    identity = (properties.get("securityProfile") or {}).get("workloadIdentity") or {}
    words += ["workload-identity"] if identity.get("enabled") else []
    issuer = properties.get("oidcIssuerProfile") or {}
    return [*words, *(["oidc-issuer"] if issuer.get("enabled") else [])]


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _words(values: Body, known: dict[str, str]) -> list[str]:
    found = [word for path, word in known.items() if _on(values, path)]
    return list(dict.fromkeys(found))


def _on(values: Body, path: str) -> bool:
    found: Any = values
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found not in (None, "", False, "false", "False")


async def version(sight: MoveSight) -> list[Row]:
    """A new connection installs what the region serves."""
    properties = (await sight.resource()).get("properties") or {}
    now = properties.get("agentVersion")
    if not now:
        return []
    return [changes("agent-version", f"agents {now}", f"→ what {sight.asked.region} serves")]


async def gap(sight: MoveSight) -> list[Row]:
    """Azure does not manage the cluster for some minutes; what runs in it does not notice."""
    name = sight.asked.source.name
    return [noted("unmanaged", f"{name} is unmanaged meanwhile", "its workloads keep running")]


ASKED = (settings, features, version, gap)
