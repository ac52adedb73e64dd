"""What others have switched in the agents' release meanwhile; no field of the resource shows it.

The way back takes along which features are on at the target that it leaves (`connectedk8s.md` B.5).
What was changed after the second look of a move comes too late for that, and is reported.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from arcctl.model.agent_features import differing, parts
from arcctl.model.helm_values import layered
from arcctl.model.installed import read_record
from arcctl.operations.agents.choices import choices, leaves

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
            f"revision {left} of the agents is no longer kept by helm, so features that others have "
            f"switched since are not carried: arcctl show {world.cluster.named} --agents"
        )
        return {}
    switched = differing(before.effective, now.effective)
    if not switched:
        return {}
    found = choices(parts(now.values, switched), world.bundle.region, world.request.region)
    values = layered(dict(world.bundle.agent_values), found.open)
    await world.save(replace(world.bundle, agent_values=values))
    told = ", ".join(f"{name} {'on' if on else 'off'}" for name, on in switched.items())
    world.warn(f"switched by others at what is left now, and carried: {told}")
    return found.held


async def changed_late(world: Moving) -> list[str]:
    """Name the values of the source's agents that are not as they were saved, directly before they go.

    What helm alone has written asks no Lease and is no field of the resource.
    """
    installed = await world.sight.installed()
    if installed is None:
        return []
    now = choices(installed.values, world.bundle.region, world.request.region)
    was, is_now = dict(leaves(world.bundle.agent_values)), dict(leaves(now.open))
    names = {name for name in was.keys() | is_now.keys() if was.get(name) != is_now.get(name)}
    names |= set(world.bundle.held) ^ set(now.held_names)
    if not names:
        return []
    told = "changed by others after the second look, and not carried"
    show = f"arcctl show {world.cluster.named} --agents"
    return [f"the agents' settings {', '.join(sorted(names))}: {told}: {show}"]


async def _revision(world: Moving, number: int) -> Installed | None:
    for release in await world.sight.releases():
        if release.revision == number:
            return read_record(release, await world.sight.recorded(release), newest=False)
    return None
