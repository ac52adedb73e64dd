"""The regions of the sandbox, with the display names of recorded answers (`arm.md` 9.2)."""

from __future__ import annotations

from arcctl.model.region import canonical

CLUSTER_REGIONS = (
    "West Europe",
    "East US",
    "West Central US",
    "South Central US",
    "Southeast Asia",
    "UK South",
    "East US 2",
    "West US 2",
    "Australia East",
    "North Europe",
    "France Central",
    "Central US",
    "West US",
    "North Central US",
    "Korea Central",
    "Japan East",
    "West US 3",
    "East Asia",
    "Canada Central",
    "Canada East",
    "East US 2 EUAP",
)
CONFIGURATION_REGIONS = (
    *CLUSTER_REGIONS,
    "Norway East",
    "Germany West Central",
    "Sweden Central",
    "Switzerland North",
    "Australia Southeast",
    "Central India",
    "South India",
    "Japan West",
    "Uk West",
    "France South",
    "Korea South",
    "South Africa North",
    "Brazil South",
    "Uae North",
    "Norway West",
    "Germany North",
    "Jio India West",
    "Central US EUAP",
)
NAMES = {canonical(name): name for name in CONFIGURATION_REGIONS}
