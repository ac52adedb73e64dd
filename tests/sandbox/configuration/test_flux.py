"""Flux configurations become objects of Flux, which applies and prunes (`arm.md` 5.7 to 5.9)."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.sandbox.living import CLUSTER, GIT, QUIET_FLUX, Living, deployment, plain

APPS = "fluxConfigurations/apps"
SOURCES = "/apis/source.toolkit.fluxcd.io/v1/namespaces/apps"
KUSTOMIZATION = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/apps/kustomizations/apps-all"
APPLIED = deployment("apps", "apps-all")


async def test_a_configuration_brings_flux_and_is_applied(harbor: Living) -> None:
    """The service installs microsoft.flux; source, Kustomization and workload appear."""
    await harbor.flux()
    shown = await harbor.shown(APPS)
    source = await harbor.until_there(f"{SOURCES}/gitrepositories/apps")
    kustomization = await harbor.until_there(KUSTOMIZATION)
    applied = await harbor.until_there(APPLIED)

    assert (await harbor.releases())["flux"] == (1, "deployed")
    assert (shown["provisioningState"], shown["complianceState"]) == ("Succeeded", "Compliant")
    assert [each["name"] for each in shown["statuses"]] == ["apps", "apps-all"]
    assert source["spec"]["ref"] == {"branch": "main"}
    assert "secretRef" not in source["spec"]
    assert kustomization["spec"]["sourceRef"] == {"kind": "GitRepository", "name": "apps"}
    assert applied["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"] == "apps-all"
    await harbor.until_there(
        "/apis/clusterconfig.azure.com/v1alpha1/namespaces/apps/fluxconfigs/apps"
    )


async def test_a_planted_extension_is_brought_along(harbor: Living) -> None:
    """Where a scenario planted microsoft.flux, the first configuration makes it real."""
    base = f"{CLUSTER}/providers/Microsoft.KubernetesConfiguration/extensions"
    planted = {"id": f"{base}/gitops", "properties": {"extensionType": "microsoft.flux"}}
    harbor.world.azure.plant({"resources": [planted]})
    await harbor.flux()

    assert "gitops" in await harbor.releases()


async def test_a_configuration_waits_for_the_agents_of_flux(harbor: Living) -> None:
    """While fluxconfig-agent and fluxconfig-controller are quiet nothing is heard."""
    await harbor.flux("first")
    await harbor.scale("flux-system", 0, *QUIET_FLUX)
    await harbor.put(APPS, namespace="apps", gitRepository=GIT)
    waiting = await harbor.shown(APPS)
    await harbor.scale("flux-system", 1, *QUIET_FLUX)

    assert waiting["provisioningState"] == "Creating"
    await harbor.complies(APPS)


async def test_nothing_is_applied_without_the_kustomize_controller(harbor: Living) -> None:
    """The configuration is taken over, but stays Pending until Flux's own controller runs."""
    await harbor.flux("first")
    await harbor.scale("flux-system", 0, "kustomize-controller")
    await harbor.put(APPS, namespace="apps", gitRepository=GIT, kustomizations={"all": {}})
    shown = await harbor.becomes(APPS, "Succeeded")
    applied = await harbor.api.find(APPLIED)
    await harbor.scale("flux-system", 1, "kustomize-controller")

    assert (shown["complianceState"], applied) == ("Pending", None)
    await harbor.complies(APPS)
    await harbor.until_there(APPLIED)


async def test_a_suspended_configuration_applies_nothing_new(harbor: Living) -> None:
    """Its Kustomization is suspended, and Azure hears so; what was applied before stays."""
    await harbor.flux("first")
    await harbor.put(
        APPS, namespace="apps", gitRepository=GIT, suspend=True, kustomizations={"all": {}}
    )
    await harbor.complies(APPS, "Suspended")
    kustomization = await harbor.until_there(KUSTOMIZATION)

    assert kustomization["spec"]["suspend"] is True
    assert "status" not in kustomization
    assert await harbor.api.find(APPLIED) is None
    assert (await harbor.complies(APPS, "Suspended"))["statuses"] == []


@pytest.mark.parametrize(("prune", "left"), [(True, False), (False, True)])
async def test_a_deletion_that_is_heard_prunes_where_that_is_wanted(
    harbor: Living, prune: bool, left: bool
) -> None:
    """The objects of Flux go either way; what it applied only goes with prune."""
    await harbor.flux(kustomizations={"all": {"prune": prune}})
    await harbor.delete(APPS)
    await harbor.becomes(APPS, "")

    assert await harbor.api.find(KUSTOMIZATION) is None
    assert await harbor.items(f"{SOURCES}/gitrepositories") == []
    assert (await harbor.api.find(APPLIED) is not None) == left


async def test_pruning_waits_for_the_controller_that_does_it(harbor: Living) -> None:
    """A Kustomization lingers with its finalizer until kustomize-controller runs again."""
    await harbor.flux()
    await harbor.scale("flux-system", 0, "kustomize-controller")
    await harbor.delete(APPS)
    await harbor.becomes(APPS, "")
    lingering = await harbor.until_there(KUSTOMIZATION)
    await harbor.scale("flux-system", 1, "kustomize-controller")

    assert "deletionTimestamp" in lingering["metadata"]
    await harbor.until_gone(APPLIED)
    await harbor.until_gone(KUSTOMIZATION)


async def test_a_kustomization_that_is_no_longer_named_goes(harbor: Living) -> None:
    """PATCH with null removes one of two, and prunes what it applied."""
    two = {"all": {"prune": True}, "more": {"prune": True}}
    await harbor.flux(kustomizations=two)
    await harbor.until_there(deployment("apps", "apps-more"))
    patch = {"properties": {"kustomizations": {"more": None}}}
    path = f"{CLUSTER}/providers/Microsoft.KubernetesConfiguration/{APPS}"
    await harbor.azure.patch(path, patch, version="2025-04-01")
    await harbor.becomes(APPS, "Succeeded")

    await harbor.until_gone(deployment("apps", "apps-more"))
    assert await harbor.api.find(APPLIED) is not None


SECRETS: list[tuple[dict[str, Any], dict[str, str]]] = [
    (
        {
            "gitRepository": {**GIT, "httpsUser": "reader"},
            "configurationProtectedSettings": {"httpsKey": base64.b64encode(b"marked").decode()},
        },
        {"username": "reader", "password": "marked"},
    ),
    (
        {
            "gitRepository": {**GIT, "url": "ssh://git@git.example/apps"},
            "configurationProtectedSettings": {
                "sshPrivateKey": base64.b64encode(b"marked").decode()
            },
        },
        {"identity": "marked"},
    ),
    (
        {
            "sourceKind": "Bucket",
            "bucket": {"url": "https://s3.example", "bucketName": "apps", "accessKey": "reader"},
            "configurationProtectedSettings": {
                "bucketSecretKey": base64.b64encode(b"marked").decode()
            },
        },
        {"accesskey": "reader", "secretkey": "marked"},
    ),
    (
        {
            "sourceKind": "AzureBlob",
            "azureBlob": {
                "url": "https://store.example",
                "containerName": "apps",
                "accountKey": "marked",
            },
        },
        {"accountKey": "marked"},
    ),
    (
        {
            "sourceKind": "OCIRepository",
            "ociRepository": {
                "url": "oci://registry.example/apps",
                "tlsConfig": {
                    "clientCertificate": base64.b64encode(b"cert").decode(),
                    "privateKey": base64.b64encode(b"marked").decode(),
                },
            },
        },
        {"tls.crt": "cert", "tls.key": "marked"},
    ),
]


@pytest.mark.parametrize(
    ("properties", "held"), SECRETS, ids=["https", "ssh", "bucket", "blob", "oci"]
)
async def test_the_source_names_the_secret_that_was_given(
    harbor: Living, properties: dict[str, Any], held: dict[str, str]
) -> None:
    """Under the names that Flux reads, decoded, in a Secret that nobody could guess."""
    await harbor.put(APPS, namespace="apps", **properties)
    await harbor.complies(APPS)
    kinds = ("gitrepositories", "buckets", "ocirepositories")
    [source] = [each for kind in kinds for each in await harbor.items(f"{SOURCES}/{kind}")]
    name = source["spec"]["secretRef"]["name"]
    secret = await harbor.until_there(f"/api/v1/namespaces/apps/secrets/{name}")

    assert plain(secret) == held
    assert "marked" not in str(harbor.world.dump())


async def test_a_key_that_flux_made_is_the_one_that_azure_shows(harbor: Living) -> None:
    """An ssh source without a key gets a pair of its own; the public half is in both places."""
    git = {**GIT, "url": "ssh://git@git.example/apps"}
    await harbor.put(APPS, namespace="apps", gitRepository=git)
    shown = await harbor.complies(APPS)
    source = await harbor.until_there(f"{SOURCES}/gitrepositories/apps")
    path = f"/api/v1/namespaces/apps/secrets/{source['spec']['secretRef']['name']}"

    assert plain(await harbor.until_there(path))["identity.pub"] == shown["repositoryPublicKey"]


async def test_a_secret_that_a_user_brought_is_named_and_left_alone(harbor: Living) -> None:
    """With localAuthRef the source names the user's own Secret."""
    await harbor.put(APPS, namespace="apps", gitRepository={**GIT, "localAuthRef": "mine"})
    await harbor.complies(APPS)
    source = await harbor.until_there(f"{SOURCES}/gitrepositories/apps")

    assert source["spec"]["secretRef"] == {"name": "mine"}


async def test_flux_that_is_deleted_lets_its_objects_go_without_pruning(harbor: Living) -> None:
    """DELETE of microsoft.flux leaves what was applied, and no finalizer that hangs."""
    await harbor.flux()
    await harbor.delete("extensions/flux")
    await harbor.becomes("extensions/flux", "")

    await harbor.until_gone(
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"
        "kustomizations.kustomize.toolkit.fluxcd.io"
    )
    assert await harbor.api.find(APPLIED) is not None
