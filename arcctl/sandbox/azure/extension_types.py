"""The catalogue of extension types (`arm.md` 7; `arc.md` G3).

What it offers depends on region and release train; a scenario may withdraw more (`withdrawn`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

from arcctl.model.region import canonical
from arcctl.sandbox.azure import regions
from arcctl.sandbox.azure.answers import Answer, ArmError, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.sandbox.azure.call import Call
    from arcctl.sandbox.azure.kind import Handler
    from arcctl.sandbox.azure.state import Azure


@dataclass(frozen=True, slots=True)
class ExtensionType:
    """A type, where its release goes, and the versions that the stable train offers, newest first.

    `preview` are the versions of the other train, which has the stable ones too.
    """

    name: str
    namespace: str
    versions: tuple[str, ...]
    preview: tuple[str, ...] = ()
    publisher: str = "Microsoft"
    is_system: bool = False
    many: bool = False

    def of_train(self, train: str) -> tuple[str, ...]:
        """Return the versions of a release train, `stable` or `preview`, in any case."""
        trains = {"stable": self.versions, "preview": (*self.preview, *self.versions)}
        return trains.get(train.lower(), ())


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Something that is no longer offered; an empty field stands for all."""

    type: str
    version: str = ""
    region: str = ""
    train: str = ""

    @classmethod
    def read(cls, entry: Mapping[str, str]) -> Withdrawal:
        return cls(
            entry["type"].lower(),
            entry.get("version", ""),
            canonical(entry.get("region", "")),
            entry.get("train", "").lower(),
        )

    def covers(self, name: str, version: str, region: str, train: str) -> bool:
        return (
            self.type == name.lower()
            and self.version in {"", version}
            and self.region in {"", region}
            and self.train in {"", train.lower()}
        )


_TYPES = (
    ExtensionType(
        "microsoft.flux", "flux-system", ("1.18.2", "1.17.4", "1.16.12"), preview=("1.19.0",)
    ),
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
# Not everything is offered everywhere; which is where is the sandbox's own choice.
NOT_OFFERED = frozenset(
    {
        Withdrawal("microsoft.azureml.kubernetes", region="westus3"),
        Withdrawal("microsoft.azurekeyvaultsecretsprovider", version="1.6.4", region="japaneast"),
        Withdrawal("contoso.marketplace.backup", region="koreacentral"),
    }
)


def known(name: str) -> ExtensionType:
    """Return a type by its name in any case; one that the catalogue lacks may be many."""
    fallback = ExtensionType(name, name.replace(".", "-").lower(), ("1.0.0",), many=True)
    return BY_NAME.get(name.lower(), fallback)


def offered(azure: Azure, name: str, region: str, train: str = "stable") -> tuple[str, ...]:
    """Return the versions of a type that a region offers in a train, newest first."""
    gone = azure.withdrawn | NOT_OFFERED
    return tuple(
        version
        for version in known(name).of_train(train)
        if not any(each.covers(name, version, canonical(region), train) for each in gone)
    )


def guarded(put: Handler) -> Handler:
    """Let a PUT of an extension through to its service only if its type is offered there.

    Types that the catalogue does not know are taken as they are. The code is the one that clients
    of the real service report [K].
    """

    @wraps(put)
    def checked(call: Call) -> Answer:
        sent = call.document().get("properties")
        if isinstance(sent, dict) and str(sent.get("extensionType", "")).lower() in BY_NAME:
            _check_offered(call, sent)
        return put(call)

    return checked


def _check_offered(call: Call, sent: dict[str, Any]) -> None:
    name, train = str(sent["extensionType"]), str(sent.get("releaseTrain") or "stable")
    region = call.azure.region_of(call.target.scope, b"")
    versions = offered(call.azure, name, region, train)
    pinned = sent.get("version")
    if not versions or (pinned and pinned not in versions):
        what = f"version '{pinned}' of " if versions else ""
        raise bad_request(
            "ExtensionTypeRegistrationGetFailed",
            f"Extension type registration: {what}'{name}' is not registered in region '{region}', "
            f"release train '{train}'.",
            target="properties.version" if versions else "properties.extensionType",
        )


def listing(call: Call) -> Answer:
    found = [_shown(call, each) for each in _offered(call)]
    return Answer(body={"value": found, "nextLink": None})


def get(call: Call) -> Answer:
    return Answer(body=_shown(call, _asked(call, call.target.name)))


def version_listing(call: Call) -> Answer:
    extension_type = _asked(call, call.target.name)
    prefix = call.query.get("majorversion", "")
    versions = offered(call.azure, extension_type.name, _region(call), _train(call))
    found = [v for v in versions if not prefix or v.split(".")[0] == prefix]
    if call.query.get("showlatest", "").lower() == "true":
        found = found[:1]
    shown = [_shown_version(call, extension_type, version) for version in found]
    return Answer(body={"value": shown, "nextLink": None})


def version_get(call: Call) -> Answer:
    extension_type = _asked(call, call.target.names[-2])
    versions = offered(call.azure, extension_type.name, _region(call), _train(call))
    if call.target.name not in versions:
        raise _missing(call)
    return Answer(body=_shown_version(call, extension_type, call.target.name))


def _offered(call: Call) -> list[ExtensionType]:
    if ("extensiontypes", _region(call)) in call.azure.region_gaps:
        return []
    if ("extensiontypes", regions.EVERYWHERE) in call.azure.region_gaps:
        raise ArmError(
            404,
            "InvalidResourceType",
            "The resource type 'extensionTypes' could not be found in the namespace "
            f"'{call.target.namespace}' for api version '{call.version}'.",
        )
    region, train = _region(call), _train(call)
    return [each for each in _TYPES if offered(call.azure, each.name, region, train)]


def _train(call: Call) -> str:
    return call.query.get("releasetrain", "stable")


def _asked(call: Call, name: str) -> ExtensionType:
    here = {each.name: each for each in _offered(call)}
    if name.lower() not in here:
        raise _missing(call)
    return here[name.lower()]


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
