"""The scenario `demo` (`arm.md` 14.6)."""

from __future__ import annotations

from typing import Any

DEMO: dict[str, Any] = {
    "groups": [{"name": "arc-demo", "location": "eastus"}],
    "clusters": [{"name": "demo", "group": "arc-demo", "location": "eastus"}],
}
