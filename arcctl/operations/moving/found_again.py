"""What the proof has found again, thing by thing: whatever the plan has called carried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.checks.move.agents import feature_words, setting_words
from arcctl.checks.move.body import choices_of
from arcctl.checks.move.verdicts import counted
from arcctl.model.connected_cluster import public_key
from arcctl.model.helm_values import layered

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from arcctl.operations.moving.worlds import Moving

_SCOPE = "privateLinkScopeResourceId"


def found_again(
    world: Moving, broken: Collection[str], differing: Collection[str], *, agents: bool
) -> Iterator[str]:
    """Yield each child, and what people have chosen of the resource and of its agents.

    `broken` are the keys of children, and `differing` the fields of the resource, that are not as
    they were; `agents` says whether the agents in the cluster are as this move has left them.
    """
    for child in world.bundle.children:
        if child.carried and child.key not in broken:
            yield child.key
    yield from _of_the_resource(world, differing)
    if agents:
        yield from _of_the_agents(world)


def _of_the_resource(world: Moving, differing: Collection[str]) -> Iterator[str]:
    saved = world.bundle.resource
    if (tags := saved.get("tags")) and "tags" not in differing:
        yield counted(len(tags), "tag")
    choices = choices_of(saved).items()
    words = [word for path, word in choices if path.partition(".")[0] not in differing]
    if words:
        yield f"{counted(len(words), 'choice')} of the resource: {', '.join(words)}"
    if public_key(saved) and public_key(saved) == public_key(world.resource):
        yield f"key pair of {world.bundle.source.name}"
    scope = (saved.get("properties") or {}).get(_SCOPE)
    if scope and not world.request.private_link_scope and _SCOPE not in differing:
        yield "private link scope"


def _of_the_agents(world: Moving) -> Iterator[str]:
    values = layered(world.bundle.agent_values, world.held)
    before, now = (feature_words(values, each) for each in (world.bundle.resource, world.resource))
    if words := [each for each in before if each in now]:
        yield f"{', '.join(words)} switched on again"
    if words := setting_words(values):
        yield f"{', '.join(words)} of the agents"
