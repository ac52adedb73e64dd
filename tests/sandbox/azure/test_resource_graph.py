"""Resource Graph answers what it understands, late, and nothing else (`arm.md` 12.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.azure import entra
from tests.sandbox.azure.client import GROUP, HARBOR, SUB, body_of_cluster

if TYPE_CHECKING:
    from arcctl.sandbox.world import World
    from tests.sandbox.azure.client import Client, Reply

PATH = "/providers/Microsoft.ResourceGraph/resources"
CUSTOM = f"{GROUP}/providers/Microsoft.ExtendedLocation/customLocations/depot"


@pytest.fixture(autouse=True)
def standing(world: World) -> None:
    """A cluster, a custom location on it, things on that, an extension and a reader."""
    world.azure.plant(
        {
            "clusters": [{"name": "harbor", "group": "edge"}, {"name": "quay", "group": "edge"}],
            "customLocations": [
                {"name": "depot", "cluster": "edge/harbor", "holds": ["apps", "more"]},
                {"name": "other", "cluster": "edge/quay"},
            ],
            "extensions": [
                {"on": "edge/harbor", "name": "dapr", "type": "microsoft.dapr", "secrets": ["key"]}
            ],
            "assignments": [{"on": "edge/harbor", "who": "onboarding", "role": "Reader"}],
        }
    )


async def ask(azure: Client, query: str, **more: Any) -> Reply:
    """Ask a question."""
    return await azure.post(PATH, {"query": query, **more}, version="2022-10-01")


async def names(azure: Client, query: str, **more: Any) -> list[str]:
    """The names in an answer, sorted."""
    answer = await ask(azure, query, **more)
    assert answer.status == 200, answer.text
    return sorted(row["name"] for row in answer.body["data"])


QUESTIONS = {
    "of a type": (
        "resources | where type =~ 'Microsoft.ExtendedLocation/customLocations'",
        ["depot", "other"],
    ),
    "on a host": (
        f"resources | where tolower(properties.hostResourceId) == '{HARBOR.lower()}'",
        ["depot"],
    ),
    "standing on custom locations": (
        f"resources | where extendedLocation.name in~ ('{CUSTOM.upper()}', '/x')",
        ["apps", "more"],
    ),
    "anything that mentions an id": (
        f'Resources | where tostring(properties) contains "{HARBOR}"',
        ["depot"],
    ),
    "anything but": (
        "resources | where type startswith 'microsoft.app/' and not(name =~ 'MORE')",
        ["apps"],
    ),
    "either": (
        "resources | where name == 'apps' or (name has 'other' and isnotempty(location))",
        ["apps", "other"],
    ),
    "none of": (
        "resources | where name !in~ ('APPS') | where type !contains 'kubernetes'",
        ["depot", "more", "other"],
    ),
    "extensions": (
        "kubernetesconfigurationresources | where properties.ExtensionType =~ 'microsoft.dapr'",
        ["dapr"],
    ),
    "groups": ("resourcecontainers | project name, id", ["edge"]),
    "an empty table": ("extendedlocationresources | take 5", []),
}


@pytest.mark.parametrize("asked", QUESTIONS)
async def test_a_question_gets_its_rows(azure: Client, asked: str) -> None:
    """Types, hosts, ids inside, lists, and, or and not."""
    query, found = QUESTIONS[asked]

    assert await names(azure, query) == found


async def test_rows_are_as_the_service_writes_them(azure: Client) -> None:
    """Ids and types in lower case; configuration's properties begin with a capital, no secrets."""
    query = f"kubernetesconfigurationresources | where id startswith '{HARBOR}/'"
    (row,) = (await ask(azure, query)).body["data"]

    assert row["id"] == row["id"].lower()
    assert row["type"] == "microsoft.kubernetesconfiguration/extensions"
    assert (row["subscriptionId"], row["resourceGroup"]) == (SUB.rpartition("/")[2], "edge")
    assert row["properties"]["ProvisioningState"] == "Succeeded"
    assert "key" not in str(row["properties"]["ConfigurationProtectedSettings"])


async def test_clusters_show_whether_they_are_alive(world: World, azure: Client) -> None:
    """As of this moment."""
    query = "resources | where properties.connectivityStatus == 'Offline'"
    assert await names(azure, query) == []
    world.clock.advance(1000)
    assert await names(azure, query) == ["harbor", "quay"]


async def test_assignments_of_a_principal_can_be_found(azure: Client) -> None:
    """At a cluster, or of somebody."""
    query = (
        f"authorizationresources | where properties.scope startswith '{HARBOR}'"
        f" and properties.principalId in ('{entra.ONBOARDING.object_id}')"
        " | project role = tostring(properties.roleDefinitionId), properties.scope"
    )
    (row,) = (await ask(azure, query)).body["data"]

    assert row["role"].endswith("acdd72a7-3385-48ef-bd42-f606fba81ae7")
    assert row["properties_scope"] == HARBOR


async def test_rows_can_be_sorted_counted_and_made_different(azure: Client) -> None:
    """order by, count, distinct, limit."""
    sort = "resources | order by name asc | limit 2 | project name"
    ordered = (await ask(azure, sort)).body["data"]
    counted = (await ask(azure, "resources | where name == 'apps' | count")).body["data"]
    kinds = (await ask(azure, "resources | distinct type")).body["data"]

    assert [row["name"] for row in ordered] == ["apps", "depot"]
    assert counted == [{"Count": 1}]
    assert len(kinds) == 3


async def test_an_answer_comes_in_pages(azure: Client) -> None:
    """Each page but the last has a token for the next one."""
    options: dict[str, Any] = {"$top": 2, "resultFormat": "objectArray"}
    seen: list[str] = []
    while True:
        body = (await ask(azure, "resources", options=options)).body
        seen += [row["name"] for row in body["data"]]
        if "$skipToken" not in body:
            break
        options = options | {"$skipToken": body["$skipToken"]}

    assert sorted(seen) == ["apps", "depot", "harbor", "more", "other", "quay"]
    assert body["totalRecords"] == 6


@pytest.mark.parametrize(
    "query",
    [
        "",
        "castles",
        "resources | join kind=inner (resources) on id",
        "resources | summarize count() by type",
        "resources | where properties matches regex 'a'",
        "resources | where strlen(name) == 3",
        "resources | where hostResourceId == 'x'",
        "resources | where name == ",
        "resources | where name == 'x' surprise",
        "resources | project tolower(id)",
        "resources | take many",
        "resources | where name ~ 'x'",
        "resources | where name['a",
    ],
)
async def test_what_is_not_understood_is_refused(azure: Client, query: str) -> None:
    """400 with the reason; a wrong answer would be worse than none."""
    answer = await ask(azure, query)

    assert (answer.status, answer.code) == (400, "BadRequest")
    assert answer.body["error"]["details"][0]["code"] == "InvalidQuery"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"subscriptions": ["11111111-1111-1111-1111-111111111111"]}, "NoValidAccounts"),
        ({"managementGroups": ["all"]}, "InvalidScope"),
        ({"options": {"resultFormat": "table"}}, "InvalidOptions"),
        ({"options": {"$skipToken": "mine"}}, "InvalidSkipToken"),
    ],
)
async def test_a_wrong_request_is_refused(azure: Client, more: dict[str, Any], code: str) -> None:
    """Scopes, options and tokens are looked at too."""
    answer = await ask(azure, "resources", **more)

    assert (answer.status, answer.body["error"]["details"][0]["code"]) == (400, code)


async def test_everyone_sees_what_they_may_read(world: World, azure: Client) -> None:
    """Without any right nothing; with a role on one cluster only that cluster."""
    stranger = azure.as_(entra.NO_RIGHTS)
    assert await names(stranger, "resources") == []
    grant = {"on": "edge/harbor", "who": "stranger", "role": "Reader"}
    world.azure.plant({"assignments": [grant]})
    assert await names(stranger, "resources") == ["harbor"]


async def test_the_service_hears_late(world: World, azure: Client) -> None:
    """What is new is not there yet; what is gone is there still."""
    world.azure.plant({"graphLag": 60})
    await azure.put(HARBOR.replace("harbor", "pier"), body_of_cluster())
    await azure.delete(HARBOR)
    query = "resources | where type =~ 'microsoft.kubernetes/connectedclusters'"
    early = await names(azure, query)
    world.clock.advance(61)

    assert early == ["harbor", "quay"]
    assert await names(azure, query) == ["pier", "quay"]


async def test_the_service_can_be_forbidden(world: World, azure: Client) -> None:
    """403 by plan; without it a client asks type by type."""
    world.faults.add({"service": "arm", "path": "ResourceGraph", "action": {"forbid": True}})

    assert (await ask(azure, "resources")).code == "AuthorizationFailed"
    kind = "resourceType%20eq%20'Microsoft.ExtendedLocation/customLocations'"
    listed = await azure.get(f"{SUB}/resources?$filter={kind}", version="2021-04-01")
    assert len(listed.body["value"]) == 2
