"""Identities that become others, and the roles that hang on them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.checks.move import identities
from arcctl.model.plan import Fate
from tests.checks.move.sights import HARBOR, Around, Told, Wish, codes, extension, resource

if TYPE_CHECKING:
    from arcctl.model.configuration.child import Child

ISSUER = "https://eastus.oic.example/t/c"


def role(scope: str, principal: str = "p-someone") -> dict[str, Any]:
    """A role assignment at a scope."""
    return {"id": f"{scope}/x", "properties": {"scope": scope, "principalId": principal}}


def issuing(**more: Any) -> dict[str, Any]:
    """Harbor with an issuer."""
    return resource(oidcIssuerProfile={"enabled": True, "issuerUrl": ISSUER, **more})


async def test_every_identity_is_another_afterwards() -> None:
    """The resource's own, and those of its extensions by name."""
    children = [extension("monitor", state={"principalId": "p-monitor"}), extension("plain")]
    rows = await identities.managed_identities(Told(children=children))

    assert codes(rows) == ["identity", "extension-identities"]
    assert "monitor" in rows[1].detail
    assert "plain" not in rows[1].detail


async def test_roles_elsewhere_are_lost_unless_they_are_asked_for() -> None:
    """Giving rights to a new identity is a person's decision."""
    found = [role("/subscriptions/s-1/resourceGroups/logs", "p-harbor")]
    [lost] = await identities.their_rights(Told(identity_assignments=found))
    wish = Wish(reassign_identities=True)
    [kept] = await identities.their_rights(Told(wish, identity_assignments=found))

    assert (lost.fate, kept.fate) == (Fate.LOST, Fate.RESTORED)
    assert "--reassign-identities" in lost.remedy[0]


async def test_roles_on_the_resource_are_put_back() -> None:
    """Those on namespaces below it too."""
    found = [role(HARBOR.path), role(f"{HARBOR.path}/namespaces/shop")]
    [row] = await identities.roles_here(Told(role_assignments=found))

    assert row.fate is Fate.RESTORED
    assert row.subject == "2 role assignments"
    assert row.detail.startswith("1 of them")


async def test_the_issuer_changes_with_the_region() -> None:
    """How to learn the new one is said, and who trusts the old one."""
    credential = {
        "id": "/subscriptions/s-1/resourceGroups/ids/providers/Microsoft.ManagedIdentity"
        "/userAssignedIdentities/shop/federatedIdentityCredentials/shop-east"
    }
    rows = await identities.issuer(
        Told(resource=issuing(), federated_credentials=lambda at: [credential] * (at == ISSUER))
    )

    assert codes(rows) == ["issuer", "federated-credentials"]
    assert "--query oidcIssuerProfile.issuerUrl" in rows[0].remedy[0]
    assert rows[1].remedy[0].startswith("az identity federated-credential update -g ids")


async def test_an_issuer_of_ones_own_stays() -> None:
    """It has neither region nor resource in its address."""
    own = issuing(selfHostedIssuerUrl="https://issuer.example")
    [row] = await identities.issuer(Told(resource=own))

    assert row.fate is Fate.CARRIED


async def test_without_an_issuer_nothing_is_said() -> None:
    """A feature that is off has no row."""
    assert await identities.issuer(Told()) == []


def used(path: str | None) -> Child:
    """An extension with an identity of a user, whose id is shown or not."""
    ids = {} if path is None else {"userAssignedIdentities": {path: {}}}
    return replace(extension("vault"), body={"identity": {"type": "UserAssigned", **ids}})


@pytest.mark.parametrize(
    ("path", "there", "said"),
    [
        ("/x/userAssignedIdentities/mover", True, ["user-identities"]),
        ("/x/userAssignedIdentities/mover", False, ["identity-unknown", "user-identities"]),
        (None, False, ["identity-unknown"]),
    ],
)
async def test_identities_of_users_must_be_there(
    path: str | None, there: bool, said: list[str]
) -> None:
    """Azure refuses an extension without them, which would be found out too late."""
    around = Around(objects={str(path): {"id": path}} if there else {})
    told = Told(children=[used(path)], clients=around)

    assert codes(await identities.of_users(told)) == said
