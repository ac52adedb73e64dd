"""Values of a helm release: a tree of maps, laid one over the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Values = dict[str, Any]


def layered(base: Values, over: Mapping[str, Any]) -> Values:
    """Return `base` with `over` laid on top, maps merged."""
    merged = dict(base)
    for name, value in over.items():
        below = merged.get(name)
        both = isinstance(below, dict) and isinstance(value, dict)
        merged[name] = layered(below, value) if both else value  # type: ignore[arg-type] # narrowed by `both`
    return merged
