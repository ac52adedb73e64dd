"""How a resource differs from the one that was saved, in what a person chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.model.connected_cluster import public_key, writable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.model.connected_cluster import Body
    from arcctl.operations.moving.worlds import Moving

_NEW_ANYWAY = ("agentPublicKeyCertificate",)


def unlike(world: Moving, now: Body) -> Iterator[str]:
    """Yield a sentence for each field that is not as it was saved, nor as the move was to make it."""
    before, after = (_comparable(each) for each in (world.bundle.resource, now))
    if asked := world.request.private_link_scope:
        before["privateLinkScopeResourceId"] = asked.lower()
    if world.bundle.key == "kept" and public_key(world.bundle.resource) != public_key(now):
        yield "resource agentPublicKeyCertificate: was to stay, and is another one"
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield f"resource {name}: was {before.get(name)!r}, is {after.get(name)!r}"


def _comparable(resource: Body) -> Body:
    """Project to what a person chose; empty counts as absent, and letter case does not count."""
    body = writable(resource)
    flat = {"tags": body["tags"], "kind": body.get("kind"), **body["properties"]}
    return {
        name: value.lower() if isinstance(value, str) else value
        for name, value in flat.items()
        if name not in _NEW_ANYWAY and value not in (None, "", {}, [])
    }
