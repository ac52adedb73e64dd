"""The typed SDKs of Azure, which know nothing of the sandbox, work against it over TLS."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.azure import entra, routes, seeds
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.identity import ClientSecretCredential
from azure.mgmt.hybridkubernetes import ConnectedKubernetesClient
from azure.mgmt.kubernetesconfiguration.extensions import (
    KubernetesConfigurationExtensionsMgmtClient,
)
from azure.mgmt.kubernetesconfiguration.fluxconfigurations import (
    KubernetesConfigurationFluxConfigurationsMgmtClient,
)
from tests.clients.serving import authority, serving, tls
from tests.sandbox.azure.client import body_of_cluster

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from arcctl.sandbox.world import World

    Use = Callable[[type, Callable[[Any], Any]], Any]

HARBOR = ("edge", "Microsoft.Kubernetes", "connectedClusters", "harbor")
FLUX_BODY = {
    "properties": {
        "scope": "cluster",
        "namespace": "apps",
        "sourceKind": "GitRepository",
        "gitRepository": {
            "url": "https://git.example/apps",
            "repositoryRef": {"branch": "main"},
        },
        "kustomizations": {"infra": {"path": "./infra", "prune": True}},
    }
}


@pytest.fixture
async def cloud(world: World, tmp_path: Path) -> AsyncIterator[str]:
    """The same Azure behind TLS, with a certificate authority that only this test trusts."""
    context = tls(authority(tmp_path))
    async with serving(routes.application(world), context) as port:
        world.base_url = f"https://127.0.0.1:{port}"
        yield world.base_url


@pytest.fixture
def use(cloud: str, tmp_path: Path) -> Use:
    """Uses one SDK in a thread, signed in by azure-identity with the app's secret."""
    trust = str(tmp_path / "authority.pem")

    def act(kind: type, work: Callable[[Any], Any], secret: str) -> Any:
        credential = ClientSecretCredential(
            entra.TENANT,
            entra.FULL_RIGHTS.client_id,
            secret,
            authority=cloud,
            disable_instance_discovery=True,
            connection_verify=trust,
        )
        client = kind(
            credential,
            seeds.SUBSCRIPTION,
            base_url=cloud,
            credential_scopes=[f"{cloud}/.default"],
            connection_verify=trust,
            polling_interval=0,
        )
        with credential, client:
            return work(client)

    async def in_thread(
        kind: type, work: Callable[[Any], Any], secret: str = entra.FULL_RIGHTS.secret
    ) -> Any:
        return await asyncio.to_thread(act, kind, work, secret)

    return in_thread


async def test_clusters_live_and_die_through_their_sdk(use: Use) -> None:
    """Create, get, list, update, delete, by azure-mgmt-hybridkubernetes."""

    def work(client: Any) -> None:
        clusters = client.connected_cluster
        made = clusters.begin_create_or_replace("edge", "harbor", body_of_cluster()).result()
        assert (made.properties.provisioning_state, made.location) == ("Succeeded", "eastus")
        assert made.properties.connectivity_status == "Connecting"
        assert made.identity.principal_id

        updated = clusters.begin_update_async("edge", "harbor", {"tags": {"a": "b"}}).result()
        assert updated.tags == {"a": "b"}
        assert [c.name for c in clusters.list_by_resource_group("edge")] == ["harbor"]
        assert [c.name for c in clusters.list_by_subscription()] == ["harbor"]
        assert clusters.get("edge", "harbor").identity.principal_id == made.identity.principal_id

        clusters.begin_delete("edge", "harbor").result()
        with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
            clusters.get("edge", "harbor")

    await use(ConnectedKubernetesClient, work)


async def test_an_sdk_reads_the_credential_of_cluster_connect(world: World, use: Use) -> None:
    """listClusterUserCredential answers in the shape that the SDK's model has."""
    world.azure.plant({"clusters": [{"name": "harbor", "group": "edge"}]})

    def work(client: Any) -> Any:
        wanted = {"authenticationMethod": "Token", "clientProxy": True}
        return client.connected_cluster.list_cluster_user_credential("edge", "harbor", wanted)

    answer = await use(ConnectedKubernetesClient, work)

    assert answer.hybrid_connection_config.expiration_time > 0
    assert answer.kubeconfigs[0].value.decode().startswith('{"apiVersion"')


async def test_an_sdk_lists_what_the_provider_can_do(use: Use) -> None:
    """The list of operations is there, as for any provider."""
    names = await use(
        ConnectedKubernetesClient, lambda client: [each.name for each in client.operations.get()]
    )

    assert "Microsoft.Kubernetes/connectedClusters/read" in names


async def test_extensions_live_and_die_through_their_sdk(world: World, use: Use) -> None:
    """Create, get, list, update, delete, by azure-mgmt-kubernetesconfiguration-extensions."""
    world.azure.plant({"clusters": [{"name": "harbor", "group": "edge"}]})
    body = {
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "extensionType": "microsoft.azuremonitor.containers",
            "configurationSettings": {"a": "1"},
            "configurationProtectedSettings": {"key": "marked-secret"},
        },
    }

    def work(client: Any) -> None:
        extensions = client.extensions
        made = extensions.begin_create(*HARBOR, "monitor", body).result()
        assert made.properties.provisioning_state == "Succeeded"
        assert made.properties.current_version == "3.1.31"
        assert made.properties.configuration_protected_settings == {"key": ""}

        patch = {"properties": {"configurationSettings": {"b": "2"}}}
        extensions.begin_update(*HARBOR, "monitor", patch).result()
        settings = extensions.get(*HARBOR, "monitor").properties.configuration_settings
        assert settings == {"a": "1", "b": "2"}
        assert [each.name for each in extensions.list(*HARBOR)] == ["monitor"]

        extensions.begin_delete(*HARBOR, "monitor").result()
        assert list(extensions.list(*HARBOR)) == []

    await use(KubernetesConfigurationExtensionsMgmtClient, work)


async def test_flux_configurations_live_and_die_through_their_sdk(world: World, use: Use) -> None:
    """Create, get, list, update, delete, by azure-mgmt-kubernetesconfiguration-fluxconfigurations."""
    world.azure.plant({"clusters": [{"name": "harbor", "group": "edge"}]})

    def work(client: Any) -> None:
        flux = client.flux_configurations
        flux.begin_create_or_update(*HARBOR, "apps", FLUX_BODY).result()
        made = flux.get(*HARBOR, "apps").properties
        assert (made.provisioning_state, made.compliance_state) == ("Succeeded", "Compliant")
        assert {status.name for status in made.statuses} == {"apps", "apps-infra"}

        flux.begin_update(*HARBOR, "apps", {"properties": {"suspend": True}}).result()
        assert flux.get(*HARBOR, "apps").properties.suspend
        assert [each.name for each in flux.list(*HARBOR)] == ["apps"]

        flux.begin_delete(*HARBOR, "apps").result()
        assert list(flux.list(*HARBOR)) == []

    await use(KubernetesConfigurationFluxConfigurationsMgmtClient, work)


async def test_a_failed_operation_raises_in_an_sdk(world: World, use: Use) -> None:
    """The inner error of a failed operation reaches the person who waits for it."""
    world.azure.plant({"clusters": [{"name": "harbor", "group": "edge"}]})
    plan = {"polls": 1, "code": "ExtensionOperationFailed", "message": "helm: timed out"}
    fault = world.faults.add({"service": "arm", "action": {"operation_fails": plan}})
    body = {"properties": {"extensionType": "microsoft.dapr"}}

    def work(client: Any) -> None:
        with pytest.raises(HttpResponseError, match="timed out"):
            client.extensions.begin_create(*HARBOR, "dapr", body).result()
        assert client.extensions.get(*HARBOR, "dapr").properties.provisioning_state == "Failed"

    await use(KubernetesConfigurationExtensionsMgmtClient, work)
    assert world.faults.happened(fault.id) == 1


async def test_a_wrong_secret_is_refused_by_entra(use: Use) -> None:
    """azure-identity reports Entra's own code for a secret that is not the app's."""
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        await use(ConnectedKubernetesClient, lambda c: c.connected_cluster.get("edge", "x"), "no")
