"""Extensions, Flux configurations and source control configurations (`arm.md` 3 to 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.clock import RECORDED
from tests.sandbox.azure.client import HARBOR, SUB

if TYPE_CHECKING:
    from arcctl.sandbox.world import World
    from tests.sandbox.azure.client import Client, Reply

BASE = f"{HARBOR}/providers/Microsoft.KubernetesConfiguration"
EXTENSION = f"{BASE}/extensions/monitor"
FLUX = f"{BASE}/fluxConfigurations/apps"
SOURCE_CONTROL = f"{BASE}/sourceControlConfigurations/v1"
EXT, FLX, SCC = "2025-03-01", "2025-04-01", "2023-05-01"
GIT = {"url": "https://git.example/apps", "repositoryRef": {"branch": "main"}}


@pytest.fixture(autouse=True)
def harbor(world: World) -> None:
    """A connected cluster for the children to hang on."""
    world.azure.plant({"clusters": [{"name": "harbor", "group": "edge"}]})


def extension(**properties: Any) -> dict[str, Any]:
    """A PUT's body of an extension."""
    return {"properties": {"extensionType": "microsoft.azuremonitor.containers", **properties}}


def flux(**properties: Any) -> dict[str, Any]:
    """A PUT's body of a Flux configuration."""
    return {"properties": {"gitRepository": GIT, **properties}}


async def state(azure: Client, path: str, version: str) -> str:
    """The provisioningState, or the code of the refusal."""
    answer = await azure.get(path, version=version)
    return answer.body["properties"]["provisioningState"] if answer.status == 200 else answer.code


async def poll(azure: Client, answer: Reply) -> Any:
    """What the operation of an answer says."""
    return (await azure.get(answer.headers["Azure-AsyncOperation"])).body


async def test_an_extension_is_created_and_deleted(world: World, azure: Client) -> None:
    """Creating, Succeeded with version and namespace, Deleting, gone."""
    world.delays = RECORDED
    made = await azure.put(EXTENSION, extension(), version=EXT)
    assert (made.status, made.body["properties"]["provisioningState"]) == (201, "Creating")
    assert "api-Version=" in made.headers["Azure-AsyncOperation"]
    assert ".invalid/" in made.headers["Location"]
    assert (await poll(azure, made))["status"] == "Creating"
    world.clock.advance(45)
    world.azure.heartbeat(HARBOR, public_key=None, facts={})
    assert (await poll(azure, made))["status"] == "Succeeded"

    properties = (await azure.get(EXTENSION, version=EXT)).body["properties"]
    assert properties["scope"] == {"cluster": {"releaseNamespace": "kube-system"}}
    assert properties["currentVersion"]

    gone = await azure.delete(EXTENSION, version=EXT)
    assert (gone.status, gone.text) == (202, "")
    assert await state(azure, EXTENSION, EXT) == "Deleting"
    world.clock.advance(30)
    assert (await poll(azure, gone))["status"] == "Succeeded"
    assert (await azure.delete(EXTENSION, version=EXT)).status == 204


async def test_an_extension_waits_for_the_agents(world: World, azure: Client) -> None:
    """On a cluster that is not connected it stays Creating, and fails after 48 hours."""
    world.clock.advance(3600)
    made = await azure.put(EXTENSION, extension(), version=EXT)
    assert (await poll(azure, made))["status"] == "Creating"
    world.clock.advance(48 * 3600)

    assert (await poll(azure, made))["status"] == "Failed"
    assert await state(azure, EXTENSION, EXT) == "Failed"


async def test_a_forced_deletion_is_at_once(azure: Client) -> None:
    """200 with the odd body of the real service."""
    await azure.put(EXTENSION, extension(), version=EXT)
    answer = await azure.delete(f"{EXTENSION}?forceDelete=true", version=EXT)

    assert (answer.status, answer.body["isSuccessStatusCode"]) == (200, True)
    assert await state(azure, EXTENSION, EXT) == "ResourceNotFound"


async def test_protected_settings_come_back_as_names(world: World, azure: Client) -> None:
    """Keys with empty values on GET and LIST; the values are nowhere in the world."""
    secret = {"key": "marked-secret"}
    await azure.put(EXTENSION, extension(configurationProtectedSettings=secret), version=EXT)
    shown = (await azure.get(EXTENSION, version=EXT)).body["properties"]
    listed = (await azure.get(f"{BASE}/extensions", version=EXT)).body

    assert shown["configurationProtectedSettings"] == {"key": ""}
    assert listed["value"][0]["properties"]["configurationProtectedSettings"] == {"key": ""}
    assert listed["nextLink"] is None
    assert "marked-secret" not in str(world.dump())


@pytest.mark.parametrize(
    ("properties", "status", "code"),
    [
        ({"version": "3.1.31", "autoUpgradeMinorVersion": True}, 400, "ValidationFailed"),
        ({"extensionType": ""}, 400, "ValidationFailed"),
        ({"scope": {"cluster": {}, "namespace": {}}}, 400, "ValidationFailed"),
        ({"configurationSettings": {"a": 1}}, 400, "InvalidRequestContent"),
        ({"extensionType": "microsoft.dapr"}, 409, "PropertyChangeNotAllowed"),
        ({"scope": {"namespace": {"targetNamespace": "x"}}}, 409, "PropertyChangeNotAllowed"),
    ],
)
async def test_a_wrong_extension_is_refused(
    azure: Client, properties: dict[str, Any], status: int, code: str
) -> None:
    """Both kinds of mistakes: what makes no sense, and what cannot be changed."""
    await azure.put(EXTENSION, extension(), version=EXT)
    answer = await azure.put(EXTENSION, extension(**properties), version=EXT)

    assert (answer.status, answer.code) == (status, code)


async def test_a_type_is_installed_once(azure: Client) -> None:
    """A second instance of a cluster-wide type fails with helm's ownership conflict."""
    await azure.put(EXTENSION, extension(), version=EXT)
    second = await azure.put(f"{BASE}/extensions/again", extension(), version=EXT)
    error = (await poll(azure, second))["error"]

    assert error["code"] == "ExtensionOperationFailed"
    assert "invalid ownership metadata" in error["message"]


async def test_a_patch_merges_settings(azure: Client) -> None:
    """Settings one by one, protected ones as a set; 202 and Updating."""
    first = extension(configurationSettings={"a": "1", "b": "2"})
    await azure.put(EXTENSION, first, version=EXT)
    patch = {"configurationSettings": {"b": None, "c": "3"}}
    answer = await azure.patch(EXTENSION, {"properties": patch}, version=EXT)

    assert (answer.status, answer.body["properties"]["provisioningState"]) == (202, "Updating")
    now = (await azure.get(EXTENSION, version=EXT)).body["properties"]
    assert now["configurationSettings"] == {"a": "1", "c": "3"}


async def test_an_old_version_of_extensions_hides(azure: Client) -> None:
    """2022-03-01 has no currentVersion and shows what is installed as version."""
    await azure.put(EXTENSION, extension(), version="2022-03-01")
    old = (await azure.get(EXTENSION, version="2022-03-01")).body["properties"]

    assert "currentVersion" not in old
    assert old["version"] == "3.1.31"


async def test_a_flux_configuration_brings_its_extension(azure: Client) -> None:
    """The service installs microsoft.flux by itself, and then the configuration complies."""
    await azure.put(FLUX, flux(kustomizations={"infra": {"path": "./infra"}}), version=FLX)
    extensions = (await azure.get(f"{BASE}/extensions", version=EXT)).body["value"]
    shown = (await azure.get(FLUX, version=FLX)).body["properties"]

    assert [each["name"] for each in extensions] == ["flux"]
    assert (shown["provisioningState"], shown["complianceState"]) == ("Succeeded", "Compliant")
    assert [each["name"] for each in shown["statuses"]] == ["apps", "apps-infra"]
    assert shown["gitRepository"]["repositoryRef"]["tag"] is None
    assert shown["kustomizations"]["infra"]["wait"] is True


async def test_secrets_of_flux_are_never_shown(world: World, azure: Client) -> None:
    """Neither protected settings nor the secrets inside a source block."""
    blob = {
        "url": "https://store.example",
        "containerName": "c",
        "sasToken": "marked-secret",
        "servicePrincipal": {"clientId": "id", "tenantId": "t", "clientSecret": "marked-secret"},
    }
    body = {
        "sourceKind": "AzureBlob",
        "azureBlob": blob,
        "configurationProtectedSettings": {"httpsKey": "marked-secret"},
    }
    made = await azure.put(FLUX, {"properties": body}, version=FLX)
    shown = (await azure.get(FLUX, version=FLX)).body["properties"]

    assert "marked-secret" not in made.text + str(world.dump())
    assert shown["configurationProtectedSettings"] == {}
    assert shown["azureBlob"]["servicePrincipal"]["clientId"] == "id"
    assert shown["azureBlob"]["sasToken"] is None


async def test_secrets_that_are_not_repeated_are_lost(world: World, azure: Client) -> None:
    """A PATCH without the protected settings clears them (`arm.md` 5.9)."""
    body = flux(configurationProtectedSettings={"httpsKey": "x"})
    await azure.put(FLUX, body, version=FLX)
    assert world.azure.dump()["resources"][FLUX.lower()]["secrets"].keys() == {"httpsKey"}
    await azure.patch(FLUX, {"properties": {"suspend": True}}, version=FLX)

    assert world.azure.dump()["resources"][FLUX.lower()]["secrets"] == {}
    shown = (await azure.get(FLUX, version=FLX)).body["properties"]
    assert shown["complianceState"] == "Suspended"


async def test_a_patch_of_flux_merges(azure: Client) -> None:
    """Null removes a kustomization; a patch that changes nothing is 200 without an operation."""
    body = flux(kustomizations={"a": {"path": "a"}, "b": {"path": "b"}})
    await azure.put(FLUX, body, version=FLX)
    patch = {"properties": {"kustomizations": {"a": None}, "gitRepository": {}}}

    assert (await azure.patch(FLUX, patch, version=FLX)).status == 202
    shown = (await azure.get(FLUX, version=FLX)).body["properties"]
    assert list(shown["kustomizations"]) == ["b"]
    again = await azure.patch(FLUX, patch, version=FLX)
    assert (again.status, "Azure-AsyncOperation" in again.headers) == (200, False)


@pytest.mark.parametrize(("sent", "generated"), [({}, True), ({"sshPrivateKey": "x"}, False)])
async def test_flux_makes_a_deploy_key_where_none_came(
    azure: Client, sent: dict[str, str], generated: bool
) -> None:
    """An ssh source without a key shows the public half of a new one."""
    git = {"url": "ssh://git@git.example/a", "repositoryRef": {"branch": "main"}}
    body = flux(gitRepository=git, configurationProtectedSettings=sent)
    answer = await azure.put(FLUX, body, version=FLX)

    assert answer.body["properties"]["repositoryPublicKey"].startswith("ssh-rsa") == generated


@pytest.mark.parametrize(
    ("body", "version"),
    [
        ({"sourceKind": "Bucket", "gitRepository": GIT}, FLX),
        ({"sourceKind": "Floppy", "gitRepository": GIT}, FLX),
        ({"sourceKind": "OCIRepository", "ociRepository": {"url": "oci://r"}}, "2024-11-01"),
        ({"gitRepository": {"url": ""}}, FLX),
        ({"gitRepository": GIT, "scope": "namespace"}, FLX),
    ],
)
async def test_a_wrong_flux_configuration_is_refused(
    azure: Client, body: dict[str, Any], version: str
) -> None:
    """A missing source, an unknown kind, one the version lacks, a scope that changes."""
    await azure.put(FLUX, flux(), version=FLX)
    answer = await azure.put(FLUX, {"properties": body}, version=version)

    assert (answer.status, answer.code) == (400, "ValidationFailed")


async def test_an_old_version_of_flux_hides(azure: Client) -> None:
    """An OCI source is named but not shown before 2025-04-01."""
    body = {"sourceKind": "OCIRepository", "ociRepository": {"url": "oci://registry.example/a"}}
    await azure.put(FLUX, {"properties": body}, version=FLX)
    old = (await azure.get(FLUX, version="2023-05-01")).body["properties"]

    assert old["sourceKind"] == "OCIRepository"
    assert "ociRepository" not in old


async def test_the_first_generation_of_flux_is_done_at_once(azure: Client) -> None:
    """201 Succeeded, 200 on deletion; it does not mix with the second generation."""
    body = {
        "properties": {
            "repositoryUrl": "https://git.example",
            "operatorParams": "--git-readonly ",
            "configurationProtectedSettings": {"httpsKey": "x"},
        }
    }
    made = await azure.put(SOURCE_CONTROL, body, version=SCC)
    properties = made.body["properties"]
    assert (made.status, properties["provisioningState"]) == (201, "Succeeded")
    assert (properties["operatorParams"], properties["configurationProtectedSettings"]) == (
        "--git-readonly",
        {},
    )
    assert (await azure.put(FLUX, flux(), version=FLX)).status == 409
    assert (await azure.delete(SOURCE_CONTROL, version=SCC)).status == 200
    assert (await azure.delete(SOURCE_CONTROL, version=SCC)).status == 204
    assert (await azure.put(FLUX, flux(), version=FLX)).status == 201


async def test_a_child_of_no_cluster_names_the_cluster(azure: Client) -> None:
    """404 of the cluster, whatever is asked of the child."""
    answer = await azure.get(EXTENSION.replace("harbor", "nowhere"), version=EXT)

    assert answer.code == "ResourceNotFound"
    assert "connectedClusters/nowhere" in answer.body["error"]["message"]


async def test_the_catalogue_tells_types_and_versions(world: World, azure: Client) -> None:
    """By cluster and by region; a region can lack it."""
    world.azure.plant({"regionGaps": [{"type": "extensionTypes", "region": "West Europe"}]})
    region = f"{SUB}/providers/Microsoft.KubernetesConfiguration/locations"
    types = await azure.get(f"{BASE}/extensionTypes", version="2026-05-01")
    versions = f"{BASE}/extensionTypes/microsoft.flux/versions?showLatest=true"
    latest = await azure.get(versions, version="2026-05-01")
    there = await azure.get(f"{region}/eastus/extensionTypes/microsoft.dapr", version="2026-05-01")
    lacking = await azure.get(f"{region}/westeurope/extensionTypes", version="2026-05-01")

    assert "microsoft.flux" in [each["name"] for each in types.body["value"]]
    assert [each["name"] for each in latest.body["value"]] == ["1.18.2"]
    assert there.body["name"] == "microsoft.dapr"
    assert lacking.body["value"] == []


@pytest.mark.parametrize("kind", ["Microsoft.PolicyInsights", "microsoft.flux"])
async def test_what_a_user_creates_is_no_system_extension(azure: Client, kind: str) -> None:
    """Whatever its type: only what a service has put there itself belongs to the system."""
    await azure.put(EXTENSION, extension(extensionType=kind), version=EXT)
    found = (await azure.get(EXTENSION, version=EXT)).body

    assert found["properties"]["isSystemExtension"] is False
