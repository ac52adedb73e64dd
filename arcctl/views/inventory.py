"""Writes what `show` and `list` found, in the format that was asked for."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from arcctl.views import clusters, output

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from arcctl.model.agents import AgentState
    from arcctl.views.console import Console

Printed = dict[str, Any]


def write_clusters(
    console: Console,
    found: Sequence[Printed],
    agents: Sequence[AgentState] | None = None,
    features: Sequence[str] = (),
) -> None:
    """Write one cluster as itself, several as a list; only one can have agents beside it."""
    query, chosen = console.settings.flags.query, console.output
    if len(found) == 1:
        return write_cluster(console, found[0], agents, features)
    if chosen is not None:
        return output.write(list(found), console.out, chosen, query=query, row=clusters.row)
    for number, each in enumerate(found):
        console.out.write("\n" if number else "")
        clusters.write(each, console.out, ())
    return None


def write_cluster(
    console: Console,
    cluster: Printed,
    agents: Sequence[AgentState] | None = None,
    features: Sequence[str] = (),
) -> None:
    """Write one cluster; with agents, they and their features are beside it, or the table itself."""
    query, chosen = console.settings.flags.query, console.output
    if chosen is None:
        return clusters.write(cluster, console.out, agents or (), features)
    if agents is None:
        return output.write(cluster, console.out, chosen, query=query, row=clusters.row)
    if chosen == "table":
        rows = [clusters.agent_row(agent) for agent in agents]
        return output.write(rows, console.out, chosen, query=query, row=dict)
    states = [asdict(agent) | {"healthy": agent.healthy} for agent in agents]
    whole = {**cluster, "agents": states, "features": list(features)}
    return output.write(whole, console.out, chosen, query=query)


async def write_list(console: Console, found: AsyncIterator[Printed]) -> None:
    """Write many; JSON goes out whole or not at all, a table needs only its own columns."""
    query, chosen = console.settings.flags.query, console.output or "table"
    if chosen == "json" and not query:
        await output.stream(found, console.out)
    elif chosen == "table" and not query:
        rows = [clusters.row(each) async for each in found]
        output.write(rows, console.out, chosen, row=dict)
    else:
        output.write([each async for each in found], console.out, chosen, query=query)
