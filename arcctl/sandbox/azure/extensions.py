"""Extensions (`arm.md` 4, 14.3) as ARM sees them; the agents make releases of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from arcctl.sandbox.azure import children, identities, projection, times
from arcctl.sandbox.azure.answers import Answer, bad_request, immutable
from arcctl.sandbox.azure.extension_types import known, offered
from arcctl.sandbox.azure.store import Resource
from arcctl.sandbox.merge import merged

if TYPE_CHECKING:
    from arcctl.sandbox.azure.call import Call
    from arcctl.sandbox.azure.operations import Operation
    from arcctl.sandbox.azure.state import Azure

TYPE = "Microsoft.KubernetesConfiguration/extensions"
FLUX = "microsoft.flux"
_STRICT = "2023-05-01"
_TEXTS = ("extensionType", "releaseTrain", "version", "autoUpgradeMode")
_PATCHABLE = ("autoUpgradeMinorVersion", "autoUpgradeMode", "releaseTrain", "version")


def get(call: Call) -> Answer:
    return children.get(call, shown)


def listing(call: Call) -> Answer:
    return children.listing(call, shown)


def put(call: Call) -> Answer:
    children.check_writable(call)
    old = children.find(call)
    sent = projection.projected(call.document(), projection.EXTENSION, call.version)
    properties = _read(call, sent)
    values = children.texts(children.a_map(sent["properties"], _PROTECTED))
    secrets = children.digests(values)
    if old:
        _check_same(old, properties)
        old.body["identity"] = identities.given(call, sent.get("identity"), old.body["identity"])
        old.body["properties"] = _kept(old) | properties
        old.secrets = secrets
        children.touch(call, old)
        operation = _begin(call, old, "Updating", call.world.delays.child_put, values)
        return children.answer(call, 200, shown(call, old), children.headers(call, operation))
    found = _create(call, sent, properties, secrets)
    operation = _begin(call, found, "Creating", call.world.delays.child_put, values)
    return children.answer(call, 201, shown(call, found), children.headers(call, operation))


def patch(call: Call) -> Answer:
    children.check_writable(call)
    found = children.existing(call)
    wanted = children.properties_of(call)
    properties = found.properties
    changed = {name: wanted[name] for name in _PATCHABLE if name in wanted}
    _check_upgrade(call, properties | changed)
    properties |= changed
    if _SETTINGS in wanted:
        properties[_SETTINGS] = merged(properties[_SETTINGS], children.a_map(wanted, _SETTINGS))
    values = None
    if wanted.get(_PROTECTED):
        values = children.texts(children.a_map(wanted, _PROTECTED))
        found.secrets = children.digests(values)
    children.touch(call, found)
    operation = _begin(call, found, "Updating", call.world.delays.child_patch, values)
    return children.answer(call, 202, shown(call, found), children.headers(call, operation))


def delete(call: Call) -> Answer:
    found = children.find(call)
    if found is None:
        return Answer(204)
    if children.is_forced(call):
        return children.force_deleted(call, found)
    return children.begin_delete(call, found, call.world.delays.child_delete)


def ensure_flux(call: Call) -> Resource:
    """Return the cluster's microsoft.flux, installed by the service where it is missing."""
    cluster = children.cluster_of(call)
    for found in call.azure.store.within(f"{cluster.id}/providers/{TYPE}"):
        if found.properties["extensionType"].lower() == FLUX:
            _bring_along(call, found)
            return found
    document = children.document(call, defaults() | {"extensionType": FLUX})
    document |= {"id": f"{cluster.id}/providers/{TYPE}/flux", "name": "flux", "type": TYPE}
    document["identity"] = {"type": "SystemAssigned", "principalId": str(uuid4())}
    found = call.azure.store.put(Resource(document))
    _begin(call, found, "Creating", call.world.delays.child_put, {})
    return found


def _bring_along(call: Call, found: Resource) -> None:
    """Let the agents install what a scenario planted, as soon as something stands on it."""
    if found.state == "Succeeded" and call.world.errands.find(found) is None:
        call.world.errands.give(found, "install")


def release_of(azure: Azure, found: Resource) -> tuple[str, str]:
    """Return the namespace of an extension's release, and the version that is to be installed."""
    properties, scope = found.properties, found.properties["scope"]
    catalogue = known(properties["extensionType"])
    wanted = scope.get("cluster", {}).get("releaseNamespace")
    namespace = wanted or scope.get("namespace", {}).get("targetNamespace") or catalogue.namespace
    return str(namespace), str(properties["version"] or _newest(azure, found))


def _newest(azure: Azure, found: Resource) -> str:
    properties = found.properties
    kind, train = properties["extensionType"], properties["releaseTrain"]
    here = offered(azure, kind, azure.region_of(found.id, b""), train)
    return here[0] if here else known(kind).versions[0]


def shown(call: Call, found: Resource) -> dict[str, Any]:
    """Return an extension as a version has it: of protected settings the names only."""
    document = projection.projected(found.body, projection.EXTENSION, call.version)
    properties = document["properties"]
    properties[_PROTECTED] = dict.fromkeys(found.secrets, "")
    if call.version < "2022-11-01" and not properties["version"]:
        properties["version"] = found.properties["currentVersion"]
    return document


_SETTINGS = "configurationSettings"
_PROTECTED = "configurationProtectedSettings"


def defaults() -> dict[str, Any]:
    return {
        "extensionType": "",
        "autoUpgradeMinorVersion": True,
        "autoUpgradeMode": "compatible",
        "releaseTrain": "Stable",
        "version": None,
        "currentVersion": None,
        "scope": {"cluster": {}},
        _SETTINGS: {},
        "statuses": [],
        "errorInfo": None,
        "aksAssignedIdentity": None,
        "isSystemExtension": False,
        "customLocationSettings": None,
        "packageUri": None,
    }


def _read(call: Call, sent: dict[str, Any]) -> dict[str, Any]:
    properties = sent.get("properties")
    if not isinstance(properties, dict):
        raise children.wrong_type("properties")
    kept = defaults()
    for name in _TEXTS:
        if properties.get(name) is not None:
            if not isinstance(properties[name], str):
                raise children.wrong_type(f"properties.{name}")
            kept[name] = properties[name]
    if not kept["extensionType"]:
        raise bad_request("ValidationFailed", "properties.extensionType is required.")
    upgrade = properties.get("autoUpgradeMinorVersion")
    if upgrade is not None:
        if not isinstance(upgrade, bool):
            raise children.wrong_type("properties.autoUpgradeMinorVersion")
        kept["autoUpgradeMinorVersion"] = upgrade
        kept["autoUpgradeMode"] = properties.get("autoUpgradeMode") or (
            "compatible" if upgrade else "none"
        )
    _check_upgrade(call, kept)
    kept["scope"] = _scope(properties.get("scope"))
    kept[_SETTINGS] = dict(children.a_map(properties, _SETTINGS))
    return kept


def _check_upgrade(call: Call, properties: dict[str, Any]) -> None:
    if call.version >= _STRICT and properties["version"] and properties["autoUpgradeMinorVersion"]:
        raise bad_request(
            "ValidationFailed",
            "version must not be set while autoUpgradeMinorVersion is true.",
            target="properties.version",
        )


def _scope(sent: Any) -> dict[str, Any]:
    if sent is None:
        return {"cluster": {}}
    if not isinstance(sent, dict):
        raise children.wrong_type("properties.scope")
    given = {name: sent[name] for name in ("cluster", "namespace") if sent.get(name) is not None}
    if not all(isinstance(value, dict) for value in given.values()):
        raise children.wrong_type("properties.scope")
    if len(given) > 1:
        raise bad_request("ValidationFailed", "scope is either cluster or namespace.")
    return given or {"cluster": {}}


def _check_same(old: Resource, new: dict[str, Any]) -> None:
    if old.properties["extensionType"].lower() != new["extensionType"].lower():
        raise immutable("properties.extensionType")
    before, after = old.properties["scope"], new["scope"]
    wanted = after.get("cluster", {}).get("releaseNamespace") or after.get("namespace", {}).get(
        "targetNamespace"
    )
    has = before.get("cluster", {}).get("releaseNamespace") or before.get("namespace", {}).get(
        "targetNamespace"
    )
    if before.keys() != after.keys() or (wanted and has and wanted != has):
        raise immutable("properties.scope")
    new["scope"] = before


def _kept(old: Resource) -> dict[str, Any]:
    """What a PUT does not take away: what is installed."""
    return {"currentVersion": old.properties["currentVersion"]}


def _create(
    call: Call, sent: dict[str, Any], properties: dict[str, Any], secrets: dict[str, str]
) -> Resource:
    document = children.document(call, properties)
    document["identity"] = identities.given(call, sent.get("identity"))
    document["plan"] = sent.get("plan")
    if sent.get("managedBy"):
        document["managedBy"] = sent["managedBy"]
    return call.azure.store.put(Resource(document, secrets=secrets))


def _begin(
    call: Call, found: Resource, status: str, seconds: float, values: dict[str, str] | None
) -> Operation:
    failure = None
    if status == "Creating" and (other := _same_type(call, found)):
        message = (
            f"An extension of type {found.properties['extensionType']} is already installed as "
            f"'{other.body['name']}': helm: rendered manifests contain a resource that already "
            "exists. Unable to continue with install: invalid ownership metadata"
        )
        failure = {"code": "ExtensionOperationFailed", "message": message}
    operation = children.begin(call, found, status, seconds, values=values, failure=failure)
    operation.succeed = lambda: _installed(call, found)
    operation.fail = lambda error: _broken(call, found, error)
    return operation


def _same_type(call: Call, found: Resource) -> Resource | None:
    wanted = found.properties["extensionType"].lower()
    if known(wanted).many:
        return None
    for other in call.azure.store.within(found.id.rpartition("/")[0]):
        if other is not found and other.properties["extensionType"].lower() == wanted:
            return other
    return None


def _installed(call: Call, found: Resource) -> None:
    properties = found.properties
    catalogue = known(properties["extensionType"])
    found.state = "Succeeded"
    _, properties["currentVersion"] = release_of(call.azure, found)
    properties["errorInfo"], properties["statuses"] = None, []
    if "cluster" in properties["scope"]:
        properties["scope"]["cluster"].setdefault("releaseNamespace", catalogue.namespace)


def _broken(call: Call, found: Resource, error: dict[str, Any]) -> None:
    found.state = "Failed"
    found.properties["errorInfo"] = error
    found.properties["statuses"] = [
        {
            "code": error["code"],
            "displayStatus": "Failed",
            "level": "Error",
            "message": error["message"],
            "time": times.offset(call.world.clock.now()),
        }
    ]
