"""Identities of users go along with what uses them; roles of the others go to their successors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests import arm
from tests.stories import beside, moved, moving

if TYPE_CHECKING:
    from tests.stage import Stage

MOVER = f"{arm.GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mover"
POLICY = f"{arm.HARBOR}/providers/Microsoft.Authorization/policyAssignments/own"
USERS = {"type": "UserAssigned", "userAssignedIdentities": {MOVER: {}}}


def with_identities(stage: Stage) -> None:
    """Harbor with an extension and a policy assignment that use one identity of a user."""
    stage.well(moving.CONNECT)
    made, _ = arm.ask(stage, "PUT", MOVER, {"location": "eastus"}, version="2023-01-31")
    assert made == 201
    vault = moving.extension("microsoft.azurekeyvaultsecretsprovider") | {"identity": USERS}
    arm.put_child(stage, "extensions", "vault", vault)
    body = {
        "location": "westus",
        "identity": USERS,
        "properties": {"policyDefinitionId": "/providers/x", "parameters": {}},
    }
    made, answer = arm.ask(stage, "PUT", POLICY, body, version="2022-06-01")
    assert made == 201, answer


def shown(stage: Stage) -> dict[str, Any]:
    """The identities of both."""
    _, policy = arm.ask(stage, "GET", POLICY, version="2022-06-01")
    return {
        "extension": arm.children(stage)["extensions/vault"]["identity"],
        "policy": (policy["identity"], policy["location"]),
    }


def test_identities_of_users_are_the_same_after_a_move(quick: Stage) -> None:
    """Their ids are sent again; a type without ids would be refused, with the source gone."""
    with_identities(quick)
    before = shown(quick)
    ended = quick.well(moving.MOVE)

    assert shown(quick) == before
    assert ended.data["clean"]


def test_a_move_is_refused_where_an_identity_is_gone(quick: Stage) -> None:
    """Before anything is changed: Azure would refuse the extension when the source is gone."""
    with_identities(quick)
    arm.ask(quick, "DELETE", MOVER, version="2023-01-31")
    ended = quick.type(moving.MOVE)

    assert (ended.code, "[identity-unknown]" in ended.err) == (5, True), ended.err
    assert shown(quick)["extension"]["type"] == "UserAssigned"


def granted_to(stage: Stage, principal: str) -> None:
    """An identity has a role on the group."""
    role = {
        "roleDefinitionId": moving.ROLE,
        "principalId": principal,
        "principalType": "ServicePrincipal",
    }
    name = "66666666-2222-3333-4444-555555555551"
    path = f"{arm.GROUP}/providers/Microsoft.Authorization/roleAssignments/{name}"
    assert arm.ask(stage, "PUT", path, {"properties": role}, version="2022-04-01")[0] == 201


@pytest.mark.parametrize("times", [1, None], ids=["once", "always"])
def test_a_list_that_lacks_an_identity_takes_no_role_away(harbor: Stage, times: int | None) -> None:
    """It is read again; where no identity shows, the role that nobody gives again is named."""
    granted_to(harbor, arm.children(harbor)["extensions/monitor"]["identity"]["principalId"])

    def act() -> None:
        empty = {"status": 200, "body": {"value": []}}
        where = "harbor/.*/extensions$"
        harbor.fault("arm", empty, method="GET", path=where, times=times)

    line = f"{moved.MOVE} --reassign-identities"
    ended = beside.type_beside(harbor, line, "learn-identities", act, events=("started",))
    harbor.within(harbor.world.faults.remove)

    if times:
        new = arm.children(harbor)["extensions/monitor"]["identity"]["principalId"]
        assert (ended.code, new in moving.grantees(harbor)) == (0, True), ended.err
    else:
        assert ended.code != 0
        assert "Azure shows no new identity of extensions/monitor" in ended.err


def test_roles_of_a_policys_own_identity_are_named(harbor: Stage) -> None:
    """The assignment that is put back has a new one, to which nobody gives them again."""
    definition = "/providers/Microsoft.Authorization/policyDefinitions/e56962a6"
    body = {
        "location": "eastus",
        "identity": {"type": "SystemAssigned"},
        "properties": {"policyDefinitionId": definition, "displayName": "own"},
    }
    assert arm.ask(harbor, "PUT", POLICY, body, version="2022-06-01")[0] == 201
    _, made = arm.ask(harbor, "GET", POLICY, version="2022-06-01")
    granted_to(harbor, made["identity"]["principalId"])

    ended = harbor.type(f"{moved.MOVE} --reassign-identities")

    assert ended.code == 5, ended.err
    [line] = ended.data["left"]
    assert line.startswith(
        "the policy assignment own has a new identity, and the old one has 1 role"
    )
