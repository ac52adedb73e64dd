"""Fields of the resource that only a newer api-version shows: no move can carry them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.azure import versions
from tests.stories import beside, moved, moving

if TYPE_CHECKING:
    from tests.stage import Stage

NEWEST = "2026-09-01"
SUBJECT = "fields of a newer api-version"
REFUSALS: dict[str, dict[str, Any]] = {
    "403": {"status": 403, "body": {"error": {"code": "AuthorizationFailed", "message": "no"}}},
    "400": {"status": 400, "body": {"error": {"code": "InvalidRequest", "message": "no"}}},
    "none": {
        "status": 400,
        "body": {"error": {"code": "NoRegisteredProviderFound", "message": "no"}},
    },
    "empty": {"status": 200, "body": {}},
}


@pytest.fixture
def harbor(quick: Stage) -> Stage:
    """Harbor, whose provider has a newer api-version than arcctl knows; Azure deletes slowly."""
    quick.well(moving.CONNECT)
    quick.seed(versions={"Microsoft.Kubernetes/connectedClusters": [*versions.CLUSTERS, NEWEST]})
    quick.world.delays = replace(quick.world.delays, arm_delete=5)
    return quick


def shown(stage: Stage) -> None:
    """The newest api-version shows a field that no other does."""
    known = moved.resource(stage)
    body = {**known, "properties": {**known["properties"], "maintenance": {"mode": "late"}}}
    answer = {"status": 200, "body": body}
    stage.fault("arm", answer, method="GET", path="/harbor$", query=NEWEST, times=None)


@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_cannot_be_read_is_named(harbor: Stage, refusal: str) -> None:
    """In the plan, and in the report, which calls nothing clean that nobody has seen."""
    harbor.fault("arm", REFUSALS[refusal], method="GET", path="/harbor$", query=NEWEST, times=None)
    ended = harbor.well(moving.MOVE)

    assert [each for each in ended.data["notLookedAt"] if SUBJECT in each], ended.data


@pytest.mark.parametrize("step", ["quiet-agents", "look-again"])
def test_a_field_that_is_written_after_the_plan_outdates_it(harbor: Stage, step: str) -> None:
    """Nothing was lost yet, so nothing is."""
    ended = beside.type_beside(
        harbor, moving.MOVE, step, lambda: shown(harbor), events=("started",)
    )

    assert (ended.code, "[plan-outdated]" in ended.err) == (5, True), ended.err
    assert SUBJECT in ended.err
    assert moved.region(harbor) == "eastus"


def test_a_field_that_is_written_while_azure_deletes_is_named(harbor: Stage) -> None:
    """It is left to do."""
    ended = beside.type_beside(
        harbor, moving.MOVE, "delete-source", lambda: shown(harbor), events=("started",)
    )

    assert [each for each in ended.data["left"] if SUBJECT in each and "maintenance" in each]


def test_a_field_that_cannot_be_read_any_more_outdates_the_plan(harbor: Stage) -> None:
    """What a look does not show is no agreement."""
    ended = beside.type_beside(
        harbor,
        moving.MOVE,
        "quiet-agents",
        lambda: harbor.fault(
            "arm", REFUSALS["403"], method="GET", path="/harbor$", query=NEWEST, times=None
        ),
        events=("started",),
    )

    assert (ended.code, "[plan-outdated]" in ended.err) == (5, True), ended.err
    assert f"{SUBJECT}: could be read when this move was planned" in ended.err
