"""Flux configurations (`arm.md` 5, 14.3): as ARM sees them; the agents hand them to Flux."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from arcctl.sandbox.azure import children, extensions, flux_body, projection, times
from arcctl.sandbox.azure.answers import Answer, bad_request, conflict
from arcctl.sandbox.azure.operations import Operation
from arcctl.sandbox.azure.store import Resource
from arcctl.sandbox.merge import merged

if TYPE_CHECKING:
    from arcctl.sandbox.azure.call import Call

TYPE = "Microsoft.KubernetesConfiguration/fluxConfigurations"
_PROTECTED = "configurationProtectedSettings"
_REPORTED: dict[str, Any] = {
    "statuses": [],
    "repositoryPublicKey": "",
    "sourceSyncedCommitId": None,
    "sourceUpdatedAt": None,
    "statusUpdatedAt": None,
    "complianceState": "Pending",
    "errorMessage": "",
}


def get(call: Call) -> Answer:
    return children.get(call, shown)


def listing(call: Call) -> Answer:
    return children.listing(call, shown)


def put(call: Call) -> Answer:
    children.check_writable(call)
    _check_first_generation(call)
    sent = projection.projected(call.document(), projection.FLUX, call.version)
    wanted = sent.get("properties")
    if not isinstance(wanted, dict):
        raise children.wrong_type("properties")
    old = children.find(call)
    properties = _read(call, wanted)
    if old and any(old.properties[name] != properties[name] for name in ("scope", "namespace")):
        raise bad_request("ValidationFailed", "scope and namespace cannot be changed.")
    values = _secrets(properties, wanted)
    found = old or call.azure.store.put(Resource(children.document(call, {})))
    write(found, properties, children.digests(values))
    operation = _begin(call, found, "Updating" if old else "Creating", values)
    status = 200 if old else 201
    return children.answer(call, status, shown(call, found), children.headers(call, operation))


def patch(call: Call) -> Answer:
    children.check_writable(call)
    found = children.existing(call)
    wanted = children.properties_of(call)
    protected = wanted.pop(_PROTECTED, None)
    sent = merged(found.properties, wanted) | {_PROTECTED: protected}
    properties = _read(call, sent)
    values = _secrets(properties, sent)
    secrets = children.digests(values)
    if secrets == found.secrets and all(found.properties[k] == v for k, v in properties.items()):
        return children.answer(call, 200, shown(call, found))
    write(found, properties, secrets)
    children.touch(call, found)
    operation = _begin(call, found, "Updating", values)
    return children.answer(call, 202, shown(call, found), children.headers(call, operation))


def delete(call: Call) -> Answer:
    found = children.find(call)
    if found is None:
        return Answer(204)
    if children.is_forced(call):
        return children.force_deleted(call, found)
    return children.begin_delete(call, found, call.world.delays.flux_delete)


def shown(call: Call, found: Resource) -> dict[str, Any]:
    """Return a configuration as a version has it; of protected settings not even the names."""
    document = projection.projected(found.body, projection.FLUX, call.version)
    document["properties"][_PROTECTED] = {}
    return document


def _read(call: Call, sent: dict[str, Any]) -> dict[str, Any]:
    properties = flux_body.read(sent)
    if properties["sourceKind"] == "OCIRepository" and call.version < "2025-04-01":
        raise bad_request("ValidationFailed", "This api-version has no OCIRepository.")
    return properties


def _secrets(properties: dict[str, Any], sent: dict[str, Any]) -> dict[str, str]:
    """Take the secrets out of the source block; what a write does not repeat is lost."""
    protected = children.a_map(sent, _PROTECTED)
    return children.texts(flux_body.hidden(properties) | protected)


def write(found: Resource, properties: dict[str, Any], secrets: dict[str, str]) -> None:
    found.body["properties"] = _REPORTED | properties
    found.properties["repositoryPublicKey"] = _public_key(properties, secrets)
    found.secrets = secrets


def _public_key(properties: dict[str, Any], secrets: dict[str, str]) -> str:
    """Flux makes a key of its own for an ssh source that came without one (`arm.md` 5.9)."""
    git = properties["gitRepository"] or {}
    url = git.get("url") or ""
    is_ssh = url.startswith("ssh://") or ("@" in url and "://" not in url)
    if not is_ssh or "sshPrivateKey" in secrets or git["localAuthRef"]:
        return ""
    return f"ssh-rsa AAAAB3NzaC1yc2E{uuid4().hex}{uuid4().hex}"


def _begin(call: Call, found: Resource, status: str, values: dict[str, str]) -> Operation:
    extension = extensions.ensure_flux(call)
    operation = children.begin(call, found, status, call.world.delays.flux_put, values=values)
    carried = operation.ready
    operation.ready = lambda: carried() and extension.state == "Succeeded"
    operation.succeed = lambda: _applied(call, found)
    operation.fail = lambda error: _broken(found, error)
    return operation


def _applied(call: Call, found: Resource) -> None:
    found.state = "Succeeded"
    clock, errands = call.world.clock, call.world.errands
    errand, cluster = errands.find(found), children.cluster_of(call)

    def complies() -> bool:
        return errands.is_elsewhere(cluster) or bool(errand and errand.applied)

    comply = Operation(
        path=f"{found.id}/compliance/{uuid4()}",
        resource_id=found.id,
        status="Running",
        started=clock.now(),
        due=clock.after(call.world.delays.flux_comply),
        succeed=lambda: report(found, times.offset(clock.now())),
        fail=lambda _error: None,
        ready=complies,
    )
    call.azure.operations.begin(comply)


def report(found: Resource, now: str) -> None:
    """Write what Flux would report once it has applied everything."""
    properties = found.properties
    if properties["suspend"]:
        properties["complianceState"] = "Suspended"
        return
    config, kind = found.body["name"], properties["sourceKind"]
    names = [(config, kind)]
    names += [(f"{config}-{name}", "Kustomization") for name in properties["kustomizations"]]
    properties["statuses"] = [_status(properties, name, sort, now) for name, sort in names]
    properties |= {
        "complianceState": "Compliant",
        "sourceSyncedCommitId": "main@sha1:0000000000000000000000000000000000000001",
        "sourceUpdatedAt": now,
        "statusUpdatedAt": now,
    }


def _status(properties: dict[str, Any], name: str, kind: str, now: str) -> dict[str, Any]:
    ready = {
        "lastTransitionTime": now,
        "message": "stored artifact for revision 'main@sha1:0000000'",
        "reason": "Succeeded",
        "status": "True",
        "type": "Ready",
    }
    return {
        "name": name,
        "namespace": properties["namespace"],
        "kind": kind,
        "complianceState": "Compliant",
        "appliedBy": None,
        "statusConditions": [ready],
        "helmReleaseProperties": None,
    }


def _broken(found: Resource, error: dict[str, Any]) -> None:
    found.state = "Failed"
    found.properties["errorMessage"] = error["message"]
    found.properties["complianceState"] = "Non-Compliant"


def _check_first_generation(call: Call) -> None:
    cluster = children.cluster_of(call)
    older = f"{cluster.id}/providers/{children.NAMESPACE}/sourceControlConfigurations"
    if call.azure.store.within(older):
        raise conflict(
            "Conflict", "The cluster has source control configurations; Flux v1 and v2 do not mix."
        )
