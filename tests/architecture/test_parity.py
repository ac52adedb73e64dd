"""What `tests/docs/parity.toml` says of each command, flag and key of the peer is so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.architecture.source import ROOT, modules
from tests.contracts.shown import SHOWN
from tests.contracts.test_json_keys import NESTED
from tests.docs.parity import VERDICTS, Row, commands, data, rows, spellings

if TYPE_CHECKING:
    from collections.abc import Iterator

THERE = ("same", "better")
UNREAD = "## What az connectedk8s reads and arcctl does not"
# requests, aiohttp and azure-core take proxies from the environment by themselves.
READ_BY_LIBRARIES = ("NO_PROXY",)
EVERY = rows(data()["flags"]["every"])


def everything() -> Iterator[tuple[str, Row]]:
    """Every row, with the table in which it stands."""
    for table, said in {
        **data()["flags"],
        **{name: data()[name] for name in ("commands", "environment", "keys")},
    }.items():
        yield from ((table, row) for row in rows(said))


def flags(verb: str) -> list[Row]:
    """The rows of a command's own flags."""
    return rows(data()["flags"][verb])


def test_every_row_has_a_verdict_and_its_reason() -> None:
    """`same` needs no words; `better` and `not` do."""
    wrong = [
        (table, row)
        for table, row in everything()
        if row.verdict not in VERDICTS or bool(row.reason) != (row.verdict != "same")
    ]

    assert wrong == []


def test_every_command_has_its_flags() -> None:
    """Each has a table of them."""
    assert data()["flags"].keys() - {"every"} == data()["commands"].keys()


def test_every_command_is_there() -> None:
    """A script that calls one of the ten is understood."""
    said = [row.what for row in rows(data()["commands"]) if row.verdict in THERE]

    assert said == [verb for verb in data()["commands"] if verb in commands()]
    assert len(said) == 10


@pytest.mark.parametrize("verb", data()["commands"])
def test_a_flag_is_there_if_its_row_says_so(verb: str) -> None:
    """All its spellings are one option; a flag that is not there has none of them."""
    known = spellings(verb)
    wrong = [
        row
        for row in (*EVERY, *flags(verb))
        if len({known.get(name) for name in row.names} - {None}) != (row.verdict in THERE)
        or (row.verdict in THERE and not known.keys() >= set(row.names))
    ]

    assert wrong == [], "turn these rows of tests/docs/parity.toml"


def test_a_variable_is_read_if_its_row_says_so() -> None:
    """It has its line in the page of the environment; one that is not read is explained there."""
    page = (ROOT / "docs/reference/environment.md").read_text(encoding="utf-8")
    read, unread = page.split(UNREAD)
    table = {row.what: row for row in rows(data()["environment"])}
    wrong = [
        row.what
        for row in table.values()
        for name in row.names
        if f"`{name}`" not in (read if row.verdict in THERE else unread)
    ]

    assert wrong == []
    assert [row.what for row in table.values() if row.verdict in THERE and not known(row)] == []


def known(row: Row) -> bool:
    """Whether the source writes the names of a variable down, or its libraries read them."""
    source = "".join(module.text for module in modules("arcctl"))
    return row.what in READ_BY_LIBRARIES or all(f'"{name}"' in source for name in row.names)


def test_the_keys_are_those_that_are_printed() -> None:
    """Those of the resource, and of what is nested in it; none is missing from the JSON."""
    there = [row.what for row in rows(data()["keys"]) if row.verdict in THERE]
    nested = [f"{key}.{part}" for key, parts in NESTED.items() for part in parts]

    assert there == sorted([*SHOWN, *nested], key=lambda key: key.split("."))
