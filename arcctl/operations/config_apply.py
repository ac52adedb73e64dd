"""Bring a cluster's children to what a manifest says: compare, ask, carry out, compare again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.flow.runner import names_of, run
from arcctl.model.configuration.child import Child
from arcctl.model.configuration.comparing import Comparison, compare
from arcctl.operations.children import children_of
from arcctl.operations.putting import putting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcctl.operations.moving import Restoring

DOCUMENT = "children"


@dataclass(frozen=True, slots=True)
class Changes:
    """What applying a manifest would do: `create` and `replace` name children, `keep` the rest.

    `surplus` are children of the cluster that the manifest does not name; they are left alone.
    """

    wanted: tuple[Child, ...]
    comparison: Comparison

    @property
    def create(self) -> tuple[str, ...]:
        """Children that are not there."""
        return self.comparison.missing

    @property
    def replace(self) -> tuple[str, ...]:
        """Children that are there and differ."""
        return tuple(dict.fromkeys(each.child for each in self.comparison.changed))

    @property
    def surplus(self) -> tuple[str, ...]:
        """Children that only the cluster has."""
        return self.comparison.surplus

    @property
    def touched(self) -> tuple[Child, ...]:
        """The children that are sent."""
        keys = {*self.create, *self.replace}
        return tuple(child for child in self.wanted if child.key in keys)

    def to_document(self) -> dict[str, Any]:
        """Return what a person decides on, as plain JSON."""
        return {
            "create": list(self.create),
            "replace": list(self.replace),
            "surplus": list(self.surplus),
            "differences": [
                {"child": each.child, "field": each.field, "from": each.right, "to": each.left}
                for each in self.comparison.changed
            ],
        }


def changes(wanted: Sequence[Child], now: Sequence[Child]) -> Changes:
    """Compare what is wanted with what is there; `left` is wanted, `right` is now."""
    carried = [child for child in now if child.carried]
    return Changes(tuple(wanted), compare(wanted, carried))


def steps_of(wanted: Sequence[Child], side_by_side: int) -> list[str]:
    """Return the names of the steps, by which a journal knows them."""
    return names_of(putting(wanted, side_by_side))


async def carry_out(restoring: Restoring, wanted: Sequence[Child], side_by_side: int) -> Changes:
    """Put the children, wait for them, and return how the cluster still differs."""
    moves = putting(wanted, side_by_side)
    await run(moves, restoring, restoring.observer, restoring.run.journal)
    arm = await restoring.clients.arm()
    kinds = tuple({child.kind for child in wanted})
    names = {child.key for child in wanted}
    now = [each for each in await children_of(arm, restoring.cluster, kinds) if each.key in names]
    return changes(wanted, now)
