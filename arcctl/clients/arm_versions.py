"""Which api-version to ask for, and what else to try (`arm.md` 13)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

_RESOURCES = ("2021-04-01", "2022-09-01", "2025-04-01")
_ACCOUNTS = ("2022-12-01", "2020-01-01")
_CONFIGURATION = "microsoft.kubernetesconfiguration"

# The pin first, then its substitutes; keys in lower case, a longer one wins.
PINS: dict[str, tuple[str, ...]] = {
    "subscriptions": _ACCOUNTS,
    "tenants": _ACCOUNTS,
    "locations": _ACCOUNTS,
    "resourcegroups": _RESOURCES,
    "resources": _RESOURCES,
    "providers": _RESOURCES,
    "microsoft.resources/tags": _RESOURCES,
    "microsoft.kubernetes/connectedclusters": ("2026-05-01", "2024-01-01"),
    f"{_CONFIGURATION}/extensions": ("2025-03-01", "2024-11-01", "2023-05-01", "2022-11-01"),
    f"{_CONFIGURATION}/fluxconfigurations": ("2025-04-01", "2024-11-01", "2023-05-01"),
    f"{_CONFIGURATION}/sourcecontrolconfigurations": ("2023-05-01", "2022-11-01", "2022-03-01"),
    f"{_CONFIGURATION}/extensiontypes": (
        "2026-05-01",
        "2024-11-01-preview",
        "2023-05-01-preview",
    ),
    f"{_CONFIGURATION}/locations/extensiontypes": (
        "2026-05-01",
        "2024-11-01-preview",
        "2023-05-01-preview",
    ),
    "microsoft.authorization/locks": ("2020-05-01", "2016-09-01"),
    "microsoft.authorization/roleassignments": ("2022-04-01", "2015-07-01"),
    "microsoft.authorization/roledefinitions": ("2022-04-01", "2015-07-01"),
    "microsoft.authorization/permissions": ("2022-04-01", "2015-07-01"),
    "microsoft.authorization/policyassignments": ("2022-06-01", "2021-06-01"),
    "microsoft.authorization/policyexemptions": ("2022-07-01-preview",),
    "microsoft.policyinsights/checkpolicyrestrictions": ("2022-03-01", "2020-07-01"),
    "microsoft.extendedlocation/customlocations": ("2021-08-15", "2021-08-31-preview"),
    "microsoft.managedidentity/userassignedidentities": ("2023-01-31", "2018-11-30"),
    "microsoft.insights/diagnosticsettings": ("2021-05-01-preview",),
    "microsoft.insights/datacollectionruleassociations": ("2022-06-01", "2021-04-01"),
    "microsoft.resourcegraph/resources": ("2022-10-01", "2021-03-01"),
    "microsoft.hybridcompute/privatelinkscopes": (
        "2025-01-13",
        "2024-07-10",
        "2021-03-25-preview",
    ),
    "microsoft.hybridcompute/gateways": ("2025-02-19-preview", "2024-07-31-preview"),
    "microsoft.hybridcompute/settings": ("2025-02-19-preview", "2024-07-31-preview"),
}

REFUSED = frozenset({
    "NoRegisteredProviderFound",
    "InvalidApiVersionParameter",
    "InvalidResourceType",
})  # fmt: skip


def kind_of(path: str) -> str:
    """Return the resource type that a path names, in lower case, actions included.

    `/subscriptions/S/resourceGroups/G/providers/Microsoft.Kubernetes/connectedClusters/C` is
    `microsoft.kubernetes/connectedclusters`; the last provider in the path decides.
    """
    parts = [part for part in urlsplit(path).path.lower().split("/") if part]
    if "providers" not in parts:
        return parts[2 * ((len(parts) - 1) // 2)] if parts else ""
    after = parts[len(parts) - parts[::-1].index("providers") :]
    if len(after) < 2 or "." not in after[0] or after[1] in {"register", "unregister"}:
        return "providers"
    return "/".join([after[0], *after[1::2]])


def pins(kind: str) -> tuple[str, ...]:
    """Return the versions for a type or for the nearest parent that has some, the best first."""
    while kind and kind not in PINS:
        kind = kind.rpartition("/")[0]
    return PINS.get(kind, ())


def namespace_of(kind: str) -> str:
    """Return the provider's namespace, or `microsoft.resources` for what has none in its path."""
    head = kind.split("/")[0]
    return head if "." in head else "microsoft.resources"


def subscription_of(path: str) -> str | None:
    """Return the subscription in a path, or None for a path outside of any."""
    found = re.match(r"(?:https://[^/]+)?/+subscriptions/([^/?]+)", path, re.IGNORECASE)
    return found.group(1) if found else None


def choose(provider: dict[str, Any], kind: str, refused: str) -> str | None:
    """Return the version to try after `refused`, from what the provider lists, or None.

    A substitute from the table if one is listed, else the newest stable version.
    """
    wanted = kind.partition("/")[2]
    types = {
        str(each.get("resourceType", "")).lower(): each.get("apiVersions") or []
        for each in provider.get("resourceTypes") or ()
    }
    while wanted not in types and "/" in wanted:
        wanted = wanted.rpartition("/")[0]
    listed: list[str] = types.get(wanted, [])
    stable = sorted((each for each in listed if re.fullmatch(r"[\d-]+", each)), reverse=True)
    offered = [each for each in (*pins(kind), *stable) if each in listed and each != refused]
    return next(iter(offered), None)
