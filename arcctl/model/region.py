"""Azure's regions, whose names are written in two ways."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def canonical(region: str) -> str:
    """`West Europe` and `WESTEUROPE` are both `westeurope` (`arm.md` 1, location strings)."""
    return region.replace(" ", "").lower()


def names(text: str, region: str) -> bool:
    """Tell whether a text names a canonical `region` as a word of its own: not eastus in eastus2."""
    word = rf"(?<![a-z0-9]){re.escape(region)}(?![a-z0-9])"
    return canonical(text) == region or bool(re.search(word, text.lower()))


def nearest(region: str, known: Iterable[str]) -> list[str]:
    """Return the known regions that look most like `region`, best first, three at most."""
    return get_close_matches(canonical(region), sorted(map(canonical, known)), n=3, cutoff=0.6)
