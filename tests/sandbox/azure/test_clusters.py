"""Connected clusters, from the PUT to the DELETE (`arm.md` 2, 14.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.azure import entra, seeds
from arcctl.sandbox.clock import RECORDED
from tests.sandbox.azure.client import CLUSTERS, GROUP, HARBOR, body_of_cluster

if TYPE_CHECKING:
    from arcctl.sandbox.world import World
    from tests.sandbox.azure.client import Client

RECORDED_KEYS = {
    "agentPublicKeyCertificate",
    "provisioningState",
    "connectivityStatus",
    "distribution",
    "infrastructure",
}


async def test_a_missing_cluster_is_not_found(azure: Client) -> None:
    """ARM itself says so, by name and group."""
    answer = await azure.get(HARBOR)

    assert (answer.status, answer.code) == (404, "ResourceNotFound")
    assert "Microsoft.Kubernetes/connectedClusters/harbor" in answer.body["error"]["message"]
    assert answer.headers["x-ms-failure-cause"] == "gateway"


async def test_a_new_cluster_is_accepted_then_succeeds(world: World, azure: Client) -> None:
    """201 with the identity at once; the operation runs seven seconds of the sandbox's time."""
    world.delays = RECORDED
    answer = await azure.put(HARBOR, body_of_cluster())

    assert answer.status == 201
    assert answer.body["type"] == "microsoft.kubernetes/connectedclusters"
    assert answer.body["identity"]["tenantId"] == entra.TENANT
    assert answer.body["properties"]["provisioningState"] == "Accepted"
    assert answer.body["properties"]["connectivityStatus"] == "Connecting"
    assert "Retry-After" not in answer.headers

    url = answer.headers["Azure-AsyncOperation"]
    assert (await azure.get(url)).body["status"] == "Accepted"
    world.clock.advance(7)
    done = (await azure.get(url)).body
    assert (done["status"], done["properties"]) == ("Succeeded", None)
    assert done["resourceId"] == answer.body["id"]

    settled = (await azure.get(HARBOR)).body["properties"]
    assert (settled["provisioningState"], settled["distribution"]) == ("Succeeded", "K3s")


async def test_another_region_is_refused(azure: Client) -> None:
    """A cluster's location never changes; the refusal names where it is."""
    await azure.put(HARBOR, body_of_cluster())
    answer = await azure.put(HARBOR, body_of_cluster() | {"location": "West Europe"})

    assert (answer.status, answer.code) == (409, "InvalidResourceLocation")
    assert "'eastus'" in answer.body["error"]["message"]
    assert (await azure.get(HARBOR)).body["location"] == "eastus"


async def test_a_second_put_keeps_the_identity(azure: Client) -> None:
    """A replaced cluster is the same cluster; what is left out is reset, tags too."""
    first = await azure.put(HARBOR, body_of_cluster(distributionVersion="1.36"))
    second = await azure.put(HARBOR, body_of_cluster() | {"tags": {}})

    assert second.status == 200
    assert second.body["identity"] == first.body["identity"]
    assert second.body["tags"] == {}
    assert "distributionVersion" not in second.body["properties"]
    assert second.headers["ETag"] != first.headers["ETag"]


async def test_a_recreated_cluster_is_another_principal(azure: Client) -> None:
    """The id is the same, the managed identity is new."""
    first = (await azure.put(HARBOR, body_of_cluster())).body
    await azure.delete(HARBOR)
    second = (await azure.put(HARBOR, body_of_cluster())).body

    assert second["id"] == first["id"]
    assert second["identity"]["principalId"] != first["identity"]["principalId"]


async def test_a_delete_ends_with_nothing_left(world: World, azure: Client) -> None:
    """202 with the body null; the cluster is seen as Deleting until it is gone."""
    world.delays = RECORDED
    await azure.put(HARBOR, body_of_cluster())
    world.clock.advance(7)
    answer = await azure.delete(HARBOR)

    assert (answer.status, answer.text) == (202, "null")
    assert answer.headers["Location"] == answer.headers["Azure-AsyncOperation"]
    assert (await azure.get(HARBOR)).body["properties"]["provisioningState"] == "Deleting"
    assert (await azure.put(HARBOR, body_of_cluster())).status == 409
    assert (await azure.get(answer.headers["Location"])).status == 202

    world.clock.advance(5)
    assert (await azure.get(answer.headers["Location"])).body["status"] == "Succeeded"
    assert (await azure.get(HARBOR)).status == 404
    assert (await azure.delete(HARBOR)).status == 204


async def test_a_delete_takes_everything_that_hangs_on_it(world: World, azure: Client) -> None:
    """Children, role assignments and diagnostic settings go with the cluster."""
    world.azure.plant({"clusters": [{"name": "harbor", "group": "edge"}]})
    before = world.azure.counts()
    extension = f"{HARBOR}/providers/Microsoft.KubernetesConfiguration/extensions/dapr"
    setting = f"{HARBOR}/providers/Microsoft.Insights/diagnosticSettings/logs"
    body = {"properties": {"extensionType": "microsoft.dapr"}}
    assert (await azure.put(extension, body, version="2025-03-01")).status == 201
    logs = {"properties": {"workspaceId": f"{GROUP}/providers/x/workspaces/logs"}}
    assert (await azure.put(setting, logs, version="2021-05-01-preview")).status == 201

    await azure.delete(HARBOR)

    before.pop("connectedclusters")
    assert world.azure.counts() == before


async def test_paths_are_compared_without_case(azure: Client) -> None:
    """The first PUT decides how a name is written; any other case finds it."""
    made = await azure.put(HARBOR, body_of_cluster())
    answer = await azure.get(HARBOR.upper().replace("SUBSCRIPTIONS", "subscriptions"))

    assert answer.body["id"] == made.body["id"] == HARBOR


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"location": None}, "LocationRequired"),
        ({"location": "atlantis"}, "LocationNotAvailableForResourceType"),
        ({"identity": None}, "BadRequest"),
        ({"identity": {"type": "UserAssigned"}}, "InvalidRequestContent"),
        ({"properties": None}, "BadRequest"),
        ({"properties": {}}, "BadRequest"),
        ({"properties": {"agentPublicKeyCertificate": "bm8="}}, "BadRequest"),
        ({"tags": {"a": 1}}, "InvalidRequestContent"),
        ({"tags": {str(n): "" for n in range(51)}}, "InvalidTags"),
        ({"kind": "AWS"}, "InvalidRequestContent"),
    ],
)
async def test_a_wrong_body_is_refused(azure: Client, change: dict[str, Any], code: str) -> None:
    """400 with ARM's code, and nothing is created."""
    answer = await azure.put(HARBOR, body_of_cluster() | change)

    assert (answer.status, answer.code) == (400, code)
    assert (await azure.get(HARBOR)).status == 404


async def test_another_key_locks_the_agents_out_that_hold_the_old_one(
    world: World, azure: Client
) -> None:
    """A PUT may bring another key; from then on only its holder is listened to (trap 1)."""
    world.azure.plant({"clusters": [{"name": "harbor", "group": "edge", "state": "Connecting"}]})
    seeds.public_key.cache_clear()
    assert (await azure.put(HARBOR, body_of_cluster())).status == 200
    first = seeds.public_key()
    assert world.azure.heartbeat(HARBOR, public_key=first, facts={}).accepted

    seeds.public_key.cache_clear()
    assert (await azure.put(HARBOR, body_of_cluster())).status == 200

    assert not world.azure.heartbeat(HARBOR, public_key=first, facts={}).accepted
    assert world.azure.heartbeat(HARBOR, public_key=seeds.public_key(), facts={}).accepted


async def test_an_older_version_hides_what_it_does_not_know(azure: Client) -> None:
    """A GET by an old api-version is lossy, and so is a PUT (`arm.md` 0.19)."""
    profile = {"workloadIdentity": {"enabled": True}}
    await azure.put(HARBOR, body_of_cluster(securityProfile=profile, gateway={"enabled": True}))

    oldest = (await azure.get(HARBOR, version="2021-10-01")).body["properties"]
    assert oldest.keys() == RECORDED_KEYS
    older = (await azure.get(HARBOR, version="2024-01-01")).body["properties"]
    assert "securityProfile" not in older
    assert (await azure.get(HARBOR)).body["properties"]["securityProfile"] == profile

    await azure.put(HARBOR, body_of_cluster(), version="2024-01-01")
    assert "securityProfile" not in (await azure.get(HARBOR)).body["properties"]


async def test_read_only_fields_are_not_believed(azure: Client) -> None:
    """A replayed GET cannot set versions, states or the issuer."""
    sent = body_of_cluster(
        agentVersion="9.9",
        connectivityStatus="Connected",
        oidcIssuerProfile={"enabled": True, "issuerUrl": "https://mine"},
    )
    properties = (await azure.put(HARBOR, sent)).body["properties"]

    assert "agentVersion" not in properties
    assert properties["connectivityStatus"] == "Connecting"
    assert properties["oidcIssuerProfile"]["issuerUrl"].startswith("https://eastus.oic.")


async def test_protected_settings_never_come_back(azure: Client) -> None:
    """arcAgentryConfigurations shows features and settings, of the secrets not even names."""
    entry = {"feature": "proxy", "settings": {}, "protectedSettings": {"https_proxy": "marked"}}
    answer = await azure.put(HARBOR, body_of_cluster(arcAgentryConfigurations=[entry]))

    assert "marked" not in answer.text
    shown = (await azure.get(HARBOR)).body["properties"]["arcAgentryConfigurations"]
    assert shown == [{"feature": "proxy", "settings": {}, "protectedSettings": None}]


@pytest.mark.parametrize(("version", "status"), [("2024-01-01", 200), ("2026-05-01", 202)])
async def test_a_patch_changes_little(azure: Client, version: str, status: int) -> None:
    """Tags as a whole and three properties; newer versions answer with a Location."""
    await azure.put(HARBOR, body_of_cluster())
    patch = {
        "tags": {"a": "b"},
        "properties": {"azureHybridBenefit": "True", "infrastructure": "x"},
    }
    answer = await azure.patch(HARBOR, patch, version=version)
    if answer.status == 202:
        answer = await azure.get(answer.headers["Location"])

    assert (await azure.patch(HARBOR, {}, version=version)).status == 200
    now = (await azure.get(HARBOR)).body
    assert answer.body["tags"] == now["tags"] == {"a": "b"}
    assert now["properties"]["azureHybridBenefit"] == "True"
    assert now["properties"]["infrastructure"] == "generic"
    assert status in {200, 202}


async def test_a_stale_etag_is_refused(azure: Client) -> None:
    """If-Match with an etag of before is 412."""
    made = await azure.put(HARBOR, body_of_cluster())
    await azure.put(HARBOR, body_of_cluster())
    answer = await azure.put(HARBOR, body_of_cluster(), headers={"If-Match": made.headers["ETag"]})

    assert (answer.status, answer.code) == (412, "PreconditionFailed")


async def test_only_a_new_cluster_can_be_asked_for(azure: Client) -> None:
    """If-None-Match with a star is 412 where there is one."""
    headers = {"If-None-Match": "*"}

    assert (await azure.put(HARBOR, body_of_cluster(), headers=headers)).status == 201
    assert (await azure.put(HARBOR, body_of_cluster(), headers=headers)).status == 412


@pytest.mark.parametrize(("region", "status"), [("eastus", 201), ("westeurope", 400)])
async def test_a_private_link_scope_is_in_the_same_region(
    azure: Client, region: str, status: int
) -> None:
    """A scope elsewhere is refused, and so is one that is not there."""
    scope = f"{GROUP}/providers/Microsoft.HybridCompute/privateLinkScopes/link"
    body = body_of_cluster(privateLinkState="Enabled", privateLinkScopeResourceId=scope)
    assert (await azure.put(HARBOR, body)).status == 400
    await azure.put(scope, {"location": region}, version="2023-06-20-preview")

    assert (await azure.put(HARBOR, body)).status == status


async def test_a_list_comes_in_pages(world: World, azure: Client) -> None:
    """Links are absolute and lead through all clusters, of a group or of the subscription."""
    world.azure.plant({"clusters": [{"name": "many", "group": "edge", "count": 250}]})
    names: list[str] = []
    sizes = []
    url: str | None = CLUSTERS
    while url:
        answer = await azure.get(url)
        names += [each["name"] for each in answer.body["value"]]
        sizes.append(len(answer.body["value"]))
        url = answer.body.get("nextLink")

    assert sizes == [100, 100, 50]
    assert len(set(names)) == 250


async def test_a_page_may_be_empty(world: World, azure: Client) -> None:
    """An empty page with a link is not the end."""
    world.azure.plant({"clusters": [{"name": "harbor", "group": "edge"}]})
    fault = world.faults.add({"service": "arm", "action": {"empty_page": True}})
    first = await azure.get(CLUSTERS)
    second = await azure.get(first.body["nextLink"])

    assert first.body["value"] == []
    assert [each["name"] for each in second.body["value"]] == ["harbor"]
    assert world.faults.happened(fault.id) == 1


async def test_clusters_are_listed_among_all_resources(world: World, azure: Client) -> None:
    """ARM's own list knows them by type, name and tag."""
    world.azure.plant(
        {
            "clusters": [
                {"name": "harbor", "group": "edge", "tags": {"team": "a"}},
                {"name": "depot", "group": "edge"},
            ]
        }
    )

    async def names(wanted: str) -> list[str]:
        answer = await azure.get(f"{GROUP}/resources?$filter={wanted}", version="2021-04-01")
        return [each["name"] for each in answer.body["value"]]

    assert await names("resourceType%20eq%20'Microsoft.Kubernetes/connectedClusters'") == [
        "harbor",
        "depot",
    ]
    assert await names("tagName%20eq%20'team'%20and%20tagValue%20eq%20'a'") == ["harbor"]
    assert await names("name%20eq%20'depot'") == ["depot"]
