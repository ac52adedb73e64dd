"""What a command leaves behind: the result on stdout, a sentence on stderr."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from arcctl.model.agents import AgentState
from arcctl.model.connected_cluster import printed
from arcctl.settings import Flags, Settings
from arcctl.views import inventory, runs
from arcctl.views.console import Console
from tests.model.resources import HARBOR, UNHEARD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

AGENTS = [
    AgentState("config-agent", "watches", False, 2, 2),
    AgentState("guard", "decides", True, 0, 1, 1, "ImagePullBackOff"),
]


def console(output: str | None = None, query: str | None = None) -> Console:
    """The console of a command in a pipe, with these flags."""
    return Console(Settings(environ={}, flags=Flags(output=output, query=query), output=output))


class AtTerminal(Console):
    """The console of a command that a person watches."""

    @property
    def output(self) -> str | None:
        """No format was asked for."""
        return None


async def found() -> AsyncIterator[dict[str, Any]]:
    """Two clusters, as they come in."""
    for resource in (HARBOR, UNHEARD):
        yield printed(resource)


def test_connect_ends_with_a_sentence_and_the_resource(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Status, place, agents and nodes to people; the peer's JSON to programs."""
    runs.connected(console(), HARBOR)
    out, err = capsys.readouterr()

    assert err.startswith("Connected: harbor (Edge, westeurope), agents 1.36.1, 3 nodes. ")
    assert err.endswith(" s.\n")
    assert json.loads(out) == printed(HARBOR)


def test_connect_without_waiting_says_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is claimed that nobody has seen."""
    runs.connected(console(output="none"), UNHEARD)
    out, err = capsys.readouterr()

    assert err.startswith("Connecting: depot (edge, westeurope). ")
    assert out == ""


def test_a_person_gets_the_sentence_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """On a terminal, connect prints no JSON."""
    runs.connected(AtTerminal(Settings(environ={})), HARBOR)

    assert capsys.readouterr().out == ""


def test_delete_ends_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing on stdout, as for the peer."""
    runs.deleted(console(), "harbor (edge)", resource=True, agents=True)
    out, err = capsys.readouterr()

    assert err.startswith("Deleted: harbor (edge). ")
    assert out == ""


def test_a_query_is_applied_to_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    """Of connect as of show."""
    runs.connected(console("tsv", "connectivityStatus"), HARBOR)
    inventory.write_cluster(console("tsv", "name"), printed(HARBOR))

    assert capsys.readouterr().out == "Connected\nharbor\n"


def test_agents_stand_beside_the_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    """As a further key of the JSON, with the verdict."""
    inventory.write_cluster(console(), printed(HARBOR), AGENTS, ("cluster-connect",))
    shown = json.loads(capsys.readouterr().out)

    assert [(each["name"], each["healthy"]) for each in shown.pop("agents")] == [
        ("config-agent", True),
        ("guard", False),
    ]
    assert shown == printed(HARBOR) | {"features": ["cluster-connect"]}


def test_a_table_of_agents_is_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, with a column for the reason even where all is well."""
    inventory.write_cluster(console("table"), printed(HARBOR), AGENTS)
    inventory.write_cluster(console("table"), printed(HARBOR), AGENTS[:1])
    lines = capsys.readouterr().out.splitlines()

    assert lines[0].split() == ["Agent", "Ready", "Restarts", "Kind", "Job", "Reason"]
    assert lines[3].split() == ["guard", "0/1", "1", "optional", "decides", "ImagePullBackOff"]
    assert lines[4].split() == lines[0].split()


def test_a_person_sees_the_cluster_and_its_agents(capsys: pytest.CaptureFixture[str]) -> None:
    """The human view, then the agents below it."""
    inventory.write_cluster(AtTerminal(Settings(environ={})), printed(HARBOR), AGENTS)
    out = capsys.readouterr().out

    assert out.startswith("harbor   Connected   ")
    assert out.endswith("1 of 2 agents are well.\n")


async def test_a_list_has_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    """Streamed or not, the content is the same."""
    whole = [each async for each in found()]
    await inventory.write_list(console(), found())
    assert json.loads(capsys.readouterr().out) == whole

    await inventory.write_list(console("json", "[].name"), found())
    assert json.loads(capsys.readouterr().out) == ["harbor", "depot"]

    await inventory.write_list(console("tsv", "[].name"), found())
    assert capsys.readouterr().out == "harbor\ndepot\n"


async def test_a_list_is_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """All columns, even where nobody has been heard of yet."""

    async def unheard() -> AsyncIterator[dict[str, Any]]:
        yield printed(UNHEARD)

    await inventory.write_list(AtTerminal(Settings(environ={})), unheard())
    heads, _, line = capsys.readouterr().out.splitlines()

    assert heads.split()[-3:] == ["KubernetesVersion", "Nodes", "LastSeen"]
    assert line.split() == ["depot", "westeurope", "edge", "Connecting"]


def test_only_errors_means_no_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """The result is still there."""
    quiet = console()
    quiet.settings = replace(quiet.settings, flags=Flags(only_show_errors=True))
    runs.connected(quiet, HARBOR)
    out, err = capsys.readouterr()

    assert err == ""
    assert json.loads(out)["name"] == "harbor"
