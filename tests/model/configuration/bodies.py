"""Configuration resources as ARM answers them, and random ones."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from arcctl.model.configuration.child import Child
from arcctl.model.configuration.kinds import Kind

if TYPE_CHECKING:
    from random import Random

VERSIONS = {
    Kind.EXTENSION: "2025-03-01",
    Kind.FLUX: "2025-04-01",
    Kind.SOURCE_CONTROL: "2023-05-01",
}
ODD_NAMES = ("Flux", "größe-9", "a.b-c", "名前", "x" * 63, "with space", "UPPER", "émile")


def envelope(kind: Kind, name: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What stands around the properties of any of them."""
    return {
        "id": f"/subscriptions/s/…/{kind}/{name}",
        "name": name,
        "type": kind.resource_type,
        "systemData": {"createdAt": "2026-01-01T00:00:00.0000000+00:00"},
        "properties": properties,
        **more,
    }


def extension(name: str = "monitor", **more: Any) -> dict[str, Any]:
    """An extension with everything that the service adds (`arm.md` 4.2, 4.3)."""
    properties = {
        "extensionType": "microsoft.azuremonitor.containers",
        "autoUpgradeMinorVersion": True,
        "autoUpgradeMode": "compatible",
        "releaseTrain": "Stable",
        "version": None,
        "currentVersion": "3.1.31",
        "scope": {"cluster": {"releaseNamespace": "kube-system"}, "namespace": None},
        "configurationSettings": {"a": "1", "b": None},
        "configurationProtectedSettings": {},
        "provisioningState": "Succeeded",
        "statuses": [],
        "errorInfo": None,
        "customLocationSettings": None,
        "packageUri": None,
        "aksAssignedIdentity": None,
        "isSystemExtension": False,
        "managementDetails": {"category": "x"},
        "additionalDetails": None,
        "extensionState": "Running",
        **more,
    }
    identity = {"type": "SystemAssigned", "principalId": "p-1", "tenantId": "t-1"}
    return envelope(Kind.EXTENSION, name, properties, identity=identity, plan=None)


def flux(name: str = "apps", **more: Any) -> dict[str, Any]:
    """A Flux configuration with explicit nulls, as recorded (`arm.md` 5.8)."""
    git = {
        "url": "https://git.example/apps",
        "timeoutInSeconds": 600,
        "syncIntervalInSeconds": 600,
        "repositoryRef": {"branch": "main", "tag": None, "semver": None, "commit": None},
        "sshKnownHosts": None,
        "httpsUser": None,
        "httpsCACert": None,
        "localAuthRef": None,
        "provider": None,
    }
    properties = {
        "scope": "cluster",
        "namespace": "apps",
        "sourceKind": "GitRepository",
        "suspend": False,
        "gitRepository": git,
        "bucket": None,
        "azureBlob": None,
        "ociRepository": None,
        "kustomizations": {"all": kustomization("all")},
        "configurationProtectedSettings": {},
        "waitForReconciliation": None,
        "reconciliationWaitDuration": None,
        "statuses": [{"name": "apps", "complianceState": "Compliant"}],
        "repositoryPublicKey": "",
        "sourceSyncedCommitId": "main@sha1:1",
        "sourceUpdatedAt": "2026-01-01T00:00:00+00:00",
        "statusUpdatedAt": "2026-01-01T00:00:00+00:00",
        "complianceState": "Compliant",
        "provisioningState": "Succeeded",
        "errorMessage": "",
        **more,
    }
    return envelope(Kind.FLUX, name, properties)


def kustomization(name: str, **more: Any) -> dict[str, Any]:
    """An entry as it is read, its own name inside."""
    return {
        "name": name,
        "path": "./",
        "dependsOn": [],
        "timeoutInSeconds": 600,
        "syncIntervalInSeconds": 600,
        "retryIntervalInSeconds": None,
        "prune": True,
        "force": False,
        "wait": True,
        "postBuild": None,
        **more,
    }


def source(kind: str, block: str, fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A Flux configuration that reads from something else than git."""
    return flux(sourceKind=kind, gitRepository=None, **{block: fields}, **more)


def git(**more: Any) -> dict[str, Any]:
    """A Flux configuration whose git repository has these fields."""
    found = flux()
    found["properties"]["gitRepository"] |= more
    return found


def source_control(name: str = "v1", **more: Any) -> dict[str, Any]:
    """A source control configuration as recorded (`arm.md` 6)."""
    properties = {
        "repositoryUrl": "https://git.example/v1",
        "operatorNamespace": "v1",
        "operatorInstanceName": "",
        "operatorType": "Flux",
        "operatorParams": "--git-readonly  ",
        "operatorScope": "cluster",
        "sshKnownHostsContents": "",
        "enableHelmOperator": False,
        "helmOperatorProperties": {"chartVersion": None, "chartValues": None},
        "configurationProtectedSettings": {},
        "repositoryPublicKey": "",
        "provisioningState": "Succeeded",
        "complianceStatus": {"complianceState": "Pending", "messageLevel": "Information"},
        **more,
    }
    return envelope(Kind.SOURCE_CONTROL, name, properties)


def read(resource: dict[str, Any], version: str = "") -> Child:
    """Read one of these, with the newest version unless another is named."""
    kind = Kind.named(resource["type"].rpartition("/")[2])
    assert kind
    return Child.read(kind, resource, version or VERSIONS[kind])


def world(chance: Random) -> list[dict[str, Any]]:
    """Up to forty resources of all kinds: odd names, odd casing, unknown fields, nulls."""
    makers = (_any_extension, _any_flux, source_control)
    names = {f"{chance.choice(ODD_NAMES)}{n}" for n in range(chance.randint(0, 40))}
    return [_strange(chance, chance.choice(makers)(name)) for name in sorted(names)]


def _any_extension(name: str) -> dict[str, Any]:
    return extension(name, configurationProtectedSettings={"key": "", "schlüssel.1": None})


def _any_flux(name: str) -> dict[str, Any]:
    return flux(name, kustomizations={each: kustomization(each) for each in ("infra", "アプリ")})


def _strange(chance: Random, resource: dict[str, Any]) -> dict[str, Any]:
    if chance.random() < 0.3:
        resource["properties"]["nextYears"] = chance.choice(({"thing": 1}, "x", [1], None, {}))
    if chance.random() < 0.2:
        resource["properties"]["configurationProtectedSettings"] = chance.choice((None, {}))
    return resource


def respelled(chance: Random, resource: dict[str, Any]) -> dict[str, Any]:
    """The same resource after a move: new identity, other casing, nulls or nothing."""
    again = deepcopy(resource)
    again["name"] = chance.choice((str.upper, str.lower, str))(again["name"])
    if again.get("identity"):
        again["identity"]["principalId"] = "p-2"
    again["systemData"] = {"createdAt": "2027-01-01T00:00:00+00:00"}
    properties = again["properties"]
    for word in ("extensionType", "releaseTrain", "sourceKind", "operatorType"):
        if word in properties:
            properties[word] = chance.choice((str.upper, str.lower))(properties[word])
    for name in [name for name, value in properties.items() if value in (None, {}, [], "")]:
        if name != "configurationProtectedSettings" and chance.random() < 0.5:
            del properties[name]
    return again
