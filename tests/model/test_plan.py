"""A plan as a value: stored, read again, compared, refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, get_args

import pytest
from arcctl.errors import UsageError
from arcctl.model.plan import Fate, Origin, Plan, differences, digest
from tests.architecture.source import ROOT
from tests.model.plans import DEPOT, ROWS, plan
from tests.model.schemas import breaches

SCHEMA = json.loads((ROOT / "docs/reference/plan.schema.json").read_text(encoding="utf-8"))


def test_a_stored_plan_is_read_as_it_was() -> None:
    """Through JSON and back, nothing is another."""
    document = json.loads(json.dumps(plan().to_document()))

    assert Plan.from_document(document) == plan()


def test_the_published_schema_fits() -> None:
    """What is written is what the schema says, field by field."""
    assert list(breaches(SCHEMA, plan().to_document())) == []


@pytest.mark.parametrize(
    "change",
    [
        {"format": "arcctl.plan/1"},
        {"fromRegion": "East US"},
        {"rows": [{"subject": "x"}]},
        {"observed": {"resource": "short"}},
        {"more": 1},
    ],
)
def test_the_published_schema_bites(change: dict[str, Any]) -> None:
    """What arcctl would not write is against it."""
    assert list(breaches(SCHEMA, plan().to_document() | change)) != []


def test_the_schema_knows_all_words() -> None:
    """Every fate and every origin of a secret is in it."""
    properties = SCHEMA["properties"]

    assert properties["rows"]["items"]["properties"]["fate"]["enum"] == list(Fate)
    origins = properties["secrets"]["items"]["properties"]["from"]["enum"]
    assert sorted(origins) == sorted(get_args(Origin))


def test_what_was_accepted_does_not_block() -> None:
    """It is told apart, and the plan is free."""
    passed = [replace(row, accepted=True) if row.fate is Fate.BLOCKS else row for row in ROWS]
    free = plan(rows=tuple(passed))

    assert [row.code for row in plan().blocking] == ["locked"]
    assert free.blocking == ()
    assert [row.code for row in free.accepted] == ["locked"]
    assert (plan().to_document()["blocked"], free.to_document()["blocked"]) == (True, False)


@pytest.mark.parametrize(
    "change",
    [
        {"observed": {"resource": digest("another"), "extensions/flux": digest("flux")}},
        {"observed": {"resource": digest("harbor")}},
        {"target": DEPOT},
        {"to_region": "northeurope"},
        {"from_region": "northeurope"},
        {"made_at": "2027-01-01T00:00:00+00:00"},
        {"seconds": 1},
        {"rows": ()},
        {"secrets": ()},
        {"steps": ()},
        {"options": {"name": "harbor", "accept": ["locked"]}},
    ],
)
def test_the_fingerprint_is_that_of_the_whole_plan(change: dict[str, Any]) -> None:
    """Nothing that a person has read can be another without a trace."""
    other = plan(**change)
    assert other.fingerprint != plan().fingerprint

    forged = other.to_document() | {"fingerprint": plan().fingerprint}
    with pytest.raises(UsageError) as refused:
        Plan.from_document(forged)
    assert refused.value.code == "plan-damaged"


def test_a_plan_of_an_older_arcctl_is_planned_again() -> None:
    """Its fingerprint covered less; what a run has kept of it is read all the same."""
    old = plan().to_document() | {"format": "arcctl.plan/1", "fingerprint": "0" * 64}
    with pytest.raises(UsageError) as refused:
        Plan.from_document(old)

    assert (refused.value.code, "plan again" in refused.value.hints[0]) == ("plan-old", True)
    assert Plan.recorded(old) == plan()


def test_differences_name_what_moved() -> None:
    """New, gone and changed, one sentence each."""
    now = {"resource": digest("another"), "fluxConfigurations/apps": digest("apps")}

    assert differences(plan().observed, now) == (
        "extensions/flux: gone",
        "fluxConfigurations/apps: new",
        "resource: changed",
    )
    assert differences(plan().observed, plan().observed) == ()


def test_a_newer_format_is_named() -> None:
    """Whoever has an older arcctl is told so, and not that the file is damaged."""
    with pytest.raises(UsageError) as refused:
        Plan.from_document(plan().to_document() | {"format": "arcctl.plan/3"})

    assert refused.value.code == "plan-newer"
    assert "arcctl.plan/3" in refused.value.message


def without(name: str) -> dict[str, Any]:
    """A stored plan that lacks something."""
    return {key: value for key, value in plan().to_document().items() if key != name}


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        "plan",
        {"format": "arcctl.bundle/1"},
        {"format": "arcctl.plan/x"},
        *(without(name) for name in SCHEMA["required"] if name != "blocked"),
        plan().to_document() | {"rows": [{"fate": "carried"}]},
        plan().to_document() | {"rows": [{**plan().to_document()["rows"][0], "fate": "eaten"}]},
        plan().to_document() | {"source": "/nowhere"},
        plan().to_document() | {"seconds": "soon"},
        plan().to_document() | {"observed": []},
        plan().to_document() | {"rows": [{**plan().to_document()["rows"][0], "subject": 7}]},
        plan().to_document() | {"steps": "text"},
        plan().to_document() | {"secrets": [{"child": "x", "name": "y", "from": "heaven"}]},
        plan().to_document() | {"toRegion": "northeurope"},
        plan().to_document() | {"fingerprint": "0" * 64},
    ],
)
def test_anything_else_is_damaged(document: Any) -> None:
    """What arcctl did not write, or somebody changed, is no plan."""
    with pytest.raises(UsageError) as refused:
        Plan.from_document(document)

    assert refused.value.code == "plan-damaged"
