"""How a run ends: one sentence to people, and the result to whoever asked for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from arcctl.model.connected_cluster import printed, status
from arcctl.model.duration import spoken
from arcctl.views import clusters, output

if TYPE_CHECKING:
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
    _write(console, flat)


def _write(console: Console, flat: dict[str, Any]) -> None:
    if console.output is not None:
        query = console.settings.flags.query
        output.write(flat, console.out, console.output, query=query, row=clusters.row)


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


def switched(console: Console, done: str, *, on: tuple[str, ...]) -> None:
    """Say which features have been switched, and which are on now; the sentence is the result."""
    sentence(console, f"{done}. On now: {', '.join(on) or 'no feature'}.")


def updated(console: Console, resource: dict[str, Any], *, changed: bool) -> None:
    """Say whether anything had to be changed; write the resource."""
    flat = printed(resource)
    done = "Updated" if changed else "Nothing to update"
    console.say(
        f"{done}: {flat['name']} ({flat['resourceGroup']}, {flat['location']}). {_taken(console)}"
    )
    _write(console, flat)


def upgraded(console: Console, cluster: str, *, old: str, new: str) -> None:
    """Say from which version to which; `cluster` names it for people."""
    if old == new:
        return sentence(console, f"Nothing to upgrade: {cluster} has agents {new}.")
    return sentence(console, f"Upgraded: {cluster}, agents {old} → {new}.")


def sentence(console: Console, text: str) -> None:
    """Say how a change ended; as the peer's, its one sentence is also what stdout carries."""
    console.say(f"{text} {_taken(console)}")
    if console.output is not None:
        output.write(text, console.out, console.output, query=console.settings.flags.query)


def _taken(console: Console) -> str:
    return f"{spoken(time.monotonic() - console.opened)}."
