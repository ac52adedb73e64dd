"""Data on stdout has the formats of az, to the letter (`arc.md` H1)."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.errors import AzureError, UsageError
from arcctl.model.connected_cluster import printed
from arcctl.views import clusters, output
from tests.model.resources import HARBOR, UNHEARD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CLUSTERS = [printed(HARBOR), printed(UNHEARD)]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def written(value: Any, kind: str, query: str | None = None, **more: Any) -> str:
    """What stdout gets."""
    out = io.StringIO()
    output.write(value, out, kind, query=query, **more)
    return out.getvalue()


def test_json_is_indented_sorted_and_readable() -> None:
    """Two blanks, keys in order, letters as they are."""
    assert written({"b": "Köln 🚢", "a": [1, None]}, "json") == (
        '{\n  "a": [\n    1,\n    null\n  ],\n  "b": "Köln 🚢"\n}\n'
    )


def test_jsonc_has_colours_only_on_a_terminal() -> None:
    """In a file it is json; on a terminal it is the same text in colours."""
    assert written({"a": 1}, "jsonc") == written({"a": 1}, "json")

    out = Terminal()
    output.write({"a": "[red]1[/red]"}, out, "jsonc")
    assert "\33[" in out.getvalue()
    assert "[red]1[/red]" in out.getvalue()


@pytest.mark.parametrize("kind", ["yaml", "yamlc"])
def test_yaml_is_in_blocks_and_sorted(kind: str) -> None:
    """As az writes it, letters as they are."""
    assert written({"b": ["Köln"], "a": None}, kind) == "a: null\nb:\n- Köln\n"


def test_none_writes_nothing() -> None:
    """Only the exit code speaks."""
    assert written({"a": 1}, "none") == ""


@pytest.mark.parametrize("kind", ["json", "yaml", "table", "tsv"])
def test_a_query_that_finds_nothing_writes_nothing(kind: str) -> None:
    """Scripts test for the empty string."""
    assert written({"a": 1}, kind, "b") == ""


def test_a_broken_query_is_a_usage_error() -> None:
    """It repeats the query and says what is wrong with it."""
    with pytest.raises(UsageError, match="bad --query: a\\[") as refused:
        written({"a": 1}, "json", "a[")
    assert refused.value.why


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("name", '"harbor"\n'),
        ("tags.site", '"north"\n'),
        ("totalNodeCount", "3\n"),
        ("[name, location]", '[\n  "harbor",\n  "westeurope"\n]\n'),
    ],
)
def test_a_query_reshapes_the_result(query: str, text: str) -> None:
    """JMESPath over what json would show."""
    assert written(CLUSTERS[0], "json", query) == text


@pytest.mark.parametrize(
    ("value", "query", "text"),
    [
        ("harbor", None, "harbor\n"),
        (3, None, "3\n"),
        (True, None, "true\n"),
        (["a", "b"], None, "a\nb\n"),
        ([["a", 1], ["b", None]], None, "a\t1\nb\tNone\n"),
        ([{"x": "a", "y": True}], None, "a\tTrue\n"),
        ({"x": [1, 2], "y": {"z": 1}, "w": "e"}, None, "2\t\te\n"),
        (CLUSTERS, "[].name", "harbor\ndepot\n"),
        (CLUSTERS, "[].[name, agentVersion]", "harbor\t1.36.1\ndepot\tNone\n"),
        (CLUSTERS, "[].{v: agentVersion, n: name}", "1.36.1\tharbor\nNone\tdepot\n"),
        ("two\nlines", None, "two\nlines\n"),
        ([], None, ""),
    ],
)
def test_tsv_is_what_scripts_of_az_read(value: Any, query: str | None, text: str) -> None:
    """A line for each of a list, a cell for each value, a length for a list in a cell."""
    assert written(value, "tsv", query) == text


def test_a_table_has_the_peers_columns_first() -> None:
    """Name, Location, ResourceGroup, then what its users miss; empty where nothing is known."""
    text = written(CLUSTERS, "table", row=clusters.row)
    heads, rule, harbor, depot = text.splitlines()

    assert heads.split() == [
        "Name",
        "Location",
        "ResourceGroup",
        "ConnectivityStatus",
        "AgentVersion",
        "KubernetesVersion",
        "Nodes",
        "LastSeen",
    ]
    assert set(rule) == {"-", " "}
    assert harbor.split()[:5] == ["harbor", "westeurope", "Edge", "Connected", "1.36.1"]
    assert depot.split() == ["depot", "westeurope", "edge", "Connecting"]
    assert heads.index("ConnectivityStatus") == harbor.index("Connected")


def test_a_queried_table_shows_the_querys_columns() -> None:
    """In the query's order, with a capital, as for az."""
    text = written(CLUSTERS, "table", "[].{status: connectivityStatus, name: name}")

    assert text == ("Status      Name\n----------  ------\nConnected   harbor\nConnecting  depot\n")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("harbor", "Result\n------\nharbor\n"),
        (["a", "b"], "Result\n------\na\nb\n"),
        ([["a", 1]], "Column1  Column2\n-------  -------\na        1\n"),
        ([{"id": "x", "name": "a", "tags": {"k": "v"}, "kind": None}], "Name\n----\na\n"),
        ([], ""),
    ],
)
def test_a_table_makes_the_best_of_any_value(value: Any, text: str) -> None:
    """Ids, nulls and what is nested are left out, as az leaves them out."""
    assert written(value, "table") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": {"b": 1}, "c": ["x", "y"]}, 'A         C\n--------  -\n{"b": 1}  2\n'),
        ([{"a": []}], "A\n-\n0\n"),
        ({}, ""),
        ({"id": "x", "kind": None}, ""),
        ([[]], ""),
    ],
)
def test_a_table_is_made_of_what_fits_no_table_too(value: Any, text: str) -> None:
    """The work behind it is done, so its result is written in whatever way there is."""
    assert written(value, "table") == text


async def test_a_stream_is_the_same_json() -> None:
    """Item by item, but not told apart from the whole."""

    async def items() -> AsyncIterator[dict[str, Any]]:
        for each in CLUSTERS:
            yield each

    out = io.StringIO()
    await output.stream(items(), out)

    assert out.getvalue() == written(CLUSTERS, "json")
    assert json.loads(out.getvalue()) == CLUSTERS


async def test_a_stream_that_breaks_writes_nothing() -> None:
    """A pipe gets whole JSON or none."""

    async def items() -> AsyncIterator[Any]:
        yield {"a": 1}
        raise AzureError("the second page is lost")

    out = io.StringIO()
    with pytest.raises(AzureError):
        await output.stream(items(), out)

    assert out.getvalue() == ""


async def test_an_empty_stream_is_an_empty_array() -> None:
    """Valid JSON, whatever was found."""

    async def nothing() -> AsyncIterator[dict[str, Any]]:
        for each in list[dict[str, Any]]():
            yield each

    out = io.StringIO()
    await output.stream(nothing(), out)

    assert out.getvalue() == written([], "json") == "[]\n"
