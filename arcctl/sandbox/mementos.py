"""A sandbox at rest put aside, and put back as often as wanted: what a thousand cases begin with.

Uids, resource versions and identities come back as they were; time, tokens and ports go on, and
so do the agents, who begin anew and find their cluster as it is.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure.operations import Operations

if TYPE_CHECKING:
    from arcctl.sandbox.kubernetes.cluster import Memento as Objects
    from arcctl.sandbox.server import Sandbox
    from arcctl.sandbox.world import World

# What a reset spares, and operations: they act on the very documents they began with.
_OF_AZURE = {"world", "tokens", "refreshable", "certificates", "operations"}
_OF_ERRANDS = {"listeners"}


@dataclass(frozen=True, slots=True)
class Memento:
    """Azure with its errands, and each cluster by name."""

    azure: Any
    clusters: dict[str, Objects]


def put_aside(sandbox: Sandbox) -> Memento:
    """Copy all that a sandbox holds; ValueError while operations are running in Azure."""
    world = sandbox.world
    world.azure.operations.settle()
    if world.azure.operations.running:
        raise ValueError("operations are running; a world can be put aside only at rest")
    clusters = {name: each.put_aside() for name, each in sandbox.clusters.items()}
    return Memento(_copied(world, _of_azure(world)), clusters)


async def put_back(sandbox: Sandbox, memento: Memento) -> None:
    """Make a sandbox what it was; no faults, no journal, no request half answered."""
    world = sandbox.world
    await sandbox.stop_agents()
    world.reset()
    azure, errands = _copied(world, memento.azure)
    vars(world.azure).update(azure)
    vars(world.errands).update(errands)
    world.azure.operations = Operations(world.clock)
    for name, cluster in sandbox.clusters.items():
        cluster.put_back(memento.clusters[name])
    sandbox.start_agents()


def _of_azure(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    azure, errands = vars(world.azure), vars(world.errands)
    return (
        {name: each for name, each in azure.items() if name not in _OF_AZURE},
        {name: each for name, each in errands.items() if name not in _OF_ERRANDS},
    )


def _copied(world: World, what: Any) -> Any:
    """Copy together, so that errands and store go on meaning the same documents."""
    return deepcopy(what, {id(world): world, id(world.clock): world.clock})
