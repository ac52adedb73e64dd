"""What stops a move while nothing is changed yet, on a real sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from arcctl.errors import NotFound, UsageError
from tests.operations.planned import (
    APPS,
    FLUX,
    HARBOR,
    MONITOR,
    REGION,
    blocking,
    codes,
)

if TYPE_CHECKING:
    from tests.operations.planned import Yard

LOCK = {"name": "keep"}


@pytest.mark.parametrize(
    ("scenario", "asked", "code"),
    [
        ({"locks": [LOCK | {"on": HARBOR}]}, {}, "locked-itself"),
        ({"locks": [LOCK | {"on": "edge"}]}, {}, "locked"),
        ({"locks": [LOCK]}, {}, "locked"),
        ({"locks": [LOCK | {"on": "edge", "level": "ReadOnly"}]}, {}, "locked"),
        (
            {"policies": [{"on": "edge", "name": "us-only", "allow": ["eastus"]}]},
            {},
            "policy-denies",
        ),
        ({"policies": [{"name": "not-there", "deny": [REGION]}]}, {}, "policy-denies"),
        (
            {"policies": [{"forbidTypes": ["Microsoft.Kubernetes/connectedClusters"]}]},
            {},
            "policy-denies",
        ),
        ({}, {"target_region": "East US"}, "same-region"),
        ({}, {"target_region": "westeurpe"}, "region-unknown"),
        ({}, {"target_region": "brazilsouth"}, "region-lacks-type"),
        ({"fluxConfigurations": [APPS]}, {"target_region": "eastasia"}, "region-lacks-type"),
        ({"extensions": [FLUX]}, {"target_region": "canadaeast"}, "region-lacks-type"),
        (
            {"extensions": [MONITOR], "withdrawn": [{"type": MONITOR["type"], "region": REGION}]},
            {},
            "type-not-offered",
        ),
        (
            {"providers": {"Microsoft.Kubernetes": "NotRegistered"}},
            {},
            "provider-unregistered",
        ),
        ({"customLocations": [{"name": "pier", "cluster": HARBOR}]}, {}, "custom-locations"),
        (
            {
                "gateways": [{"name": "gate", "group": "edge"}],
                "clusters": [{"name": "depot", "group": "yard"}],
            },
            {"target_name": "depot", "target_group": "yard"},
            "target-exists",
        ),
    ],
)
async def test_what_cannot_work_is_found_before_anything_changes(
    harbor: Yard, scenario: dict[str, Any], asked: dict[str, Any], code: str
) -> None:
    """Each of these would end half-way, and ends here instead."""
    harbor.seed(**scenario)
    plan, _ = await harbor.plan(**asked)

    assert blocking(plan) == [code]


async def test_another_cluster_is_not_moved(harbor: Yard) -> None:
    """A resource whose agents are in another cluster blocks, whatever its name."""
    harbor.seed(clusters=[{"name": "depot", "group": "yard"}])
    plan, _ = await harbor.plan(name="depot", group="yard")

    assert "wrong-cluster" in blocking(plan)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("Offline", "source-offline"),
        ("Expired", "source-expired"),
        ("Connecting", "source-unsettled"),
    ],
)
async def test_a_cluster_that_is_not_connected_blocks(harbor: Yard, state: str, code: str) -> None:
    """Its status is looked at, whoever's it is."""
    harbor.seed(clusters=[{"name": "depot", "group": "yard", "state": state}])
    plan, _ = await harbor.plan(name="depot", group="yard")

    assert code in blocking(plan)


async def test_kinds_of_other_services_are_refused(harbor: Yard) -> None:
    """Azure Local's clusters are moved by nobody."""
    harbor.seed(clusters=[{"name": "depot", "group": "yard", "kind": "ProvisionedCluster"}])
    plan, _ = await harbor.plan(name="depot", group="yard")

    assert "kind-refused" in blocking(plan)


async def test_a_cluster_that_is_not_there_is_no_plan(harbor: Yard) -> None:
    """There is nothing to judge."""
    with pytest.raises(NotFound):
        await harbor.plan(name="nobody")


async def test_a_finding_that_may_pass_passes_when_it_is_accepted(harbor: Yard) -> None:
    """It is recorded in the plan, and in what was asked."""
    harbor.seed(customLocations=[{"name": "pier", "cluster": HARBOR}])
    plan, _ = await harbor.plan(accept=frozenset({"custom-locations"}))

    assert blocking(plan) == []
    assert [row.code for row in plan.accepted] == ["custom-locations"]
    assert plan.options["accept"] == ["custom-locations"]


@pytest.mark.parametrize("code", ["locked", "wrong-cluster", "identity", "nothing-of-the-kind"])
async def test_not_everything_may_be_accepted(harbor: Yard, code: str) -> None:
    """What can never pass, and what blocks nothing, is refused with what may."""
    with pytest.raises(UsageError) as refused:
        await harbor.plan(accept=frozenset({code}))

    assert refused.value.code == "accept"
    assert "custom-locations" in refused.value.why[-1]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("providers/Microsoft.Authorization/roleAssignments", "unseen"),
        ("providers/Microsoft.Authorization/locks", "unseen"),
        ("providers/Microsoft.Insights/diagnosticSettings", "unseen"),
        ("Microsoft.ExtendedLocation/customLocations", "unseen"),
    ],
)
async def test_what_would_be_lost_unseen_blocks(harbor: Yard, path: str, code: str) -> None:
    """Who may not look may let it pass, knowingly."""
    harbor.stage.fault("arm", {"forbid": True}, path=path, times=None)
    plan, _ = await harbor.plan()
    accepted, _ = await harbor.plan(accept=frozenset({"unseen"}))

    assert blocking(plan) == [code]
    assert blocking(accepted) == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("Microsoft.PolicyInsights/checkPolicyRestrictions", "policy-unchecked"),
        ("Microsoft.ResourceGraph/resources", "graph-unread"),
        ("providers/Microsoft.Authorization/permissions", "permissions-unread"),
        ("locations/westeurope/extensionTypes", "catalogue-unread"),
    ],
)
async def test_what_is_only_worth_knowing_does_not_block(
    harbor: Yard, path: str, code: str
) -> None:
    """It is said that it could not be looked at."""
    harbor.seed(extensions=[FLUX])
    refusal = {"status": 403, "body": {"error": {"code": "AuthorizationFailed", "message": "no"}}}
    harbor.stage.fault("arm", refusal, path=path, times=None)
    plan, _ = await harbor.plan()

    assert blocking(plan) == []
    assert code in codes(plan)


async def test_what_stands_on_a_custom_location_is_named(harbor: Yard) -> None:
    """Resource Graph tells it, as soon as it has heard of it."""
    harbor.seed(
        customLocations=[{"name": "pier", "cluster": HARBOR, "holds": ["shop"]}], graphLag=0
    )
    plan, _ = await harbor.plan()
    [row] = plan.blocking

    assert "pier" in row.subject
    assert "shop" in row.detail


@pytest.mark.parametrize(("scope", "code"), [("east", "private-link-region"), ("west", "")])
async def test_private_link_needs_a_scope_of_the_region(
    harbor: Yard, scope: str, code: str
) -> None:
    """The old one will not do; one of the target region does."""
    harbor.seed(
        privateLinkScopes=[
            {"name": "east", "group": "edge", "location": "eastus"},
            {"name": "west", "group": "edge", "location": REGION},
        ]
    )
    group = harbor.key.partition("/providers/")[0]
    identifier = f"{group}/providers/Microsoft.HybridCompute/privateLinkScopes/{scope}"
    plan, _ = await harbor.plan(private_link_scope=identifier)

    assert blocking(plan) == [code] * bool(code)


async def test_the_gateway_is_known_by_its_link(harbor: Yard) -> None:
    """The resource's body only says that there is one."""
    harbor.seed(gateways=[{"name": "gate", "group": "edge", "cluster": HARBOR}])

    def enable() -> None:
        body = harbor.stage.world.azure.store.resources[harbor.key].body
        body["properties"]["gateway"] = {"enabled": True}

    harbor.stage.within(enable)
    plan, bundle = await harbor.plan()

    assert blocking(plan) == []
    assert bundle.gateway.endswith("/gateways/gate")


async def test_who_trusts_the_old_issuer_is_named(harbor: Yard) -> None:
    """Each federated credential, with the command that mends it."""
    issuer = "https://eastus.oic.example/t/c"
    harbor.seed(
        federations=[
            {"identity": "edge/shop", "name": "east", "issuer": issuer, "subject": "s"},
            {"identity": "edge/other", "name": "else", "issuer": "https://x", "subject": "s"},
        ]
    )

    def enable() -> None:
        body = harbor.stage.world.azure.store.resources[harbor.key].body
        body["properties"]["oidcIssuerProfile"] = {"enabled": True, "issuerUrl": issuer}

    harbor.stage.within(enable)
    plan, _ = await harbor.plan()
    [row] = [row for row in plan.rows if row.code == "federated-credentials"]

    assert row.detail == "shop/east"
