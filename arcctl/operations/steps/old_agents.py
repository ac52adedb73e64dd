"""Which agents in the cluster are those that a move leaves behind, and which are its own.

Both may hold the same key. A namespace that was deleted and made anew has another uid, so the
uids that the old agents' namespaces had at the beginning of the run tell them from the new ones.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from arcctl.model import cluster as names
from arcctl.operations.steps.waiting import NAMESPACES

if TYPE_CHECKING:
    from arcctl.model.connected_cluster import Body
    from arcctl.operations.moving.worlds import Moving

_FACT = "namespaces-of-old-agents"


async def remember(world: Moving) -> None:
    """Write down whose the namespaces are, once for each direction, before any of them goes."""
    if _known(world) is not None:
        return
    kubernetes = await world.clients.kubernetes()
    found = await asyncio.gather(*(kubernetes.find(_path(name)) for name in NAMESPACES))
    uids = {name: _uid(each) for name, each in zip(NAMESPACES, found, strict=True)}
    await world.run.journal.fact(_fact(world), uids)


async def are_replaced(world: Moving) -> bool:
    """Tell whether this run has put its own key into a namespace of its own, where the old one was."""
    held = await world.sight.readable_key()
    if held is None or held != world.key:
        return False
    # Begun by an arcctl that always made a new key, a run remembers no namespaces.
    return _known(world) is None or await are_new(world)


async def are_new(world: Moving) -> bool:
    """Tell whether the namespace of the agents is known to be another than at the beginning."""
    known, now = _known(world), _uid(await world.sight.namespace(names.AGENT_NAMESPACE))
    return known is not None and bool(now) and now != known[names.AGENT_NAMESPACE]


def _known(world: Moving) -> dict[str, str] | None:
    found: dict[str, str] | None = world.run.journal.fact_of(_fact(world))
    return found


def _fact(world: Moving) -> str:
    return f"{_FACT}{'-back' if world.turned else ''}"


def _path(name: str) -> str:
    return f"/api/v1/namespaces/{name}"


def _uid(namespace: Body | None) -> str:
    return str(((namespace or {}).get("metadata") or {}).get("uid") or "")
