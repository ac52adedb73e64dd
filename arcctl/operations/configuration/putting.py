"""The order in which children are put to a cluster (`arm.md` 8.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.model.configuration.kinds import Kind
from arcctl.operations.pacing import WriteRate
from arcctl.operations.steps.children import AllWell, PutChildren, UntilSettled, is_flux

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcctl.flow.step import Move, Step
    from arcctl.model.configuration.child import Child
    from arcctl.operations.moving.worlds import Restoring


def putting(
    saved: Sequence[Child], side_by_side: int, *before_settling: Step[Restoring]
) -> list[Move[Restoring]]:
    """Extensions first, microsoft.flux before all; then configurations; then wait for all."""
    rate = WriteRate(side_by_side)
    flux = [child for child in saved if is_flux(child)]
    others = [child for child in saved if child.kind is Kind.EXTENSION and child not in flux]
    sources = [child for child in saved if child.kind is Kind.SOURCE_CONTROL]
    configurations = [child for child in saved if child.kind is Kind.FLUX]
    return [
        PutChildren("put-flux", "", flux, rate),
        UntilSettled("settle-flux", "microsoft.flux", flux, rate),
        PutChildren("put-extensions", "extensions", others, rate),
        PutChildren("put-source-controls", "source control", sources, rate),
        PutChildren("put-configurations", "configurations", configurations, rate),
        *before_settling,
        UntilSettled("settle-children", "children", [*others, *sources, *configurations], rate),
        AllWell(),
    ]
