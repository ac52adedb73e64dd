"""The features that only the agents' helm values know (`connectedk8s.md` B.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CLUSTER_CONNECT = "cluster-connect"
AZURE_RBAC = "azure-rbac"
CUSTOM_LOCATIONS = "custom-locations"

Values = dict[str, Any]
_PLACES = {
    CLUSTER_CONNECT: "clusterconnect-agent",
    AZURE_RBAC: "guard",
    CUSTOM_LOCATIONS: "customLocations",
}
FEATURES = tuple(_PLACES)


def features_on(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the features that are on by these values, the chart's own defaults among them."""
    return tuple(
        feature
        for feature in FEATURES
        if str(_part(values, feature).get("enabled")).lower() == "true"
    )


def custom_locations_oid(values: Mapping[str, Any]) -> str:
    """Return the object id with which custom locations were enabled, "" without one."""
    return str(_part(values, CUSTOM_LOCATIONS).get("oid") or "")


def enabling(features: Iterable[str], *, oid: str = "", skip_list: str | None = None) -> Values:
    """Return the tree of values that enables; a list that was not said stays as it is."""
    parts: dict[str, Values] = {_PLACES[feature]: {"enabled": True} for feature in features}
    if AZURE_RBAC in features:
        parts["guard"] |= {"authnMode": "arc"}
        parts["guard"] |= {} if skip_list is None else {"skipAuthzCheck": skip_list}
    if CUSTOM_LOCATIONS in features:
        parts["customLocations"] |= {"oid": oid}
    return {"systemDefaultValues": parts}


def disabling(features: Iterable[str]) -> Values:
    """Return the tree of values that disables; custom locations forget their object id too."""
    parts: dict[str, Values] = {_PLACES[feature]: {"enabled": False} for feature in features}
    if CUSTOM_LOCATIONS in features:
        parts["customLocations"] |= {"oid": ""}
    return {"systemDefaultValues": parts}


def differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, bool]:
    """Return the features that are on in one of two trees of values only, and whether in `now`."""
    was, on = (set(features_on(values)) for values in (before, now))
    return {feature: feature in on for feature in FEATURES if feature in was ^ on}


def parts(values: Mapping[str, Any], switched: Mapping[str, bool]) -> Values:
    """Return the tree of values that switches features as `switched` says, with all they were given."""
    found = {
        _PLACES[feature]: {**_part(values, feature), "enabled": on}
        for feature, on in switched.items()
    }
    return {"systemDefaultValues": found}


def _part(values: Mapping[str, Any], feature: str) -> Mapping[str, Any]:
    part = (values.get("systemDefaultValues") or {}).get(_PLACES[feature])
    return part if isinstance(part, dict) else {}
