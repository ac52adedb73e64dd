"""Workload identity, where it is on: its pods, and what helm was given for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.model.onboarding import Release
from arcctl.operations.evidence.agents import lay_deployments, lay_events
from arcctl.operations.evidence.logs import SLACK, lay_logs
from arcctl.operations.evidence.piece import Tray, piece
from arcctl.operations.evidence.release import lay_values

if TYPE_CHECKING:
    from arcctl.model.connected_cluster import Body

NAMESPACE = "arc-workload-identity"
RELEASE = "wiextension"
_OFF = "workload identity is off"


async def _listed(tray: Tray, api: str, plural: str) -> list[Body] | None:
    """Return what lies in its namespace, or None where that is not there."""
    if await tray.sight.namespace(NAMESPACE) is None:
        return None
    kubernetes = await tray.kubernetes()
    return [each async for each in kubernetes.items(f"{api}/namespaces/{NAMESPACE}/{plural}")]


@piece(
    "workload-identity-events",
    "events (wi)",
    "retrieved_arc_workload_identity_event_logs",
    shown=False,
)
async def events(tray: Tray) -> str:
    """What happened to its pods lately."""
    found = await _listed(tray, "/api/v1", "events")
    if found is None:
        return tray.absent(_OFF)
    return lay_events(tray, found, "arc_workload_identity_events.txt")


@piece(
    "workload-identity-logs",
    "logs (wi)",
    "retrieved_arc_workload_identity_pod_logs",
    slack=SLACK,
    shown=False,
)
async def logs(tray: Tray) -> str:
    """Every container of it."""
    pods = await _listed(tray, "/api/v1", "pods")
    if pods is None:
        return tray.absent(_OFF)
    return await lay_logs(tray, NAMESPACE, pods, "arc_workload_identity_logs")


@piece(
    "workload-identity-deployments",
    "deployments (wi)",
    "retrieved_arc_workload_identity_deployments_logs",
    shown=False,
)
async def deployments(tray: Tray) -> str:
    """Its Deployments as they are."""
    found = await _listed(tray, "/apis/apps/v1", "deployments")
    if found is None:
        return tray.absent(_OFF)
    return lay_deployments(tray, found, "arc_workload_identity_deployment_logs")


@piece("workload-identity-values", "values (wi)", shown=False)
async def values(tray: Tray) -> str:
    """What its own release was given."""
    if await tray.sight.namespace(NAMESPACE) is None:
        return tray.absent(_OFF)
    kubernetes = await tray.kubernetes()
    records = kubernetes.items(
        "/api/v1/secrets", metadata_only=True, labelSelector=f"owner=helm,name={RELEASE}"
    )
    found = [Release.read(each["metadata"], RELEASE) async for each in records]
    if not found:
        return tray.absent(f"there is no release {RELEASE}")
    newest = max(found, key=lambda release: release.revision)
    return await lay_values(tray, newest, "helm_values_arc_workload_identity.txt")
