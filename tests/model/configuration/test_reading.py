"""What is read of a configuration resource, and what would be sent (`arm.md` 4.2, 4.4, 5, 6, 8.1)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from arcctl.model.configuration.child import Child
from arcctl.model.configuration.kinds import Kind
from tests.model.configuration.bodies import (
    extension,
    flux,
    git,
    kustomization,
    read,
    source,
    source_control,
)


def test_of_an_extension_only_the_allowed_is_sent() -> None:
    """No id, no state, no principal, no nulls; what is left is what a PUT takes."""
    assert read(extension()).body == {
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "extensionType": "microsoft.azuremonitor.containers",
            "autoUpgradeMinorVersion": True,
            "autoUpgradeMode": "compatible",
            "releaseTrain": "Stable",
            "scope": {"cluster": {"releaseNamespace": "kube-system"}},
            "configurationSettings": {"a": "1"},
        },
    }


def test_of_a_flux_configuration_only_the_allowed_is_sent() -> None:
    """One source, kustomizations without their names, no nulls."""
    assert read(flux()).body == {
        "properties": {
            "scope": "cluster",
            "namespace": "apps",
            "sourceKind": "GitRepository",
            "suspend": False,
            "gitRepository": {
                "url": "https://git.example/apps",
                "timeoutInSeconds": 600,
                "syncIntervalInSeconds": 600,
                "repositoryRef": {"branch": "main"},
            },
            "kustomizations": {
                "all": {
                    "path": "./",
                    "dependsOn": [],
                    "timeoutInSeconds": 600,
                    "syncIntervalInSeconds": 600,
                    "prune": True,
                    "force": False,
                    "wait": True,
                }
            },
        }
    }


def test_of_source_control_only_the_allowed_is_sent() -> None:
    """The parameters without the blanks that the service takes off."""
    assert read(source_control()).body == {
        "properties": {
            "repositoryUrl": "https://git.example/v1",
            "operatorNamespace": "v1",
            "operatorInstanceName": "",
            "operatorType": "Flux",
            "operatorParams": "--git-readonly",
            "operatorScope": "cluster",
            "sshKnownHostsContents": "",
            "enableHelmOperator": False,
        }
    }


def test_a_marketplace_plan_is_sent() -> None:
    """Whole, without the nulls in it."""
    plan = {"name": "standard", "publisher": "contoso", "product": "backup", "version": None}

    assert read(extension() | {"plan": plan}).body["plan"] == {
        "name": "standard",
        "publisher": "contoso",
        "product": "backup",
    }


@pytest.mark.parametrize(
    ("saved", "sent"),
    [
        ({"autoUpgradeMinorVersion": True, "version": "1.0"}, (True, None, "compatible")),
        ({"autoUpgradeMinorVersion": None, "version": "1.0"}, (None, None, "compatible")),
        ({"autoUpgradeMinorVersion": False, "version": "1.0"}, (False, "1.0", "none")),
        ({"autoUpgradeMinorVersion": False}, (False, "3.1.31", "none")),
        ({"autoUpgradeMinorVersion": False, "currentVersion": None}, (False, None, "none")),
        ({"autoUpgradeMode": "none"}, (True, None, None)),
        ({"autoUpgradeMode": "patch"}, (True, None, "patch")),
        ({"autoUpgradeMinorVersion": False, "autoUpgradeMode": None}, (False, "3.1.31", None)),
    ],
)
def test_a_version_and_automatic_upgrades_exclude_each_other(
    saved: dict[str, Any], sent: tuple[Any, ...]
) -> None:
    """Pinned where upgrades are off, and the mode goes with the switch."""
    body = read(extension(**saved)).properties
    names = ("autoUpgradeMinorVersion", "version", "autoUpgradeMode")

    assert tuple(body.get(name) for name in names) == sent


@pytest.mark.parametrize("hidden", [{"key": ""}, {"key": "***"}, {"key": None}, {"key": "leaked"}])
def test_protected_settings_are_names_and_never_values(hidden: dict[str, Any]) -> None:
    """Whatever stands there, a mask or by mistake the value, is not taken over."""
    child = read(extension(configurationProtectedSettings=hidden))

    assert child.state["protectedKeys"] == ["key"]
    assert "leaked" not in json.dumps(child.to_document())
    assert "configurationProtectedSettings" not in child.properties


@pytest.mark.parametrize("mask", [None, "", "***", "leaked"])
def test_secrets_inside_a_source_are_never_taken_over(mask: str | None) -> None:
    """Neither out of azureBlob nor out of ociRepository."""
    blob = {
        "url": "https://store.example",
        "accountKey": mask,
        "sasToken": mask,
        "servicePrincipal": {"clientId": "c", "clientSecret": mask, "clientCertificate": mask},
    }
    oci = {
        "url": "oci://r.example/a",
        "tlsConfig": {"privateKey": mask},
        "verify": {"provider": "cosign", "verificationConfig": mask and {"k": mask}},
    }
    found = [
        read(source("AzureBlob", "azureBlob", blob)),
        read(source("OCIRepository", "ociRepository", oci)),
    ]

    assert [each.properties[block] for each, block in zip(found, blob_and_oci(), strict=True)] == [
        {"url": "https://store.example", "servicePrincipal": {"clientId": "c"}},
        {"url": "oci://r.example/a", "verify": {"provider": "cosign"}, "tlsConfig": {}},
    ]
    assert "leaked" not in json.dumps([each.to_document() for each in found])


def blob_and_oci() -> tuple[str, str]:
    """The blocks of the two source kinds with secrets in them."""
    return "azureBlob", "ociRepository"


@pytest.mark.parametrize("spelled", ["GitRepository", "gitrepository", None])
def test_blocks_of_other_sources_are_left_out(spelled: str | None) -> None:
    """Only the one block that the source kind names, in any case, is sent."""
    found = read(flux(sourceKind=spelled, bucket={"url": "https://s3.example", "newField": 1}))

    assert found.properties.keys() & {"gitRepository", "bucket", "azureBlob"} == {"gitRepository"}
    assert found.not_carried == ()


def test_empty_pieces_of_post_build_are_left_out() -> None:
    """The service has refused them."""
    entries = {
        "none": kustomization("none", postBuild={"substitute": None, "substituteFrom": []}),
        "some": kustomization("some", postBuild={"substitute": {"a": ""}, "substituteFrom": None}),
    }
    found = read(flux(kustomizations=entries)).properties["kustomizations"]

    assert "postBuild" not in found["none"]
    assert found["some"]["postBuild"] == {"substitute": {"a": ""}}


def test_unknown_fields_are_named_and_not_sent() -> None:
    """At whatever depth, where they say something; what is known to be the service's is not named."""
    resource = git(sparseCheckout=["a"])
    resource["properties"] |= {"nextYears": {"x": 1}, "empty": {}, "nothing": None}
    resource["properties"]["kustomizations"]["all"]["decrypt"] = True
    resource["tags"] = {"a": "b"}

    child = read(resource)

    assert child.not_carried == (
        "gitRepository.sparseCheckout",
        "kustomizations.all.decrypt",
        "nextYears",
        "tags",
    )
    assert "nextYears" not in json.dumps(child.body)


def test_a_field_that_the_version_cannot_write_is_named() -> None:
    """autoUpgradeMode came with 2025-03-01, the provider of git with 2024-11-01."""
    assert read(extension(), "2024-11-01").not_carried == ("autoUpgradeMode",)
    assert read(git(provider="Azure"), "2023-05-01").not_carried == ("gitRepository.provider",)
    assert read(git(provider="Azure"), "2024-11-01").not_carried == ()


def test_what_an_older_version_would_lose_is_named() -> None:
    """Where a target cloud has no newer one, a person should know before."""
    child = read(flux(kustomizations={"all": kustomization("all")}))

    assert child.lost_with("2022-07-01") == ("kustomizations.all.wait",)
    assert child.lost_with("2025-04-01") == ()
    assert read(extension()).lost_with("2023-05-01") == ("autoUpgradeMode",)


def test_what_is_not_ours_is_not_carried() -> None:
    """System extensions, and what another resource manages; the state says which."""
    system = read(extension(isSystemExtension=True))
    managed = read(extension() | {"managedBy": "/subscriptions/s/owner"})

    assert [each.carried for each in (system, managed, read(extension()))] == [False, False, True]
    assert (system.state["isSystemExtension"], managed.state["managedBy"]) == (
        True,
        "/subscriptions/s/owner",
    )


def test_the_state_is_what_is_seen_and_not_sent() -> None:
    """Flat, and without what says nothing."""
    failed = extension(
        provisioningState="Failed", errorInfo={"code": "Oops", "message": "no image"}
    )
    waiting = extension(statuses=[{"level": "Error", "message": "helm said no"}])

    assert read(extension()).state == {
        "provisioningState": "Succeeded",
        "currentVersion": "3.1.31",
        "principalId": "p-1",
        "protectedKeys": [],
    }
    assert read(failed).state["error"] == "Oops: no image"
    assert read(waiting).state["error"] == "helm said no"
    assert read(flux(repositoryPublicKey="ssh-rsa A")).state == {
        "provisioningState": "Succeeded",
        "complianceState": "Compliant",
        "repositoryPublicKey": "ssh-rsa A",
        "sourceSyncedCommitId": "main@sha1:1",
    }
    assert read(source_control()).state["complianceState"] == "Pending"


@pytest.mark.parametrize("told", [None, "absent"])
def test_keys_that_the_service_does_not_tell_are_unknown(told: str | None) -> None:
    """Null, or no field at all, is not the same as none."""
    resource = extension(configurationProtectedSettings=None)
    if told == "absent":
        del resource["properties"]["configurationProtectedSettings"]

    assert "protectedKeys" not in read(resource).state


def test_a_child_survives_being_written_down() -> None:
    """As JSON, and back, whatever is in it."""
    for resource in (extension("größe"), flux(), source_control(), extension(nextYears=[1])):
        child = read(resource)
        assert Child.from_document(json.loads(json.dumps(child.to_document()))) == child


def test_two_readings_of_the_same_look_the_same() -> None:
    """The order in which the service sends fields does not show in what is written down."""
    resource = extension()
    backwards = dict(reversed(resource.items()))
    backwards["properties"] = dict(reversed(resource["properties"].items()))

    assert json.dumps(read(backwards).to_document()) == json.dumps(read(resource).to_document())


@pytest.mark.parametrize("broken", [{}, {"name": "x"}, {"name": "x", "properties": None}])
def test_a_resource_that_says_nothing_is_read_as_nothing(broken: dict[str, Any]) -> None:
    """The service may answer oddly while something is being made or deleted."""
    for kind in Kind:
        assert Child.read(kind, broken, "2025-03-01").body == {"properties": {}}


def test_a_kind_is_known_by_any_spelling() -> None:
    """As ARM changes the case of types at will."""
    assert Kind.named("FLUXCONFIGURATIONS") is Kind.FLUX
    assert Kind.named("fluxes") is None
    assert (Kind.FLUX.word, Kind.FLUX.resource_type) == (
        "Flux configuration",
        "Microsoft.KubernetesConfiguration/fluxConfigurations",
    )
