"""Role assignments and who may do what (`arm.md` 9, 12.2; `arc.md` C2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.azure import entra
from tests.sandbox.azure.client import GROUP, HARBOR, SUB, body_of_cluster

if TYPE_CHECKING:
    from arcctl.sandbox.world import World
    from tests.sandbox.azure.client import Client, Reply

V = "2022-04-01"
AUTHORIZATION = "providers/Microsoft.Authorization"
READER = f"{SUB}/{AUTHORIZATION}/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
FIRST = "11111111-2222-3333-4444-555555555551"
SECOND = "11111111-2222-3333-4444-555555555552"
SOMEONE = "99999999-0000-0000-0000-000000000001"


@pytest.fixture(autouse=True)
def harbor(world: World) -> None:
    """A connected cluster in group edge."""
    world.azure.plant({"clusters": [{"name": "harbor", "group": "edge"}]})


async def assign(
    azure: Client, scope: str, name: str = FIRST, principal: str = SOMEONE, **more: Any
) -> Reply:
    """Make somebody a reader at a scope."""
    properties = {"roleDefinitionId": READER, "principalId": principal, **more}
    path = f"{scope}/{AUTHORIZATION}/roleAssignments/{name}"
    return await azure.put(path, {"properties": properties}, version=V)


async def listed(azure: Client, scope: str, asked: str = "") -> list[str]:
    """The names of the assignments that a list at a scope shows, beside the sandbox's own."""
    path = f"{scope}/{AUTHORIZATION}/roleAssignments{asked}"
    found = (await azure.get(path, version=V)).body["value"]
    return sorted(each["name"] for each in found if each["name"] in {FIRST, SECOND})


async def test_lists_look_up_and_down(azure: Client) -> None:
    """atScope() shows what is here and above; without it what is below is shown too."""
    namespace = f"{HARBOR}/namespaces/apps"
    assert (await assign(azure, GROUP, FIRST)).status == 201
    assert (await assign(azure, namespace, SECOND)).status == 201

    assert await listed(azure, HARBOR) == [FIRST, SECOND]
    assert await listed(azure, HARBOR, "?$filter=atScope()") == [FIRST]
    assert await listed(azure, namespace, "?$filter=atScope()") == [FIRST, SECOND]
    assert await listed(azure, SUB, f"?$filter=principalId%20eq%20'{SOMEONE}'") == [FIRST, SECOND]


async def test_an_unknown_filter_is_refused(azure: Client) -> None:
    """A list that is longer than it should be would be a wrong answer."""
    path = f"{GROUP}/{AUTHORIZATION}/roleAssignments?$filter=roleName%20eq%20'Reader'"

    assert (await azure.get(path, version=V)).status == 400


async def test_an_assignment_shows_who_made_it(azure: Client) -> None:
    """Times and authors are the service's; a client's are not believed."""
    made = await assign(azure, HARBOR, createdBy="me", createdOn="never")

    assert made.body["properties"]["createdBy"] == entra.FULL_RIGHTS.object_id
    assert made.body["properties"]["scope"] == HARBOR
    assert made.body["properties"]["createdOn"] != "never"


async def test_a_name_is_one_of_a_kind(azure: Client) -> None:
    """Same content again is 200; other content, or another scope, is refused."""
    await assign(azure, HARBOR)
    again = await assign(azure, HARBOR)
    changed = await assign(azure, HARBOR, principal=entra.NO_RIGHTS.object_id)
    elsewhere = await assign(azure, GROUP, principal=entra.NO_RIGHTS.object_id)
    twice = await assign(azure, HARBOR, SECOND)

    assert again.status == 200
    assert [each.status for each in (changed, elsewhere, twice)] == [409] * 3
    assert changed.code == elsewhere.code == "RoleAssignmentUpdateNotPermitted"
    assert twice.code == "RoleAssignmentExists"


async def test_old_names_conflict_for_a_while(world: World, azure: Client) -> None:
    """They go with the cluster; on its successor a new name works at once, the old one later."""
    await assign(azure, HARBOR)
    await assign(azure, f"{HARBOR}/namespaces/apps", SECOND)
    await azure.delete(HARBOR)
    assert await listed(azure, SUB) == []
    await azure.put(HARBOR, body_of_cluster())

    assert (await assign(azure, HARBOR)).code == "RoleAssignmentUpdateNotPermitted"
    assert (await assign(azure, HARBOR, FIRST[:-1] + "9")).status == 201
    world.clock.advance(601)
    assert (await assign(azure, f"{HARBOR}/namespaces/apps", SECOND)).status == 201


async def test_the_directory_hears_late_of_new_identities(world: World, azure: Client) -> None:
    """Without principalType it is asked, and knows the principal only after a while."""
    world.azure.plant({"directoryLag": 60})
    new = await azure.put(HARBOR.replace("harbor", "quay"), body_of_cluster())
    principal = new.body["identity"]["principalId"]
    early = await assign(azure, GROUP, principal=principal)

    assert (early.status, early.code) == (400, "PrincipalNotFound")
    typed = {"principalType": "ServicePrincipal"}
    assert (await assign(azure, GROUP, principal=principal, **typed)).status == 201
    world.clock.advance(61)
    assert (await assign(azure, HARBOR, SECOND, principal=principal)).status == 201


async def test_the_directory_forgets_deleted_identities(world: World, azure: Client) -> None:
    """The old cluster's principal is none any more; a fault says the same of any other."""
    principal = (await azure.get(HARBOR)).body["identity"]["principalId"]
    await azure.delete(HARBOR)
    world.faults.add({"service": "arm", "action": {"no_such_principal": True}, "skip": 1})

    assert (await assign(azure, GROUP, principal=principal)).code == "PrincipalNotFound"
    assert (await assign(azure, GROUP)).code == "PrincipalNotFound"
    assert (await assign(azure, GROUP)).status == 201


@pytest.mark.parametrize(
    ("forbidden", "method", "path"),
    [
        ("Microsoft.Kubernetes/connectedClusters/delete", "DELETE", HARBOR),
        ("Microsoft.Kubernetes/connectedClusters/write", "PUT", HARBOR),
        ("Microsoft.Authorization/roleAssignments/write", "PUT", f"{HARBOR}/{AUTHORIZATION}"),
    ],
)
async def test_a_role_of_ones_own_can_lack_one_right(
    world: World, azure: Client, forbidden: str, method: str, path: str
) -> None:
    """permissions shows it beforehand, and the gate holds to it."""
    role = {"name": "almost", "actions": ["*"], "notActions": [forbidden]}
    world.azure.plant({"roles": [role], "assignments": [{"who": "stranger", "role": "almost"}]})
    stranger = azure.as_(entra.NO_RIGHTS)
    (found,) = (await stranger.get(f"{HARBOR}/{AUTHORIZATION}/permissions", version=V)).body[
        "value"
    ]
    if path.endswith(AUTHORIZATION):
        refused = await assign(stranger, HARBOR)
    else:
        refused = await stranger.ask(method, path, body_of_cluster() if method == "PUT" else None)

    assert found["notActions"] == [forbidden]
    assert (refused.status, refused.code) == (403, "AuthorizationFailed")
    assert (await stranger.get(HARBOR)).status == 200


async def test_a_role_of_ones_own_has_a_definition(world: World, azure: Client) -> None:
    """Found by name and by id."""
    world.azure.plant({"roles": [{"name": "mover", "actions": ["Microsoft.Kubernetes/*"]}]})
    path = f"{SUB}/{AUTHORIZATION}/roleDefinitions?$filter=roleName%20eq%20'mover'"
    (found,) = (await azure.get(path, version=V)).body["value"]
    one = await azure.get(f"{SUB}/{AUTHORIZATION}/roleDefinitions/{found['name']}", version=V)

    assert found["properties"]["type"] == "CustomRole"
    assert one.body["properties"]["permissions"][0]["actions"] == ["Microsoft.Kubernetes/*"]


async def test_locks_are_listed_with_what_is_inherited(world: World, azure: Client) -> None:
    """From cluster to subscription; each says by its id where it lies."""
    where = ["", "edge", "edge/harbor"]
    world.azure.plant({"locks": [{"on": on, "name": f"l{len(on)}"} for on in where]})
    found = await azure.get(f"{HARBOR}/{AUTHORIZATION}/locks", version="2020-05-01")
    scopes = [each["id"].partition(f"/{AUTHORIZATION}")[0] for each in found.body["value"]]

    assert sorted(scopes, key=len) == [SUB, GROUP, HARBOR]
    assert found.body["value"][0]["properties"] == {"level": "CanNotDelete"}
