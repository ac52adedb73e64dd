"""What is left out or added so that the service takes a body again (`arm.md` 4.4, 5.6, 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.model.configuration.fields import filled_in
from arcctl.model.configuration.forms import SOURCES
from arcctl.model.configuration.kinds import Kind

if TYPE_CHECKING:
    from arcctl.model.connected_cluster import Body


def source_block(properties: Body) -> str:
    """Return the name of the one block that a Flux configuration's source kind asks for."""
    return SOURCES.get(str(properties.get("sourceKind") or "GitRepository").lower(), "")


def one_source(kind: Kind, properties: Body) -> Body:
    """Return the properties of a Flux configuration without the blocks of other source kinds."""
    if kind is not Kind.FLUX:
        return properties
    others = set(SOURCES.values()) - {source_block(properties)}
    return {name: value for name, value in properties.items() if name not in others}


def settled(kind: Kind, body: Body, seen: Body) -> Body:
    """Return a body that its service takes; `seen` are the properties as they were read."""
    properties = dict(body.get("properties") or {})
    match kind:
        case Kind.EXTENSION:
            properties = _one_way_to_upgrade(properties, seen)
        case Kind.FLUX:
            _trim_kustomizations(properties)
        case Kind.SOURCE_CONTROL:
            if isinstance(properties.get("operatorParams"), str):
                properties["operatorParams"] = properties["operatorParams"].rstrip()
    return {**body, "properties": properties}


def _one_way_to_upgrade(properties: Body, seen: Body) -> Body:
    """A version and automatic upgrades exclude each other (`arm.md` 4.4)."""
    automatic = properties.get("autoUpgradeMinorVersion") is not False
    mode = str(properties.get("autoUpgradeMode") or "").lower()
    kept = {name: value for name, value in properties.items() if name != "version"}
    if automatic and mode == "none":
        del kept["autoUpgradeMode"]
    if not automatic:
        if mode:
            kept["autoUpgradeMode"] = "none"
        version = properties.get("version") or seen.get("currentVersion")
        return {**kept, "version": version} if version else kept
    return kept


def _trim_kustomizations(properties: Body) -> None:
    """Empty pieces inside postBuild have been refused (`arm.md` 5.6)."""
    for entry in (properties.get("kustomizations") or {}).values():
        build = {name: each for name, each in entry.pop("postBuild", {}).items() if filled_in(each)}
        if build:
            entry["postBuild"] = build
