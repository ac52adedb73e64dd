"""The catalogue of extension types (`arm.md` 7; `arc.md` G3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.model.region import canonical
from arcctl.sandbox.azure.answers import Answer, ArmError

if TYPE_CHECKING:
    from arcctl.sandbox.azure.call import Call


@dataclass(frozen=True, slots=True)
class ExtensionType:
    """A type, where its release goes, and the versions that the train offers, newest first."""

    name: str
    namespace: str
    versions: tuple[str, ...]
    publisher: str = "Microsoft"
    is_system: bool = False
    many: bool = False


_TYPES = (
    ExtensionType("microsoft.flux", "flux-system", ("1.18.2", "1.17.4", "1.16.12")),
    ExtensionType(
        "microsoft.azuremonitor.containers", "kube-system", ("3.1.31", "3.1.28", "3.1.17")
    ),
    ExtensionType("microsoft.azuremonitor.containers.metrics", "kube-system", ("6.22.0", "6.20.0")),
    ExtensionType("microsoft.azuredefender.kubernetes", "mdc", ("0.9.38", "0.8.5")),
    ExtensionType("microsoft.policyinsights", "kube-system", ("1.11.1", "1.10.0"), is_system=True),
    ExtensionType("microsoft.azurekeyvaultsecretsprovider", "kube-system", ("1.7.2", "1.6.4")),
    ExtensionType("microsoft.azure.secretstore", "azure-secret-store", ("1.2.2",)),
    ExtensionType("microsoft.dapr", "dapr-system", ("1.14.4", "1.13.6")),
    ExtensionType("microsoft.openservicemesh", "arc-osm-system", ("1.2.10",)),
    ExtensionType("microsoft.arcdataservices", "arc", ("1.37.0",), many=True),
    ExtensionType("microsoft.web.appservice", "appservice-ns", ("0.13.1",), many=True),
    ExtensionType("microsoft.azureml.kubernetes", "azureml", ("1.1.85",)),
    ExtensionType("microsoft.iotoperations.platform", "cert-manager", ("0.7.25",)),
    ExtensionType("contoso.marketplace.backup", "backup", ("2.4.0",), publisher="Contoso"),
)
BY_NAME = {each.name: each for each in _TYPES}


def known(name: str) -> ExtensionType:
    """Return a type by its name in any case; one that the catalogue lacks may be many."""
    fallback = ExtensionType(name, name.replace(".", "-").lower(), ("1.0.0",), many=True)
    return BY_NAME.get(name.lower(), fallback)


def listing(call: Call) -> Answer:
    found = [_shown(call, each) for each in _offered(call)]
    return Answer(body={"value": found, "nextLink": None})


def get(call: Call) -> Answer:
    return Answer(body=_shown(call, _asked(call, call.target.name)))


def version_listing(call: Call) -> Answer:
    extension_type = _asked(call, call.target.name)
    prefix = call.query.get("majorversion", "")
    found = [v for v in extension_type.versions if not prefix or v.split(".")[0] == prefix]
    if call.query.get("showlatest", "").lower() == "true":
        found = found[:1]
    shown = [_shown_version(call, extension_type, version) for version in found]
    return Answer(body={"value": shown, "nextLink": None})


def version_get(call: Call) -> Answer:
    extension_type = _asked(call, call.target.names[-2])
    if call.target.name not in extension_type.versions:
        raise _missing(call)
    return Answer(body=_shown_version(call, extension_type, call.target.name))


def _offered(call: Call) -> list[ExtensionType]:
    if ("extensiontypes", _region(call)) in call.azure.region_gaps:
        return []
    train = call.query.get("releasetrain", "stable").lower()
    return list(_TYPES) if train in {"stable", "preview"} else []


def _asked(call: Call, name: str) -> ExtensionType:
    offered = {each.name: each for each in _offered(call)}
    if name.lower() not in offered:
        raise _missing(call)
    return offered[name.lower()]


def _missing(call: Call) -> ArmError:
    return ArmError(404, "NotFound", f"'{call.target.name}' is not offered here.", cause="service")


def _region(call: Call) -> str:
    if call.target.types[0].lower() == "locations":
        return canonical(call.target.names[0])
    return str(call.azure.store.resources[call.target.scope.lower()].body["location"])


def _base(call: Call, extension_type: ExtensionType) -> str:
    head, _, _ = call.target.path.lower().partition("/extensiontypes")
    return f"{call.target.path[: len(head)]}/extensionTypes/{extension_type.name}"


def _shown(call: Call, each: ExtensionType) -> dict[str, Any]:
    cluster_scope = {"allowMultipleInstances": each.many, "defaultReleaseNamespace": each.namespace}
    return {
        "id": _base(call, each),
        "name": each.name,
        "type": "Microsoft.KubernetesConfiguration/extensionTypes",
        "properties": {
            "isSystemExtension": each.is_system,
            "isManagedIdentityRequired": False,
            "description": f"The extension {each.name}",
            "publisher": each.publisher,
            "planInfo": None,
            "supportedClusterTypes": ["connectedClusters"],
            "supportedScopes": {
                "defaultScope": "cluster",
                "clusterScopeSettings": {"properties": cluster_scope},
            },
        },
    }


def _shown_version(call: Call, each: ExtensionType, version: str) -> dict[str, Any]:
    return {
        "id": f"{_base(call, each)}/versions/{version}",
        "name": version,
        "type": "Microsoft.KubernetesConfiguration/extensionTypes/versions",
        "properties": {
            "version": version,
            "supportedClusterTypes": ["connectedClusters"],
            "unsupportedKubernetesVersions": {"connectedCluster": []},
        },
    }
