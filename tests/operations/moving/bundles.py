"""What a move saves, made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.model.bundle import Attached, Bundle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcctl.model.configuration.child import Child
    from arcctl.operations.moving.request import MoveRequest


def bundle(
    request: MoveRequest, resource: dict[str, Any], children: Sequence[Child] = ()
) -> Bundle:
    """Return the bundle of a move from eastus."""
    return Bundle(
        source=request.source,
        region="eastus",
        resource=resource,
        children=tuple(children),
        agent_values={},
        held=(),
        attached=Attached(),
        versions={},
        looked_at="2026-10-31T12:00:00+00:00",
        gateway="",
    )
