"""Azure's regions, whose names are written in two ways."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def canonical(region: str) -> str:
    """`West Europe` and `WESTEUROPE` are both `westeurope` (`arm.md` 1, location strings)."""
    return region.replace(" ", "").lower()


def nearest(region: str, known: Iterable[str]) -> list[str]:
    """Return the known regions that look most like `region`, best first, three at most."""
    return get_close_matches(canonical(region), sorted(map(canonical, known)), n=3, cutoff=0.6)
