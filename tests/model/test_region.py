"""Regions are compared by their short names."""

from __future__ import annotations

from arcctl.model.region import canonical, nearest

KNOWN = ["westeurope", "North Europe", "eastus", "eastus2", "westus"]


def test_a_display_name_and_a_short_name_are_one() -> None:
    """Blanks and capitals do not count."""
    assert canonical("West Europe") == canonical("WESTEUROPE") == "westeurope"


def test_a_misspelt_region_finds_its_neighbours() -> None:
    """The best match stands first, three at most."""
    assert nearest("West Eurpe", KNOWN)[0] == "westeurope"
    assert len(nearest("eastus", [f"eastus{number}" for number in range(9)])) == 3


def test_nonsense_has_no_neighbours() -> None:
    """No guess is better than a wild one."""
    assert nearest("zzz", KNOWN) == []
