"""Which helm arcctl fetches, and where it stays."""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from arcctl.settings import Settings

VERSION = "4.2.3"
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def machine() -> str:
    """Name this machine as helm's archives do, `linux-amd64` for instance."""
    found = platform.machine().lower()
    return f"{sys.platform}-{MACHINES.get(found, found)}"


def place(settings: Settings) -> Path:
    """Where a fetched helm stays."""
    return settings.cache_home / "helm" / f"v{VERSION}" / machine() / "helm"


def is_there(path: Path) -> bool:
    """Whether a helm was fetched to `path`."""
    return path.exists()
