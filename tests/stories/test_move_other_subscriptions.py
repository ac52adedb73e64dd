"""What a cluster has in other subscriptions: roles of its identities, and credentials that trust it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.azure.seeds import SECOND_SUBSCRIPTION
from tests import arm
from tests.stories import beside, moved, moving
from tests.stories.refusals import DENIED

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

SECOND = f"/subscriptions/{SECOND_SUBSCRIPTION}"
FAR = f"{SECOND}/resourceGroups/far"
ROLES = "providers/Microsoft.Authorization/roleAssignments"
GRAPH = "Microsoft.ResourceGraph/resources$"
PLAN = moved.MOVE.replace("--yes", "--dry-run")


@pytest.fixture
def afar(harbor: Stage) -> Stage:
    """Harbor, which Azure deletes for longer than a look takes, and a group in subscription 2."""
    harbor.world.delays = replace(harbor.world.delays, arm_delete=6)
    harbor.seed(
        groups=[{"name": "far", "location": "eastus", "subscriptionId": SECOND_SUBSCRIPTION}]
    )
    return harbor


def principals(stage: Stage) -> list[str]:
    """The identities of harbor and of its extension."""
    resource = arm.ask(stage, "GET", arm.HARBOR, version="2026-05-01")[1]
    monitor = arm.children(stage)["extensions/monitor"]
    return [each["identity"]["principalId"] for each in (resource, monitor)]


def grant(stage: Stage, principal: str, number: int, scope: str = FAR) -> None:
    """An identity is given a role."""
    role = {
        "roleDefinitionId": moving.ROLE,
        "principalId": principal,
        "principalType": "ServicePrincipal",
    }
    path = f"{scope}/{ROLES}/66666666-2222-3333-4444-55555555555{number}"
    assert arm.ask(stage, "PUT", path, {"properties": role}, version="2022-04-01")[0] == 201


def granted(stage: Stage) -> None:
    """Both identities have a role in subscription 2."""
    for number, each in enumerate(principals(stage)):
        grant(stage, each, number)


def grantees(stage: Stage, scope: str = FAR) -> list[str]:
    """Who has a role at a scope."""
    found = arm.ask(stage, "GET", f"{scope}/{ROLES}", version="2022-04-01")[1]["value"]
    own = [each for each in found if each["properties"]["scope"].lower() == scope.lower()]
    return sorted(each["properties"]["principalId"] for each in own)


def refuse_graph(stage: Stage) -> None:
    """Resource Graph may not be asked."""
    stage.fault("arm", DENIED, path=GRAPH, times=None)


def rows(ended: Ended, *codes: str) -> list[dict[str, Any]]:
    """The rows of a plan with these codes."""
    return [each for each in ended.data["rows"] if each["code"] in codes]


@pytest.mark.parametrize("graph", [True, False], ids=["graph", "lists"])
def test_roles_in_another_subscription_follow_the_new_identities(afar: Stage, graph: bool) -> None:
    """With the flag, by Resource Graph or by a list of each subscription."""
    granted(afar)
    old = principals(afar)
    if not graph:
        refuse_graph(afar)
    ended = afar.well(f"{moved.MOVE} --reassign-identities")
    now = principals(afar)

    assert set(now).isdisjoint(old)
    assert grantees(afar) == sorted([*old, *now])
    assert len([each for each in ended.data["restored"] if each.endswith(" at far")]) == 2


@pytest.mark.parametrize("graph", [True, False], ids=["graph", "lists"])
def test_roles_in_another_subscription_are_named_as_lost(afar: Stage, graph: bool) -> None:
    """Without the flag: in the plan, in the report, and by the last line."""
    granted(afar)
    if not graph:
        refuse_graph(afar)
    [row] = rows(afar.well(PLAN), "identity-rights")
    ended = afar.well(moved.MOVE)

    assert (row["fate"], row["subject"]) == ("lost", "2 roles of these identities elsewhere")
    assert "2 roles of these identities elsewhere: at far" in ended.data["lost"]
    assert "nothing was lost" not in ended.err


def test_a_role_that_resource_graph_still_shows_is_not_there(afar: Stage) -> None:
    """It lags behind, so what it shows is read where it is."""
    granted(afar)
    afar.seed(graphLag=600)
    for number in range(2):
        path = f"{FAR}/{ROLES}/66666666-2222-3333-4444-55555555555{number}"
        assert arm.ask(afar, "DELETE", path, version="2022-04-01")[0] == 200

    assert rows(afar.well(PLAN), "identity-rights") == []


def test_a_subscription_that_may_not_be_read_is_named(afar: Stage) -> None:
    """Where Resource Graph may not be asked either; the move goes on and claims nothing."""
    granted(afar)
    refuse_graph(afar)
    afar.fault("arm", DENIED, method="GET", path=f"^{SECOND}/{ROLES}$", times=None)
    ended = afar.well(moved.MOVE)

    said = (
        f"roles of the old identities in subscription {SECOND_SUBSCRIPTION} could not be looked at"
    )
    assert [each for each in ended.data["notLookedAt"] if each.startswith(said)], ended.data
    assert "nothing was lost" not in ended.err


def test_subscriptions_that_cannot_be_listed_are_named(afar: Stage) -> None:
    """Nobody knows then which there are."""
    afar.fault("arm", DENIED, method="GET", path="^/subscriptions$", times=None)
    ended = afar.well(moved.MOVE)

    said = "other subscriptions could not be looked at"
    assert [each for each in ended.data["notLookedAt"] if each.startswith(said)], ended.data
    assert "nothing was lost" not in ended.err


def test_another_subscription_counts_as_read_only_where_that_is_proved(afar: Stage) -> None:
    """Azure leaves out of Resource Graph's answer what may not be read, without saying so."""
    answer = {"status": 200, "body": {"value": [{"actions": ["Microsoft.Kubernetes/*"]}]}}
    afar.fault("arm", answer, method="GET", path=f"^{SECOND}/.*/permissions$", times=None)
    ended = afar.well(moved.MOVE)

    assert [
        each
        for each in ended.data["notLookedAt"]
        if each.startswith("lists of 1 other subscription may be incomplete")
        and SECOND_SUBSCRIPTION in each
    ], ended.data
    assert "nothing was lost" not in ended.err


def test_a_role_given_there_since_the_plan_stops_the_move(afar: Stage) -> None:
    """The second look sees it before anything is deleted."""
    afar.seed(graphLag=0)
    old, _ = principals(afar)
    ended = beside.type_beside(
        afar, moved.MOVE, "quiet-agents", lambda: grant(afar, old, 1), events=("started",)
    )

    assert (ended.code, "[plan-outdated]" in ended.err) == (5, True), ended.err
    assert "roles of its identities: changed" in ended.err, ended.err
    assert moved.region(afar) == "eastus"


def test_roles_of_a_policys_identity_there_are_named(afar: Stage) -> None:
    """Nobody gives them to the identity that its assignment has afterwards."""
    policy = f"{arm.HARBOR}/providers/Microsoft.Authorization/policyAssignments/own"
    body = {
        "location": "eastus",
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/e56962a6"
        },
    }
    assert arm.ask(afar, "PUT", policy, body, version="2022-06-01")[0] == 201
    found = arm.ask(afar, "GET", policy, version="2022-06-01")[1]
    grant(afar, found["identity"]["principalId"], 1)

    ended = afar.type(moved.MOVE)

    assert ended.code == 5, ended.err
    [line] = ended.data["left"]
    assert "the policy assignment own has a new identity, and the old one has 1 role" in line


@pytest.mark.parametrize("graph", [True, False], ids=["graph", "lists"])
def test_credentials_there_that_trust_the_issuer_are_named(quick: Stage, graph: bool) -> None:
    """With the command that updates them in their own subscription."""
    quick.well(
        "connect -n harbor -g edge -l eastus --skip-prechecks --enable-oidc-issuer true --yes"
    )
    issuer = quick.well("show -n harbor -g edge").data["oidcIssuerProfile"]["issuerUrl"]
    away = f"{FAR}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/away"
    trust = {
        "issuer": issuer,
        "subject": "system:serviceaccount:a:b",
        "audiences": ["api://AzureADTokenExchange"],
    }
    quick.seed(
        groups=[{"name": "far", "location": "eastus", "subscriptionId": SECOND_SUBSCRIPTION}],
        federations=[
            {"identity": "edge/near", "name": "here", **trust, "audiences": None},
        ],
        resources=[
            {"id": away, "location": "eastus", "properties": {}},
            {"id": f"{away}/federatedIdentityCredentials/there", "properties": trust},
        ],
    )
    if not graph:
        refuse_graph(quick)
    [row] = rows(quick.well(PLAN.replace(moved.GIVEN, "")), "federated-credentials")

    assert (row["subject"], row["detail"]) == (
        "2 federated credentials to update",
        "near/here, away/there",
    )
    [there] = [each for each in row["remedy"] if "away" in each]
    assert there.endswith(f"--issuer NEW-ISSUER --subscription {SECOND_SUBSCRIPTION}")


@pytest.mark.parametrize("graph", [True, False], ids=["graph", "lists"])
def test_a_custom_location_there_blocks(afar: Stage, graph: bool) -> None:
    """As one in the same subscription; what stands on it is named where Resource Graph tells."""
    away = f"{FAR}/providers/Microsoft.ExtendedLocation/customLocations/away"
    host = {"hostResourceId": arm.HARBOR, "hostType": "Kubernetes", "namespace": "away"}
    shop = f"{FAR}/providers/Microsoft.App/connectedEnvironments/shop"
    afar.seed(
        graphLag=0,
        resources=[
            {"id": away, "location": "eastus", "properties": host},
            {
                "id": shop,
                "location": "eastus",
                "extendedLocation": {"name": away, "type": "CustomLocation"},
                "properties": {},
            },
        ],
    )
    if not graph:
        refuse_graph(afar)
    plan = afar.type(PLAN)
    [row] = rows(plan, "custom-locations")
    ended = afar.type(moved.MOVE)

    assert (row["fate"], row["subject"]) == ("blocks", "1 custom location: away")
    assert ("connectedenvironments/shop" in row["detail"]) == graph
    assert ("Resource Graph may not be asked" in row["detail"]) != graph
    assert bool(rows(plan, "graph-unread")) != graph
    assert (ended.code, "[custom-locations]" in ended.err) == (5, True), ended.err
    assert moved.region(afar) == "eastus"


def test_custom_locations_that_may_not_be_read_there_are_named(afar: Stage) -> None:
    """No empty answer is taken for none."""
    refuse_graph(afar)
    afar.fault("arm", DENIED, method="GET", path=f"^{SECOND}/.*/customLocations$", times=None)

    told = [each["subject"] for each in rows(afar.well(PLAN), "unlooked")]
    assert f"custom locations in subscription {SECOND_SUBSCRIPTION} could not be looked at" in told
