"""Whether the target is still the resource that this run has made, and its extensions are the same.

One that was deleted and made again says what it said before; but the agents have taken down what it
had deployed, and made it anew. Its identity and the time of its creation tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.errors import AzureError
from arcctl.model.bundle import marked
from arcctl.model.connected_cluster import public_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arcctl.model.configuration.child import Child
    from arcctl.operations.moving.worlds import Moving

PRINCIPALS = "principals"
"""The fact that holds the new managed identities, of the resource and of each extension"""
_TARGET, _INSTALLED = "target", "install-agents"
_TOLD = {"principalId": "its identity is another one", "createdAt": "it was created later"}


async def remember(world: Moving, *, anew: bool) -> None:
    """Write down what tells the target from another one of its name.

    `anew` where this run has just written it: as long as no agent has heard of the one before,
    nothing has come of that.
    """
    known, now = _known(world), marked(world.resource)
    harmless = anew and not world.run.journal.has_begun(_INSTALLED)
    if now != known and (known is None or harmless):
        await world.run.journal.fact(_TARGET, now)


def made_again(world: Moving, children: Sequence[Child]) -> Iterator[str]:
    """Yield a sentence for the target, or else for each extension, that is another one by now."""
    known, now = _known(world) or {}, marked(world.resource)
    for name, words in _TOLD.items():
        if known.get(name) and now[name] and known[name] != now[name]:
            yield (
                f"{world.cluster.name} was deleted and made again while it was moved ({words}), so "
                f"workloads of its extensions and Flux configurations may have been made anew: {_look(world)}"
            )
            return
    learnt: Mapping[str, str] = world.run.journal.fact_since_the_turn(PRINCIPALS, {})
    for child in children:
        principal = child.state.get("principalId")
        if principal and learnt.get(child.key, principal) != principal:
            yield (
                f"{child.key} was deleted and made again while the cluster was moved, so its workloads "
                f"have been made anew: {_look(world)}"
            )


def _look(world: Moving) -> str:
    return f"arcctl config list {world.cluster.named}"


def _known(world: Moving) -> dict[str, str] | None:
    found: dict[str, str] | None = world.run.journal.fact_since_the_turn(_TARGET)
    return found


async def require_made(world: Moving) -> None:
    """Raise AzureError `azure-not-done` unless two looks find the target, with the run's key."""
    arm = await world.clients.arm()
    found = await arm.find(world.cluster.path)
    if found is not None and (not world.key or public_key(found) == world.key.public):
        return
    what = "is not there" if found is None else "does not have the key that was sent"
    raise AzureError(
        f"Azure has said that {world.cluster.name} is made in group {world.cluster.group}, and it {what}",
        code="azure-not-done",
        hints=f"arcctl show {world.cluster.named}",
    )
