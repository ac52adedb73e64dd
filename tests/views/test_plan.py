"""A plan as a person reads it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from arcctl.model.plan import Fate, Row, SecretStatus
from arcctl.model.resource_id import ClusterId
from arcctl.settings import Flags, Settings
from arcctl.views.console import Console
from arcctl.views.plan import write, write_plan
from tests.model.plans import DEPOT, ROWS, plan
from tests.views.screens import golden

FREE = tuple(row for row in ROWS if row.fate is not Fate.BLOCKS)


def seen(**more: Any) -> str:
    """The human view."""
    out = io.StringIO()
    write(plan(**more), out)
    return out.getvalue()


def many(fate: Fate, count: int) -> tuple[Row, ...]:
    """As many rows as a large cluster may have."""
    return tuple(Row(f"thing {n}", fate, "why", "locked", (f"mend {n}",)) for n in range(count))


def test_a_blocked_move() -> None:
    """The whole view, beside the one on record."""
    text = seen()

    assert text == golden("plan-blocked", text)


def test_a_move_that_may_begin() -> None:
    """What was let pass stands apart; the last line says how long it takes."""
    passed = tuple(replace(row, accepted=row.fate is Fate.BLOCKS) for row in ROWS)
    note = Row(
        "harbor is unmanaged meanwhile", Fate.NOTED, "its workloads keep running", "unmanaged"
    )
    text = seen(rows=(*passed, note), target=DEPOT)

    assert text == golden("plan-free", text)
    assert text.endswith("Nothing blocks this move. It takes about 8 min.\n")


def test_another_subscription_is_named() -> None:
    """It is not to be seen from the group."""
    text = seen(target=ClusterId("s-2", "edge", "harbor"))

    assert "to harbor (edge, subscription s-2, westeurope)" in text


def test_no_line_is_wider_than_a_terminal() -> None:
    """80 columns, but for commands, which are never broken."""
    long = Row("a subject that is long " * 5, Fate.LOST, "and a detail as long as that " * 6, "x")
    rows = (*FREE, long, *(Row(f"{n} things", Fate.CARRIED) for n in range(30)))
    text = seen(rows=rows)

    assert max(len(line) for line in text.splitlines()) <= 80


def test_commands_are_never_broken() -> None:
    """Whoever copies a line gets the whole command."""
    command = "az lock delete --ids " + "/x" * 60
    text = seen(rows=(Row("a lock", Fate.BLOCKS, "", "locked", (command,)),))

    assert command in text


@pytest.mark.parametrize("fate", [Fate.CHANGES, Fate.LOST, Fate.NOTED, Fate.BLOCKS])
def test_three_hundred_rows_are_no_wall(fate: Fate) -> None:
    """The first dozen is told, and how many more there are."""
    text = seen(rows=many(fate, 300))

    assert "… and 288 more: -o json shows all" in text
    assert len(text.splitlines()) < 50


def test_one_row_too_many_is_still_told() -> None:
    """`… and 1 more` would be longer than the row itself."""
    assert "more" not in seen(rows=many(Fate.CHANGES, 13))


def test_old_and_new_stay_together() -> None:
    """A line never breaks at the arrow."""
    versions = ", ".join(f"extension-{n} 1.0.0 → 1.1.{n}" for n in range(20))
    text = seen(rows=(Row("20 extensions", Fate.CHANGES, versions),))
    lines = [line.strip() for line in text.splitlines() if "→" in line]

    assert not any(line.startswith("→") or line.rstrip(",").endswith("→") for line in lines)


def test_many_secrets_are_counted_by_their_origin() -> None:
    """A few are named, and the missing ones stand among what blocks."""
    secrets = [SecretStatus(f"extensions/e{n}", "key", "file") for n in range(40)]
    secrets += [SecretStatus("fluxConfigurations/apps", "httpsKey", "cluster")]
    secrets += [SecretStatus("fluxConfigurations/more", "httpsKey", "missing")]
    text = seen(secrets=tuple(secrets))

    assert "40 secrets, from the file" in text
    assert "fluxConfigurations/apps/httpsKey" in text
    assert "fluxConfigurations/more" not in text


def written(output: str) -> str:
    """The plan in one of az's formats."""
    console = Console(Settings(flags=Flags(output=output), output=output, environ={}))
    console.out = io.StringIO()
    write_plan(console, plan())
    return console.out.getvalue()


def test_json_is_the_stored_form() -> None:
    """What a program reads is what `--plan-out` writes."""
    assert json.loads(written("json")) == plan().to_document()


def test_a_table_has_a_line_for_each_row() -> None:
    """With fate, thing, detail and code."""
    lines = written("table").splitlines()

    assert lines[0].split() == ["Fate", "What", "Detail", "Code"]
    assert len(lines) == 2 + len(ROWS)
