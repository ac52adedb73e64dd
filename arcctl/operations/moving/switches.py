"""Features that others have switched at a target that is left again: the way back takes them along.

Only the agents' release knows them (`connectedk8s.md` B.5), so no field of the resource shows them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from arcctl.model.agent_features import differing, parts
from arcctl.model.helm_values import layered
from arcctl.model.installed import read_record
from arcctl.operations.agents.choices import choices

if TYPE_CHECKING:
    from arcctl.model.helm_values import Values
    from arcctl.model.installed import Installed
    from arcctl.operations.moving.worlds import Moving

REVISION = "revision-of-agents"
"""The fact that holds which revision of the agents' release this run has left"""


async def brought_along(world: Moving) -> Values:
    """Lay what others have switched over the values that were saved; return what must stay secret.

    A revision with the same switches, as agents that upgrade themselves make it, changes nothing.
    """
    left, now = world.run.journal.fact_of(REVISION), await world.sight.installed()
    if left is None or now is None or now.revision == left:
        return {}
    before = await _revision(world, left)
    if before is None:
        world.leave(
            f"helm keeps revision {left} of the agents no longer, so features that others have "
            f"switched since are not carried: arcctl show {world.cluster.named} --agents"
        )
        return {}
    switched = differing(before.effective, now.effective)
    if not switched:
        return {}
    found = choices(parts(now.values, switched), world.bundle.region)
    values = layered(dict(world.bundle.agent_values), found.open)
    await world.save(replace(world.bundle, agent_values=values))
    told = ", ".join(f"{name} {'on' if on else 'off'}" for name, on in switched.items())
    world.warn(f"switched by others at what is left now, and carried: {told}")
    return found.held


async def _revision(world: Moving, number: int) -> Installed | None:
    for release in await world.sight.releases():
        if release.revision == number:
            return read_record(release, await world.sight.recorded(release), newest=False)
    return None
