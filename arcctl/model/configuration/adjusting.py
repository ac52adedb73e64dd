"""Settings that are bound to a region: rewritten where that is safe, else reported (`arm.md` 4.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from arcctl.model.configuration.advice import advice_on
from arcctl.model.configuration.kinds import Kind
from arcctl.model.region import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.model.configuration.child import Child

_SETTINGS = "configurationSettings"
# Types whose location settings name the cluster's own region; elsewhere they may mean another.
_FOLLOWS = frozenset({"microsoft.azureml.kubernetes"})


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A child for its new region.

    `rewritten` are sentences about what was changed in `child`, `reported` about what was not,
    and needs a person.
    """

    child: Child
    rewritten: tuple[str, ...] = ()
    reported: tuple[str, ...] = ()


def adjusted(child: Child, old_region: str, new_region: str) -> Adjusted:
    """Return `child` as it should be written in `new_region`; regions in any spelling."""
    old, new = canonical(old_region), canonical(new_region)
    if child.kind is not Kind.EXTENSION or old == new:
        return Adjusted(child, reported=tuple(advice_on(child)))
    kind = str(child.properties.get("extensionType") or "").lower()
    settings: Mapping[str, str] = child.properties.get(_SETTINGS) or {}
    bound = {key: value for key, value in settings.items() if _names(value, old)}
    follows = bound if kind in _FOLLOWS else {}
    changed = {key: _rewritten(value, old, new) for key, value in follows.items()}
    reported = [
        f"{key} is {value!r}: it names the old region, and is written as it is"
        for key, value in bound.items()
        if key not in changed
    ]
    return Adjusted(
        _with(child, changed) if changed else child,
        tuple(f"{key}: {settings[key]} → {value}" for key, value in changed.items()),
        (*reported, *advice_on(child)),
    )


def _with(child: Child, changed: Mapping[str, str]) -> Child:
    settings = {**child.properties[_SETTINGS], **changed}
    return replace(
        child, body={**child.body, "properties": {**child.properties, _SETTINGS: settings}}
    )


def _names(value: object, region: str) -> bool:
    """Whether it is the region, or a host in it; ids of resources stay valid wherever they are."""
    if not isinstance(value, str) or value.lower().startswith("/subscriptions/"):
        return False
    return canonical(value) == region or bool(_host(region).search(value))


def _host(region: str) -> re.Pattern[str]:
    return re.compile(rf"(?i)(?<![a-z0-9]){re.escape(region)}(?=\.[a-z])")


def _rewritten(value: str, old: str, new: str) -> str:
    return new if canonical(value) == old else _host(old).sub(new, value)
