"""How a run ends: one sentence to people, and the result to whoever asked for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from arcctl.model.connected_cluster import printed, status
from arcctl.model.duration import spoken
from arcctl.views import clusters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcctl.views.console import Console


def connected(console: Console, resource: dict[str, Any]) -> None:
    """Say that it is connected, or how far it is where nobody waited; write the resource."""
    flat = printed(resource)
    agents = f", agents {flat['agentVersion']}" if flat["agentVersion"] else ""
    nodes = (
        f", {clusters.counted(flat['totalNodeCount'], 'node')}" if flat["totalNodeCount"] else ""
    )
    console.say(
        f"{status(resource)}: {flat['name']} ({flat['resourceGroup']}, {flat['location']})"
        f"{agents}{nodes}. {_taken(console)}"
    )
    results(console, [flat])


def deleted(console: Console, cluster: str, *, resource: bool, agents: bool) -> None:
    """Say what has been taken away; `cluster` names it for people."""
    if not (resource or agents):
        return console.say(f"Nothing to delete: {cluster} is not there.")
    what = {
        (True, True): f"Deleted: {cluster}.",
        (True, False): f"Deleted: the resource {cluster}; no cluster was touched.",
        (False, True): f"Removed: the agents of {cluster}; no resource was deleted.",
    }[resource, agents]
    return console.say(f"{what} {_taken(console)}")


def switched(console: Console, done: str, *, on: tuple[str, ...]) -> str:
    """Say which features have been switched, and which are on now; return the sentence."""
    return _said(console, f"{done}. On now: {', '.join(on) or 'no feature'}.")


def updated(console: Console, resource: dict[str, Any], *, changed: bool) -> dict[str, Any]:
    """Say whether anything had to be changed; return the resource as it is printed."""
    flat = printed(resource)
    done = "Updated" if changed else "Nothing to update"
    _said(console, f"{done}: {flat['name']} ({flat['resourceGroup']}, {flat['location']}).")
    return flat


def upgraded(console: Console, cluster: str, *, old: str, new: str) -> str:
    """Say from which version to which, and return it; `cluster` names it for people."""
    if old == new:
        return _said(console, f"Nothing to upgrade: {cluster} has agents {new}.")
    return _said(console, f"Upgraded: {cluster}, agents {old} → {new}.")


def _said(console: Console, text: str) -> str:
    """Say how a change ended; as the peer's, its one sentence is also what stdout carries."""
    console.say(f"{text} {_taken(console)}")
    return text


def results(console: Console, found: Sequence[Any]) -> None:
    """Write what came of one cluster as itself, of several as a list."""
    row = clusters.row if found and isinstance(found[0], dict) else None
    console.result(found[0] if len(found) == 1 else list(found), row=row)


def _taken(console: Console) -> str:
    return f"{spoken(time.monotonic() - console.opened)}."
