"""Plans as they might be, said outright."""

from __future__ import annotations

from typing import Any

from arcctl.model.plan import Fate, Plan, PlannedStep, Row, SecretStatus, digest
from arcctl.model.resource_id import ClusterId

HARBOR = ClusterId("s-1", "edge", "harbor")
DEPOT = ClusterId("s-1", "yard", "depot")

ROWS = (
    Row("3 extensions", Fate.CARRIED, "flux, monitor, policy", "extensions"),
    Row("2 Flux configurations", Fate.CARRIED, "apps, platform", "flux"),
    Row("2 role assignments", Fate.RESTORED, "", "role-assignments"),
    Row("1 diagnostic setting", Fate.RESTORED, "to-logs", "diagnostic-settings"),
    Row("managed identity", Fate.CHANGES, "1f0c… → new, see the report", "identity"),
    Row("metrics from before the move", Fate.LOST, "", "history"),
    Row(
        "lock keep on group edge",
        Fate.BLOCKS,
        "CanNotDelete; it may be put on again afterwards",
        "locked",
        ("az lock delete --ids /subscriptions/s-1/resourceGroups/edge/…/locks/keep",),
    ),
)
STEPS = (
    PlannedStep("save everything", "here and in the cluster"),
    PlannedStep("point of no return", "before this line: arcctl rollback", no_return=True),
    PlannedStep("delete edge/harbor in eastus", "about 30 s"),
)


def plan(**more: Any) -> Plan:
    """A move of harbor that a lock blocks."""
    said: dict[str, Any] = {
        "source": HARBOR,
        "target": HARBOR,
        "from_region": "eastus",
        "to_region": "westeurope",
        "rows": ROWS,
        "secrets": (SecretStatus("extensions/monitor", "amalogs.secret.key", "file"),),
        "steps": STEPS,
        "observed": {"resource": digest("harbor"), "extensions/flux": digest("flux")},
        "options": {
            "name": "harbor",
            "group": "edge",
            "subscription": "s",
            "target_region": "westeurope",
            "accept": [],
            "waive": [],
        },
        "made_at": "2026-11-23T07:00:00+00:00",
        "seconds": 487,
    }
    return Plan(**(said | more))
