"""`arcctl rollback` and a target of another name: deleted where it is the run's own, else named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests import arm
from tests.stories import beside, moved
from tests.stories.test_history_close_undone import DEPOT, FORBIDDEN

if TYPE_CHECKING:
    from tests.stage import Stage

MOVE = f"{moved.MOVE} --target-name depot"
DELETE = "arcctl delete -n depot -g edge --azure-only"
LOCATION = f"{arm.GROUP}/providers/Microsoft.ExtendedLocation/customLocations/theirs"


def stopped(stage: Stage) -> str:
    """A move that has stopped when depot was made, and no agent could be quieted."""
    stage.fault("kubernetes", FORBIDDEN, method="PATCH", path="/deployments/", times=40)
    ended = stage.type(MOVE)
    stage.within(stage.world.faults.remove)
    return moved.stopped(ended, "kube-forbidden")


def test_a_target_of_the_runs_own_is_deleted(harbor: Stage) -> None:
    """Nobody has put anything to it."""
    run = stopped(harbor)
    harbor.well(f"rollback {run} --yes")

    assert moved.resource(harbor, DEPOT) == {}


def test_a_target_that_nothing_proves_to_be_the_runs_own(harbor: Stage) -> None:
    """The key that would prove it was held in the cluster: it stays, and is named with exit code 5."""
    run = stopped(harbor)
    key = KINDS["secrets"].key
    harbor.within(lambda: harbor.cluster.store.remove(key, "arcctl", f"arcctl-hold-{run}"))
    ended = harbor.type(f"rollback {run} --yes")

    assert (ended.code, "[rolled-back-in-part]" in ended.err) == (5, True), ended.err
    assert (bool(moved.resource(harbor, DEPOT)), DELETE in ended.err) == (True, True)


@pytest.mark.parametrize("what", ["fields", "custom location"])
def test_a_target_that_others_use_by_now(harbor: Stage, what: str) -> None:
    """Its own fields and custom locations on it count as others' like a child, a role or a tag."""
    fields = {"properties": {"distribution": "k3s", "infrastructure": "aws"}}
    location: dict[str, Any] = {
        "location": "eastus",
        "properties": {
            "hostResourceId": DEPOT,
            "hostType": "Kubernetes",
            "namespace": "theirs",
            "displayName": "theirs",
            "clusterExtensionIds": [],
        },
    }
    run = stopped(harbor)
    if what == "fields":
        status, _ = arm.ask(harbor, "PATCH", DEPOT, fields, version="2024-01-01")
    else:
        status, _ = arm.ask(harbor, "PUT", LOCATION, location, version="2021-08-15")
    assert status in (200, 201)
    ended = harbor.type(f"rollback {run} --yes")

    assert (ended.code, bool(moved.resource(harbor, DEPOT))) == (5, True), ended.err
    said = "custom locations: theirs" if what == "custom location" else "resource distribution"
    assert (said in ended.err, DELETE in ended.err) == (True, True), ended.err


def test_a_target_that_others_use_when_the_plan_is_outdated(harbor: Stage) -> None:
    """The move that ends by itself leaves it as well, and says so."""

    def act() -> None:
        body = {"properties": {"distribution": "k3s", "infrastructure": "aws"}}
        arm.ask(harbor, "PATCH", DEPOT, body, version="2024-01-01")
        beside.write(harbor, "tag", "other")

    ended = beside.type_beside(harbor, MOVE, "quiet-agents", act)

    assert "[plan-outdated]" in ended.err or "plan-outdated" in ended.err
    assert (bool(moved.resource(harbor, DEPOT)), DELETE in ended.err) == (True, True), ended.err
