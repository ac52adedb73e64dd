"""What hangs on a child of the cluster goes with it, and is put back like what hangs on the cluster."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests import arm
from tests.stories import moved, moving
from tests.stories.moments import at
from tests.writes import AUTHORIZATION

if TYPE_CHECKING:
    from tests.stage import Stage

INSIGHTS = "providers/Microsoft.Insights"
CHILDREN = ("extensions/monitor", "fluxConfigurations/public")
POLICY = "/providers/Microsoft.Authorization/policyDefinitions/e56962a6"
RENAMED = "--target-name depot"
DEPOT = f"{arm.GROUP}/providers/Microsoft.Kubernetes/connectedClusters/depot"
HUNG: dict[str, tuple[str, str, dict[str, Any]]] = {
    "policy": (
        f"{AUTHORIZATION}/policyAssignments/below",
        "2022-06-01",
        {"policyDefinitionId": POLICY, "displayName": "below"},
    ),
    "exemption": (
        f"{AUTHORIZATION}/policyExemptions/below",
        "2022-07-01-preview",
        {"policyAssignmentId": f"{arm.GROUP}/{AUTHORIZATION}/policyAssignments/any"}
        | {"exemptionCategory": "Waiver"},
    ),
    "setting": (
        f"{INSIGHTS}/diagnosticSettings/below",
        "2021-05-01-preview",
        {"workspaceId": f"{arm.GROUP}/workspaces/logs", "logs": []},
    ),
    "association": (
        f"{INSIGHTS}/dataCollectionRuleAssociations/below",
        "2022-06-01",
        {"dataCollectionRuleId": f"{arm.GROUP}/rules/below"},
    ),
}


@pytest.fixture
def hung(harbor: Stage) -> Stage:
    """Harbor, with one of each hanging on two of its children."""
    for child in CHILDREN:
        for place, version, properties in HUNG.values():
            path = f"{arm.HARBOR}/{arm.CHILDREN}/{child}/{place}"
            status, told = arm.ask(harbor, "PUT", path, {"properties": properties}, version=version)
            assert status in (200, 201), told
    return harbor


def missing(stage: Stage, cluster: str = arm.HARBOR) -> list[str]:
    """What does not hang there, or not as it did."""
    found = []
    for child in CHILDREN:
        for kind, (place, version, properties) in HUNG.items():
            path = f"{cluster}/{arm.CHILDREN}/{child}/{place}"
            answer = arm.ask(stage, "GET", path, version=version)[1] or {}
            now = answer.get("properties") or {}
            if any(now.get(name) != value for name, value in properties.items()):
                found.append(f"{kind} of {child}")
    return found


@pytest.mark.parametrize(("more", "cluster"), [("", arm.HARBOR), (RENAMED, DEPOT)])
def test_it_is_put_back_on_the_same_child(hung: Stage, more: str, cluster: str) -> None:
    """Also where the cluster has another name afterwards."""
    plan = hung.well(f"{moved.MOVE} {more} --dry-run").data
    told = {row["code"]: row["subject"] for row in plan["rows"]}
    assert told["policy-assignments"] == "2 policy assignments"
    assert told["policy-exemptions"] == "2 policy exemptions"
    assert told["diagnostic-settings"] == "2 diagnostic settings"
    assert told["data-collection"] == "2 data collection associations"

    ended = hung.well(f"{moved.MOVE} {more}")

    assert (ended.data["differences"], ended.data["left"]) == ([], [])
    assert missing(hung, cluster) == []


def test_associations_that_nobody_could_find_are_named(hung: Stage) -> None:
    """Without Resource Graph: in the plan, and in the report, where they are not there again."""
    hung.fault("arm", {"forbid": True}, path="Microsoft.ResourceGraph", times=None)

    ended = hung.well(moved.MOVE)

    assert missing(hung) == [f"association of {child}" for child in CHILDREN]
    said = "data collection associations of children could not be looked at"
    assert [row for row in ended.data["notLookedAt"] if row.startswith(said)]
    assert "nothing was lost" not in ended.err


def test_a_type_that_takes_no_settings_is_asked_once(harbor: Stage) -> None:
    """Azure says so in its own words: nothing is noted, and the move goes on."""
    said = "The resource type does not support diagnostic settings."
    body = {"code": "ResourceTypeNotSupported", "message": said}
    path = f"/(extensions|fluxConfigurations)/[a-z]+/{INSIGHTS}/diagnosticSettings$"
    fault = harbor.fault("arm", {"status": 400, "body": body}, method="GET", path=path, times=None)

    plan = harbor.well(f"{moving.MOVE} {moved.GIVEN} --dry-run").data

    assert harbor.happened(fault) == 2
    assert [row for row in plan["rows"] if "could not be looked at" in row["subject"]] == []


def test_what_goes_with_its_child_while_azure_deletes_was_taken_by_nobody(hung: Stage) -> None:
    """Azure may delete children before the cluster: what hung on them is put back without a word."""
    hung.world.delays = replace(hung.world.delays, arm_delete=5)
    child = f"{arm.HARBOR}/{arm.CHILDREN}/{CHILDREN[0]}"
    taken = at(hung, f"arm DELETE {arm.HARBOR}$", "after", lambda: hung.world.azure.remove(child))

    ended = hung.well(moved.MOVE)

    assert taken.happened
    assert ended.data["left"] == []
    assert missing(hung) == []
