"""What may be left out of the lists that were read: a move must not lose what nobody showed it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from arcctl.checks.azure import allows
from arcctl.checks.move.configs import GROUP, PLURALS, unexplained
from arcctl.checks.move.elsewhere import side_by_side
from arcctl.checks.move.verdicts import blocks, counted, named, noted
from arcctl.errors import AzureError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcctl.checks.move.sight import MoveSight
    from arcctl.model.connected_cluster import Body
    from arcctl.model.plan import Row


async def children(sight: MoveSight) -> list[Row]:
    """The cluster has an object for each child; one that no listed child explains may be lost."""
    configs, listed = await asyncio.gather(sight.configs(), sight.children())
    found = unexplained(configs, listed)
    rows = []
    if lacking := [each for each in found if not each.leftover]:
        kinds = ",".join(f"{name}.{GROUP}com" for name in PLURALS.values())
        rows.append(
            blocks(
                "unlisted-child",
                f"{counted(len(lacking), 'child resource')} that Azure does not list",
                f"the cluster knows {named(f'{each.key} ({each.place})' for each in lacking)}; "
                "it would not be carried",
                f"kubectl get {kinds} --all-namespaces",
                f"arcctl config list {sight.asked.source.named}",
            )
        )
    if left := [each for each in found if each.leftover]:
        why = named(f"{each.key}: {each.leftover}" for each in left)
        rows.append(
            noted("leftover-child", f"{counted(len(left), 'leftover')} in the cluster", why)
        )
    return rows


async def by_rights(sight: MoveSight) -> list[Row]:
    """Azure leaves out of wide lists what whoever asks may not read, without saying so."""
    own, others = sight.asked.source.subscription, await sight.other_subscriptions()
    proved = await side_by_side(partial(_reads_all_of, sight), (own, *others))
    unproved = [each for each, is_proved in zip(others, proved[1:], strict=True) if not is_proved]
    rows = []
    if not proved[0]:
        why = (
            "custom locations, managed identities, roles elsewhere and references are listed for "
            "the whole subscription, and you are not proved to have read access to all of it"
        )
        what = "lists of the subscription may be incomplete"
        rows.append(noted("unlooked", what, why, _to_read(own)))
    if unproved:
        what = f"lists of {counted(len(unproved), 'other subscription')} may be incomplete"
        why = (
            "custom locations, managed identities, roles elsewhere and references there: you are not "
            f"proved to have read access to all of {named(unproved)}"
        )
        rows.append(noted("unlooked", what, why, *map(_to_read, unproved[:3])))
    return rows


async def _reads_all_of(sight: MoveSight, subscription: str) -> bool:
    try:
        permissions = await sight.permissions(f"/subscriptions/{subscription}")
    except AzureError:
        return False
    return permissions is not None and reads_all(permissions)


def _to_read(subscription: str) -> str:
    return f"az role assignment create --assignee YOU --role Reader --scope /subscriptions/{subscription}"


def reads_all(permissions: Sequence[Body]) -> bool:
    """Tell whether one role lets read everything, and takes no reading away again."""
    return any(
        allows(each, "*/read") and not any(map(_takes_reading, each.get("notActions") or ()))
        for each in permissions
    )


def _takes_reading(pattern: str) -> bool:
    return pattern.lower().endswith(("/read", "*"))


ASKED = (children, by_rights)
