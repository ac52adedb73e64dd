"""A child is written over only as a person has seen it, however long their answer took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.errors import FindingsError
from arcctl.model.configuration.comparing import same
from arcctl.model.plan import digest
from arcctl.model.run import PUT_CHILD
from arcctl.operations.moving.stored_plans import OUTDATED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arcctl.model.configuration.child import Child
    from arcctl.operations.moving.worlds import Restoring


def require_as_shown(world: Restoring, wanted: Iterable[Child], now: Iterable[Child]) -> None:
    """Raise FindingsError `plan-outdated` where one of `wanted` has changed since it was shown."""
    there = {child.key.casefold(): child for child in now}
    changed = [
        child.key
        for child in wanted
        if child.key in world.before
        and not _is_known(world, child, there.get(child.key.casefold()))
    ]
    if changed:
        raise FindingsError(
            "the cluster is no longer as it was when the differences were shown",
            code=OUTDATED,
            why=tuple(f"{key} was changed since, so it is left as it is" for key in changed),
        )


def _is_known(world: Restoring, wanted: Child, found: Child | None) -> bool:
    """Tell whether a child is as it was shown, or as this run has made it."""
    if wanted.key in world.waived:
        return True
    if found is None:
        return world.run.journal.has_begun(f"{PUT_CHILD} {wanted.key}")
    return digest(found.body) == world.before[wanted.key] or same(found, wanted)
