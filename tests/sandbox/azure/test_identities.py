"""Managed identities of extensions and policy assignments: the service's, and users' (`arm.md` 18)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.sandbox.azure.client import GROUP, HARBOR

if TYPE_CHECKING:
    from arcctl.sandbox.world import World
    from tests.sandbox.azure.client import Client

EXTENSION = f"{HARBOR}/providers/Microsoft.KubernetesConfiguration/extensions/vault"
POLICY = f"{HARBOR}/providers/Microsoft.Authorization/policyAssignments/flux"
MOVER = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mover"
EXT, POLICIES = "2025-03-01", "2022-06-01"


@pytest.fixture(autouse=True)
async def mover(world: World, azure: Client) -> dict[str, Any]:
    """A connected cluster, and an identity of a user beside it; its principal and client."""
    world.azure.plant({"clusters": [{"name": "harbor", "group": "edge"}]})
    made = await azure.put(MOVER, {"location": "eastus"}, version="2023-01-31")
    return {name: made.body["properties"][name] for name in ("principalId", "clientId")}


def extension(identity: Any) -> dict[str, Any]:
    """A PUT's body."""
    return {"identity": identity, "properties": {"extensionType": "microsoft.azurekeyvault"}}


def users(*paths: str, kind: str = "UserAssigned") -> dict[str, Any]:
    """The identities of a PUT: bare ids."""
    return {"type": kind, "userAssignedIdentities": {path: {} for path in paths}}


@pytest.mark.parametrize("kind", ["UserAssigned", "SystemAssigned, UserAssigned"])
async def test_identities_of_users_are_kept(
    azure: Client, mover: dict[str, Any], kind: str
) -> None:
    """They come back by id, with principal and client; the service's own beside them."""
    await azure.put(EXTENSION, extension(users(MOVER, kind=kind)), version=EXT)
    shown = (await azure.get(EXTENSION, version=EXT)).body["identity"]

    assert (shown["type"], shown["userAssignedIdentities"]) == (kind, {MOVER: mover})
    assert ("principalId" in shown) == kind.startswith("System")


@pytest.mark.parametrize(
    ("identity", "code"),
    [
        ({"type": "UserAssigned"}, "MissingIdentityIds"),
        ({"type": "UserAssigned", "userAssignedIdentities": {}}, "MissingIdentityIds"),
        (users(f"{MOVER}-gone"), "FailedIdentityOperation"),
        ({"type": "Somebody's"}, "InvalidIdentityType"),
    ],
)
async def test_a_wrong_identity_is_refused(azure: Client, identity: Any, code: str) -> None:
    """Without ids, with one that does not exist, of a type nobody knows."""
    answer = await azure.put(EXTENSION, extension(identity), version=EXT)

    assert (answer.status, answer.code) == (400, code)


async def test_a_put_without_identity_keeps_it(azure: Client) -> None:
    """And one that says another takes it; the service's own principal stays."""
    made = await azure.put(EXTENSION, extension({"type": "SystemAssigned"}), version=EXT)
    again = await azure.put(EXTENSION, extension(None), version=EXT)
    other = await azure.put(EXTENSION, extension(users(MOVER)), version=EXT)

    assert made.body["identity"] == again.body["identity"]
    assert other.body["identity"]["type"] == "UserAssigned"


async def test_a_policy_assignment_has_an_identity_of_a_user(
    azure: Client, mover: dict[str, Any]
) -> None:
    """As it was sent, with whose it is."""
    body = {
        "location": "eastus",
        "identity": users(MOVER),
        "properties": {"policyDefinitionId": "/providers/x", "parameters": {}},
    }
    await azure.put(POLICY, body, version=POLICIES)
    shown = (await azure.get(POLICY, version=POLICIES)).body

    assert shown["identity"]["userAssignedIdentities"] == {MOVER: mover}
    assert shown["location"] == "eastus"
