"""Identities of users go along with what uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests import arm
from tests.stories import moving

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
