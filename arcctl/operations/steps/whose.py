"""Whether the agents in the cluster are still those that a deletion was decided for.

Minutes may lie between the question and the deletion, hours on a machine that has slept, and others
may have connected the cluster anew meanwhile.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.checks.sight import Sight
from arcctl.errors import Refusal
from arcctl.flow.step import Step
from arcctl.model import cluster as names
from arcctl.model.bundle import difference, marked
from arcctl.model.connected_cluster import created
from arcctl.model.onboarding import Onboarding
from arcctl.operations.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.model.connected_cluster import Body
    from arcctl.model.resource_id import ClusterId

LEFT_ALONE = "left alone: it is not this cluster's any more"


@dataclass(frozen=True, slots=True)
class Marks:
    """What tells one installation of the agents from the next: the uid of their namespace, and
    whose they are.
    """

    namespace: str
    onboarding: Onboarding | None


async def marks(sight: Sight) -> Marks:
    """Read the marks of the agents that are installed now."""
    space, found = await asyncio.gather(sight.namespace(names.AGENT_NAMESPACE), sight.config_map())
    data = (found or {}).get("data") or {}
    uid = str(((space or {}).get("metadata") or {}).get("uid") or "")
    return Marks(uid, Onboarding.from_map(data) if found else None)


def is_another(before: Body | None, found: Body | None) -> bool:
    """Tell whether a resource of the same id is known to have been made anew."""
    known, now = created(before), created(found)
    return known is not None and now is not None and known != now


async def require_same(world: World) -> None:
    """Raise Refusal `resource-replaced` where the resource is not the one that was asked about.

    It is looked at directly before it is deleted; one that is gone is what was wanted.
    """
    before, arm = await world.sight.resource(), await world.clients.arm()
    found = await arm.find(world.cluster.path)
    if found is None:
        return
    other = difference(marked(before), found) if before else "it was not there"
    if not other:
        return
    cluster = world.cluster
    raise Refusal(
        f"{cluster.name} in group {cluster.group} is not the one that was to be deleted",
        code="resource-replaced",
        why=(f"somebody has changed it meanwhile: {other}", "nothing was deleted"),
        hints=(
            f"arcctl show {cluster.named}",
            "the same command again, if it is to go all the same",
        ),
    )


def said(owner: ClusterId) -> str:
    """Return a cluster in words: its name, and its group."""
    return f"{owner.name} (group {owner.group})"


class LookWhose(Step[World]):
    """The agents are those that a person has agreed to remove; others' are left alone, and said.

    Raise Refusal `AZK8S0406` where nothing has been deleted yet that it would be a part of.
    """

    name = "look-whose"

    def __init__(self, before: Marks, *, cluster_only: bool) -> None:
        self._before = before
        self._cluster_only = cluster_only

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        owner = await self._others(world)
        if owner and self._cluster_only:
            raise Refusal(
                f"the agents in this cluster are those of {owner} by now",
                code="AZK8S0406",
                why="somebody has connected it since this deletion was decided",
            )
        if owner:
            world.warn(f"the agents in this cluster are those of {owner} by now, and stay")
        world.others = owner
        return ""

    async def _others(self, world: World) -> str:
        """Return whose agents are there instead, "" where they are the same or gone."""
        sight = Sight(world.clients, world.cluster)
        now = await marks(sight)
        named = now.onboarding or self._before.onboarding
        owner = named.cluster if named else world.cluster
        if not now.namespace or not now.onboarding:
            return ""
        if self._is_other(now, world):
            return said(owner)
        if self._cluster_only:
            return ""
        return (
            said(owner) if is_another(await world.sight.resource(), await sight.resource()) else ""
        )

    def _is_other(self, now: Marks, world: World) -> bool:
        """What the first look did not find, as where one answer was wrong, contradicts nothing."""
        before, owner = self._before, now.onboarding
        if before.namespace and before.namespace != now.namespace:
            return True
        if before.onboarding or not before.namespace:
            return owner != before.onboarding
        return owner is None or owner.contradicts(world.cluster, tenant=None)
