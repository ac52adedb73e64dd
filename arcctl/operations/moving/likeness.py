"""How a resource differs from the one that was saved, in what a person chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.model.connected_cluster import public_key, writable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.model.connected_cluster import Body
    from arcctl.operations.moving.request import MoveRequest
    from arcctl.operations.moving.worlds import Moving

_NEW_ANYWAY = ("agentPublicKeyCertificate",)
# A private link scope may lie in the region that is left; the kind is chosen once.
_NEVER_BACK = ("kind", "privateLinkScopeResourceId", "privateLinkState")


def unlike(world: Moving, now: Body) -> Iterator[str]:
    """Yield a sentence for each field that is not as it was saved, nor as the move was to make it."""
    yield from differing(world, now).values()


def differing(world: Moving, now: Body) -> dict[str, str]:
    """Return these sentences by the name of their field."""
    found: dict[str, str] = {}
    before, after = (_comparable(each) for each in (world.bundle.resource, now))
    if asked := world.request.private_link_scope:
        before["privateLinkScopeResourceId"] = asked.lower()
    if world.bundle.key == "kept" and public_key(world.bundle.resource) != public_key(now):
        name = "agentPublicKeyCertificate"
        found[name] = f"resource {name}: was to stay, and is another one"
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            found[name] = f"resource {name}: was {before.get(name)!r}, is {after.get(name)!r}"
    return found


def chosen_since(asked: MoveRequest, saved: Body, now: Body) -> tuple[Body, list[str]]:
    """Return what others have chosen of a target that a run has made as it was `asked`.

    First the properties that can be put to the source again, then sentences about those that cannot.
    """
    before, after = (_bare(_comparable(each)) for each in (saved, now))
    if asked.private_link_scope:
        before["privateLinkScopeResourceId"] = asked.private_link_scope.lower()
    if asked.gateway:
        before["gateway"] = {"enabled": True}
    properties = writable(now)["properties"]
    names = sorted({*before, *after} - {"tags"})
    differing = [name for name in names if before.get(name) != after.get(name)]
    back = [name for name in differing if name in properties and name not in _NEVER_BACK]
    return {name: properties[name] for name in back}, [
        f"resource {name}: others have set it to {after.get(name)!r} at what is left now, and it "
        f"is {before.get(name)!r} again"
        for name in differing
        if name not in back
    ]


def _bare(value: Any) -> Any:
    """Return a value without what is empty in it: the service shows the same with and without."""
    if not isinstance(value, dict):
        return value
    bare = {name: _bare(each) for name, each in value.items()}
    return {name: each for name, each in bare.items() if each not in (None, "", {}, [])}


def _comparable(resource: Body) -> Body:
    """Project to what a person chose; empty counts as absent, and letter case does not count."""
    body = writable(resource)
    flat = {"tags": body["tags"], "kind": body.get("kind"), **body["properties"]}
    return {
        name: value.lower() if isinstance(value, str) else value
        for name, value in flat.items()
        if name not in _NEW_ANYWAY and value not in (None, "", {}, [])
    }
