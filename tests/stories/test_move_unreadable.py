"""Lists that could be read when a move was planned, and cannot be later: no empty answer is agreement."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests import arm
from tests.stories import beside, moved, moving
from tests.stories.refusals import DENIED, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stage import Stage

HARBOR = "edge/harbor"
SEEDED: dict[str, list[dict[str, Any]]] = {
    "policyExemptions": [{"on": HARBOR, "policy": "late"}],
    "dataCollectionRuleAssociations": [
        {"on": HARBOR, "name": "late", "dataCollectionRuleId": "/r"}
    ],
    "customLocations": [{"name": "late", "cluster": HARBOR, "holds": ["late-app"]}],
}
SEEDS = {
    "policyExemptions": "exemptions",
    "dataCollectionRuleAssociations": "dataCollection",
    "customLocations": "customLocations",
}
LISTS = {
    "policyAssignments": ("policy", "policy assignments"),
    "diagnosticSettings": ("diagnostics", "diagnostic settings"),
    "roleAssignments": ("role", "role assignments"),
    "policyExemptions": ("", "policy exemptions"),
    "dataCollectionRuleAssociations": ("", "data collection associations"),
    "customLocations": ("", "custom locations"),
}
GONE = {
    "status": 404,
    "body": {"error": {"code": "InvalidResourceType", "message": "no such type"}},
}
GRAPH = "Microsoft.ResourceGraph/resources$"
FLUX = f"{arm.HARBOR}/{arm.CHILDREN}/extensions/flux"


@pytest.fixture
def harbor(quick: Stage) -> Stage:
    """Harbor with its children, which Azure deletes for longer than a look takes."""
    quick.after(moving.connected)
    moving.secrets_file(quick)
    quick.world.delays = replace(quick.world.delays, arm_delete=6)
    return quick


def closed(stage: Stage, name: str, answer: dict[str, Any] = DENIED) -> Callable[[], None]:
    """Return an act: somebody writes into a list, which from then on cannot be read."""
    kind, _ = LISTS[name]

    def act() -> None:
        if kind:
            assert beside.write(stage, kind) in (200, 201)
        else:
            stage.seed(**{SEEDS[name]: SEEDED[name]})
        stage.fault("arm", answer, method="GET", path=f"/{name}$", times=None)

    return act


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_may_not_be_read_any_more_stops_the_move(harbor: Stage, name: str) -> None:
    """Before anything is deleted; the error says what could be read when it was planned."""
    ended = beside.type_beside(harbor, moved.MOVE, "quiet-agents", closed(harbor, name))

    said = (
        f"{LISTS[name][1]}: could be read when this move was planned, and cannot be read now (no)"
    )
    assert (ended.code, "[plan-outdated]" in ended.err) == (5, True), ended.err
    assert said in ended.err, ended.err
    assert (moved.region(harbor), moved.asleep(harbor)) == ("eastus", [])
    assert beside.is_there(harbor)
    assert moved.kept_in_cluster(harbor) == []


def test_a_list_that_azure_does_not_know_any_more_stops_it_too(harbor: Stage) -> None:
    """A 404 says that there is nothing of this kind; when it was planned Azure knew the kind."""
    act = closed(harbor, "policyAssignments", GONE)
    ended = beside.type_beside(harbor, moved.MOVE, "quiet-agents", act)

    assert (ended.code, "[plan-outdated]" in ended.err) == (5, True), ended.err
    assert "policy assignments: could be read when this move was planned" in ended.err
    assert beside.is_there(harbor)


def test_a_list_that_fails_for_long_stops_it_too(harbor: Stage) -> None:
    """The run stays, and goes on once Azure answers."""
    act = closed(harbor, "policyAssignments", {"status": 500})
    ended = beside.type_beside(harbor, moved.MOVE, "quiet-agents", act)

    assert ended.code == 6, ended.err
    assert (moved.region(harbor), beside.is_there(harbor)) == ("eastus", True)


def test_what_only_resource_graph_knows_counts_too(harbor: Stage) -> None:
    """A plan made without it would have said so."""

    def act() -> None:
        harbor.fault("arm", DENIED, path=GRAPH, times=None)

    ended = beside.type_beside(harbor, moved.MOVE, "quiet-agents", act)

    assert (ended.code, "[plan-outdated]" in ended.err) == (5, True), ended.err
    assert "data collection associations of children: could be read" in ended.err


@pytest.mark.parametrize("answer", [DENIED, GONE], ids=["403", "404"])
def test_one_refusal_is_asked_about_again(harbor: Stage, answer: dict[str, Any]) -> None:
    """As a list that lacks something: the third look counts."""

    def act() -> None:
        harbor.fault("arm", answer, method="GET", path="/harbor/.*policyAssignments$", times=1)

    ended = beside.type_beside(harbor, moved.MOVE, "quiet-agents", act)

    assert ended.code == 0, ended.err
    assert "nothing was lost" in ended.err


def test_a_stored_plan_counts_as_the_plan(harbor: Stage) -> None:
    """It is not carried out where less can be read than when it was made."""
    harbor.well(f"{moved.MOVE} --dry-run --plan-out plan.json")
    harbor.fault("arm", DENIED, path=GRAPH, times=None)

    ended = harbor.type(
        f"move -n harbor -g edge --plan plan.json {moved.GIVEN} --skip-prechecks --yes"
    )

    said = "data collection associations of children: could be read"
    refused(ended, "plan-outdated", exit_code=5, said=said)


def test_what_could_not_be_read_for_the_plan_stays_a_note(harbor: Stage) -> None:
    """Accepted, it is carried out, and told once."""
    for name in ("policyAssignments", "diagnosticSettings"):
        harbor.fault("arm", DENIED, method="GET", path=f"/{name}$", times=None)
    harbor.fault("arm", DENIED, path=GRAPH, times=None)

    ended = harbor.type(f"{moved.MOVE} --accept unseen")

    assert ended.code == 0, ended.err
    rows = ended.data["notLookedAt"]
    assert len([row for row in rows if row.startswith("policy assignments")]) == 1, rows
    assert [row for row in rows if "while Azure deleted" in row] == []


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_cannot_be_read_while_azure_deletes_is_told(harbor: Stage, name: str) -> None:
    """As a part that nobody has looked at, and with exit code 5."""
    act = closed(harbor, name)
    ended = beside.type_beside(harbor, moved.MOVE, "delete-source", act, events=("started",))

    assert ended.code == 5, ended.err
    assert "nothing was lost" not in ended.err
    said = f"{LISTS[name][1]}, while Azure deleted harbor: no"
    assert said in ended.data["notLookedAt"], ended.data


def test_what_only_resource_graph_knows_is_told_then_too(harbor: Stage) -> None:
    """As for a plan, this is a note and changes no exit code."""

    def act() -> None:
        harbor.fault("arm", DENIED, path=GRAPH, times=None)

    ended = beside.type_beside(harbor, moved.MOVE, "delete-source", act, events=("started",))

    assert ended.code == 0, ended.err
    assert "nothing was lost" not in ended.err
    said = "data collection associations of children, while Azure deleted harbor: no"
    assert said in ended.data["notLookedAt"]


def test_a_field_of_a_child_that_no_move_carries_is_named(harbor: Stage) -> None:
    """Tags of an extension, written while Azure deletes: lost, and said."""
    written: list[int] = []
    ended = beside.type_beside(
        harbor,
        moved.MOVE,
        "delete-source",
        lambda: written.append(beside.write(harbor, "tag", at=FLUX)),
        events=("started",),
    )

    assert (written, beside.is_there(harbor)) == ([200], False)
    assert ended.code == 5, ended.err
    assert "nothing was lost" not in ended.err
    assert "extensions/flux: tags" in ended.data["lost"]
    [left] = ended.data["left"]
    assert left.startswith("extensions/flux: tags, written while Azure deleted the source"), left
