"""Planning a move on a real sandbox: what is seen and saved, and that it only reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from arcctl.errors import AccessError, AzureError
from arcctl.model.bundle import Bundle
from arcctl.model.plan import Plan
from tests.matrix.worlds import world
from tests.model.schemas import breaches
from tests.model.test_plan import SCHEMA
from tests.operations.planned import (
    APPS,
    MONITOR,
    ROLE,
    blocking,
    codes,
    furnished,
)

if TYPE_CHECKING:
    from tests.operations.planned import Yard

QUESTIONS = ("checkPolicyRestrictions", "Microsoft.ResourceGraph/resources")
REVIEWS = "selfsubjectaccessreviews"
AGENTS = "azure-arc-agents"


async def test_a_plain_cluster_may_move(harbor: Yard) -> None:
    """Nothing blocks, and the plan is what its schema says."""
    plan, _ = await harbor.plan()
    document = json.loads(json.dumps(plan.to_document()))

    assert blocking(plan) == []
    assert list(breaches(SCHEMA, document)) == []
    assert Plan.from_document(document) == plan
    assert {"tags", "features", "identity", "certificate-key", "history"} <= codes(plan)


async def test_everything_that_hangs_on_it_has_its_row(harbor: Yard) -> None:
    """Children, roles, policies, diagnostics and collections, each with its fate."""
    furnished(harbor)
    plan, _ = await harbor.plan()
    found = {(row.code, str(row.fate)) for row in plan.rows}

    assert blocking(plan) == []
    assert found >= {
        ("extensions", "carried"),
        ("flux", "carried"),
        ("prune", "noted"),
        ("role-assignments", "restored"),
        ("identity-rights", "lost"),
        ("extension-identities", "changes"),
        ("policy-assignments", "restored"),
        ("diagnostic-settings", "restored"),
        ("data-collection", "restored"),
    }


async def test_the_bundle_holds_what_the_plan_promises(harbor: Yard) -> None:
    """Own assignments only, none that is inherited; and it survives being stored."""
    furnished(harbor)
    _, bundle = await harbor.plan()
    attached = bundle.attached
    document = json.loads(json.dumps(bundle.to_document()))

    assert sorted(child.key for child in bundle.children) == [
        "extensions/flux",
        "extensions/monitor",
        "fluxConfigurations/apps",
    ]
    assert len(attached.role_assignments) == 2
    assert len(attached.identity_assignments) == 1
    assert [
        len(getattr(attached, name)) for name in ("diagnostic_settings", "data_collection")
    ] == [
        1,
        1,
    ]
    assert [each["name"] for each in attached.policy_assignments] == ["own"]
    assert bundle.region == "eastus"
    assert bundle.versions["Microsoft.Kubernetes/connectedClusters"] == "2026-05-01"
    assert Bundle.from_document(document) == bundle


async def test_planning_only_reads(harbor: Yard) -> None:
    """The journals hold reads, and questions that change nothing; Azure stays as it was."""
    furnished(harbor)
    before = world(harbor.stage)["azure"]
    harbor.stage.within(harbor.stage.world.journal.clear)
    await harbor.plan()
    asked = harbor.stage.within(lambda: list(harbor.stage.world.journal.select()))
    changing = [
        f"{each.service} {each.method} {each.path}"
        for each in asked
        if each.service in ("arm", "kubernetes")
        and each.method not in ("GET", "HEAD")
        and each.user_agent != AGENTS
        and not each.path.endswith((*QUESTIONS, REVIEWS))
    ]

    assert {each.service for each in asked} >= {"arm", "kubernetes", "dataplane"}
    assert changing == []
    assert world(harbor.stage)["azure"] == before


async def test_azure_that_refuses_to_say_ends_the_planning(harbor: Yard) -> None:
    """An answer that is neither yes nor no is no ground to delete anything on."""
    refusal = {"status": 400, "body": {"error": {"code": "Odd", "message": "something is odd"}}}
    harbor.stage.fault("arm", refusal, path="Microsoft.Authorization/locks", times=None)

    with pytest.raises(AzureError, match="something is odd"):
        await harbor.plan()


async def test_whoever_is_signed_out_is_told_so(harbor: Yard) -> None:
    """A token that is refused says nothing about what hangs on the resource."""
    harbor.stage.fault(
        "arm", {"expire_token": "expired"}, path="Microsoft.Authorization/locks", times=None
    )

    with pytest.raises(AccessError) as refused:
        await harbor.plan()

    assert refused.value.code != "unseen"


@pytest.mark.parametrize("graph", [True, False])
async def test_many_identities_are_asked_for_at_once(harbor: Yard, graph: bool) -> None:
    """By one list of all roles in each subscription; Resource Graph changes nothing here."""
    harbor.seed(extensions=[MONITOR | {"name": f"m-{n}"} for n in range(12)], graphLag=0)
    store = harbor.stage.world.azure.store.resources
    [one] = [each for key, each in store.items() if key.endswith("/extensions/m-7")]
    principal = one.body["identity"]["principalId"]
    harbor.seed(assignments=[{"who": principal, "role": ROLE, "on": "edge"}])
    if not graph:
        harbor.stage.fault("arm", {"forbid": True}, path="Microsoft.ResourceGraph", times=None)
    harbor.stage.within(harbor.stage.world.journal.clear)
    _, bundle = await harbor.plan()
    [found] = bundle.attached.identity_assignments
    listed = [each for each in harbor.stage.requests("arm") if each.endswith("/roleAssignments")]

    assert found["properties"]["principalId"] == principal
    assert len(listed) == (2 if graph else 3)


async def test_a_rename_is_made_before_the_source_goes(harbor: Yard) -> None:
    """Steps and rows say so; a missing group is made."""
    plan, _ = await harbor.plan(target_name="depot", target_group="yard")
    titles = [step.title for step in plan.steps]

    assert blocking(plan) == []
    assert {"resource-id", "target-first", "target-group"} <= codes(plan)
    assert titles.index("create yard/depot in westeurope") < titles.index("point of no return")


async def test_three_hundred_children_cost_no_more_looks(harbor: Yard) -> None:
    """Lists are read whole, types and identities once: not a request a child."""
    harbor.seed(
        extensions=[MONITOR | {"name": f"monitor-{n}"} for n in range(150)],
        fluxConfigurations=[APPS | {"name": f"apps-{n}"} for n in range(150)],
        pageSize=100,
    )
    harbor.stage.within(harbor.stage.world.journal.clear)
    plan, bundle = await harbor.plan()
    asked = [each for each in harbor.stage.requests("arm") if "azure-arc" not in each]

    assert len(bundle.children) == 300
    assert plan.seconds < 900
    assert len(asked) < 80, sorted(asked)
