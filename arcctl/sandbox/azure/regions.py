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
# Where the sandbox serves clusters, or their configuration, only in part. Which regions these are
# is the sandbox's own choice: a client reads the providers and knows none of them (arm.md 9.2).
GAPS = frozenset(
    {
        ("fluxconfigurations", "eastasia"),
        ("extensions", "canadaeast"),
        ("extensiontypes", "canadaeast"),
        *(
            ("sourcecontrolconfigurations", region)
            for region in ("eastasia", "koreacentral", "swedencentral", "westus3")
        ),
    }
)
EVERYWHERE = "*"


def gap(type_name: str, region: str) -> tuple[str, str]:
    """Return a gap from a type, with or without its namespace, and a region or `*`."""
    return type_name.rpartition("/")[2].lower(), canonical(region)
