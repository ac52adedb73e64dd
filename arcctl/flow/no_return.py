"""The point of no return: a step that does nothing but be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.flow.step import Step

if TYPE_CHECKING:
    from collections.abc import Callable


class PointOfNoReturn(Step[Any]):
    """Plans print it, rollback stops at it; the runner writes it into the journal."""

    name = "point-of-no-return"
    title = "point of no return"
    intent = "point of no return"
    note = "before this line: arcctl rollback"

    async def do(self, world: Any, tell: Callable[[str], None]) -> str:
        """Change nothing."""
        return "behind it arcctl resume goes on, and arcctl rollback goes back"
