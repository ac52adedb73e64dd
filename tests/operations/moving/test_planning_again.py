"""Planning twice: secrets that come later, and a world that has moved."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.model.plan import Fate, differences
from arcctl.model.secret import Secret
from arcctl.operations.secrets.files import Given
from tests.operations.planned import (
    APPS,
    FLUX,
    HARBOR,
    MONITOR,
    REGION,
    SOMEBODY,
    blocking,
    furnished,
)

if TYPE_CHECKING:
    from tests.operations.planned import Yard

SECRET = MONITOR | {"secrets": ["amalogs.secret.key"]}
GIVEN = [Given("monitor", "amalogs.secret.key", Secret("kX-31"), "file", None)]
PLACE = "extensions/monitor/amalogs.secret.key"


async def test_a_missing_secret_blocks(harbor: Yard) -> None:
    """Both ways out are named."""
    harbor.seed(extensions=[SECRET])
    plan, _ = await harbor.plan()
    [row] = plan.blocking

    assert row.code == "secret-missing"
    assert PLACE in row.subject
    assert row.remedy == (
        "with a file that has them: --protected-settings FILE",
        "if Flux or the agents still have them: --secrets-from-cluster",
        f"to do without: --waive-secret {PLACE}",
    )


async def test_a_given_secret_is_enough(harbor: Yard) -> None:
    """Where it came from is in the plan; its value is nowhere."""
    harbor.seed(extensions=[SECRET])
    plan, bundle = await harbor.plan(GIVEN)

    assert blocking(plan) == []
    assert [asdict(each)["origin"] for each in plan.secrets] == ["file"]
    assert "kX-31" not in json.dumps([plan.to_document(), bundle.to_document()])


async def test_a_waived_secret_is_lost(harbor: Yard) -> None:
    """It is a decision, and stands in the plan as one."""
    harbor.seed(extensions=[SECRET])
    plan, _ = await harbor.plan(waive=frozenset({PLACE}))

    assert blocking(plan) == []
    assert ("secret-waived", Fate.LOST) in {(row.code, row.fate) for row in plan.rows}


async def test_a_waiver_that_fits_nothing_is_told(harbor: Yard) -> None:
    """It may be meant for another cluster, so the plan only notes it."""
    harbor.seed(extensions=[SECRET])
    plan, _ = await harbor.plan(GIVEN, waive=frozenset({"ingress/tls"}))

    assert blocking(plan) == []
    assert [row.subject for row in plan.rows if row.code == "secret-note"] == [
        "--waive-secret ingress/tls: nothing needs it, so it changes nothing"
    ]


async def test_secrets_given_later_are_no_difference(harbor: Yard) -> None:
    """What a person holds is not the world's, so a stored plan stays good."""
    harbor.seed(extensions=[SECRET])
    without, _ = await harbor.plan()
    given, _ = await harbor.plan(GIVEN)

    assert without.observed == given.observed


async def test_an_unchanged_world_looks_the_same_twice(harbor: Yard) -> None:
    """Time and heartbeats go on meanwhile."""
    furnished(harbor)
    first, _ = await harbor.plan()
    harbor.stage.within(lambda: harbor.stage.world.clock.advance(120))
    second, _ = await harbor.plan()

    assert differences(first.observed, second.observed) == ()
    assert first.observed == second.observed


async def test_what_the_move_itself_makes_first_is_no_difference(harbor: Yard) -> None:
    """A run that was cut before its point of no return finds its own target, and goes on."""
    there = {"target_name": "depot", "target_group": "yard"}
    before, _ = await harbor.plan(**there)
    harbor.seed(clusters=[{"name": "depot", "group": "yard", "location": REGION}])
    after, _ = await harbor.plan(**there)

    assert differences(before.observed, after.observed) == ()


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        ({"extensions": [MONITOR | {"releaseTrain": "preview"}]}, "extensions/monitor: changed"),
        ({"extensions": [FLUX | {"name": "more"}]}, "extensions/more: new"),
        (
            {"fluxConfigurations": [APPS | {"suspend": True}]},
            "fluxConfigurations/apps: changed",
        ),
        (
            {"assignments": [{"who": SOMEBODY, "role": "Contributor", "on": HARBOR}]},
            "role assignments: changed",
        ),
        ({"locks": [{"on": "edge"}]}, "locks: changed"),
        (
            {"diagnosticSettings": [{"on": HARBOR, "name": "more", "workspaceId": "/x"}]},
            "diagnostic settings: changed",
        ),
        (
            {"dataCollection": [{"on": HARBOR, "name": "more", "dataCollectionRuleId": "/x"}]},
            "data collection associations: changed",
        ),
        (
            {"policies": [{"on": HARBOR, "name": "more", "allow": ["eastus", REGION]}]},
            "policy assignments: changed",
        ),
        (
            {"customLocations": [{"name": "pier", "cluster": HARBOR}]},
            "custom locations: changed",
        ),
    ],
)
async def test_any_change_is_named(harbor: Yard, change: dict[str, Any], subject: str) -> None:
    """One thing moves, and one subject differs."""
    furnished(harbor)
    before, _ = await harbor.plan()
    harbor.seed(**change)
    after, _ = await harbor.plan()

    assert subject in differences(before.observed, after.observed)
    assert before.observed != after.observed


@pytest.mark.parametrize(
    ("properties", "tags"), [({"azureHybridBenefit": "True"}, None), ({}, {"team": "another"})]
)
async def test_a_change_of_the_resource_is_named(
    harbor: Yard, properties: dict[str, str], tags: dict[str, str] | None
) -> None:
    """Tags and choices are what a person changes most."""
    before, _ = await harbor.plan()

    def change() -> None:
        body = harbor.stage.world.azure.store.resources[harbor.key].body
        body["properties"] |= properties
        body["tags"] = tags or body["tags"]

    harbor.stage.within(change)
    after, _ = await harbor.plan()

    assert differences(before.observed, after.observed) == ("resource: changed",)
