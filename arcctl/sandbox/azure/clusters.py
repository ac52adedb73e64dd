"""Connected clusters (`arm.md` 2, 14.2, 14.3; `connectedk8s.md` E)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from arcctl.sandbox.azure import connectivity, deployments, entra, pages, projection, started, times
from arcctl.sandbox.azure.answers import Answer, ArmError, conflict, immutable, not_found
from arcctl.sandbox.azure.cluster_body import accepted, check_types, tags_of
from arcctl.sandbox.azure.operations import Operation
from arcctl.sandbox.azure.store import Resource
from arcctl.sandbox.merge import merged

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.sandbox.azure.call import Call

TYPE = "Microsoft.Kubernetes/connectedClusters"
_ASYNC_PATCH = "2025-12-01-preview"
# The service writes known distributions in its own way once it has seen them (arm.md 2.4).
_DISTRIBUTIONS = {
    name.lower(): name for name in ("AKS", "EKS", "GKE", "K3s", "OpenShift", "Rancher_RKE", "TKG")
}
_PATCHABLE = ("distribution", "distributionVersion", "azureHybridBenefit")


def get(call: Call) -> Answer:
    found = _find(call) or call.azure.store.linger(call.target.key)
    if found is None:
        raise _missing(call)
    operation = call.azure.operations.find(found.operation)
    if operation:
        call.azure.operations.look(operation)
    return Answer(body=shown(call, found), headers={"ETag": found.etag})


def head(call: Call) -> Answer:
    return Answer(204 if _find(call) else 404)


def listing(call: Call) -> Answer:
    if call.target.group:
        found = iter(call.azure.store.within(call.target.key))
    else:
        found = call.azure.store.of_type(call.target.subscription, TYPE)
    return pages.page(call, found, lambda resource: shown(call, resource))


def put(call: Call) -> Answer:
    old = _find(call)
    if old:
        _check_replaceable(call, old)
    _check_free(call)
    body = accepted(call)
    if old is None:
        return _create(call, body)
    _check_same(old, body)
    return _replace(call, old, body)


def patch(call: Call) -> Answer:
    found = _existing(call)
    _check_replaceable(call, found)
    wanted = call.document()
    if not wanted:
        return Answer(body=shown(call, found), headers={"ETag": found.etag})
    _merge(call, found, wanted)
    if call.version < _ASYNC_PATCH or call.knob("sync"):
        return Answer(body=shown(call, found), headers={"ETag": found.etag})
    found.state = "Updating"
    operation = _begin(call, found, "Accepted", call.world.delays.arm_patch, "operationResults")
    sent = {"Location": started.url_of(call, operation)}
    return Answer(202, None, sent | started.retry_after(call))


def delete(call: Call) -> Answer:
    found = _find(call)
    if found is None:
        return Answer(204)
    running = call.azure.operations.find(found.operation)
    if found.state == "Deleting" and running:
        return Answer(202, b"null", started.headers(call, running, location=True))
    if plan := call.knob("stale_get"):
        found.stale_reads = int(plan["stale_get"])
    before, found.state = found.state, "Deleting"

    def kept(_error: Any) -> None:
        found.state = before if before else "Failed"

    operation = _operation(call, found, "Deleting", call.world.delays.arm_delete)
    operation.succeed = _going(call, found)
    operation.fail = kept
    found.operation = call.azure.operations.begin(operation).path
    return Answer(202, b"null", started.headers(call, operation, location=True))


def _going(call: Call, found: Resource) -> Callable[[], None]:
    """Return what removes a cluster. Its id may stay taken, and diagnostic settings may stay."""
    taken, lingering = call.knob("gone_for"), call.knob("lingering_diagnostics")
    settings = f"{found.id}/providers/Microsoft.Insights/diagnosticSettings"

    def remove() -> None:
        kept = call.azure.store.within(settings) if lingering else []
        call.azure.remove(found.id)
        for resource in kept:
            call.azure.store.put(resource)
        if taken:
            call.azure.memory.reserve(found.key, call.world.clock.after(float(taken["gone_for"])))

    return remove


def patch_result(call: Call) -> Answer:
    """Answer the Location of a PATCH: 202 while it runs, then the resource."""
    operation = call.azure.operations.find(call.target.path)
    if operation is None:
        raise ArmError(404, "NotFound", "The operation does not exist.", cause="service")
    started.check_signature(call, operation)
    call.azure.operations.look(operation)
    found = call.azure.store.get(operation.resource_id)
    if operation.error:
        return Answer(400, {"error": operation.error})
    if not operation.is_over or found is None:
        return Answer(202, None, {"Location": started.url_of(call, operation)})
    return Answer(body=shown(call, found))


def credential(call: Call) -> Answer:
    """Answer listClusterUserCredential (`arm.md` 2.6)."""
    found = call.azure.store.get(call.target.key.rpartition("/")[0])
    if found is None:
        raise _missing(call)
    wanted = call.document()
    method, proxy = wanted.get("authenticationMethod"), wanted.get("clientProxy")
    if method not in ("Token", "AAD") or not isinstance(proxy, bool):
        raise ArmError(
            400,
            "InvalidRequestContent",
            "authenticationMethod (Token or AAD) and clientProxy (true or false) are required.",
            cause="service",
        )
    return Answer(body=connectivity.credential(call, found, method))


def operations(_call: Call) -> Answer:
    """List what can be done with the provider."""
    verbs = ("read", "write", "delete", "listClusterUserCredential/action")
    return Answer(
        body={
            "value": [
                {
                    "name": f"{TYPE}/{verb}",
                    "isDataAction": False,
                    "origin": "user,system",
                    "display": {
                        "provider": "Microsoft Kubernetes",
                        "resource": "Connected Cluster",
                        "operation": verb,
                        "description": verb,
                    },
                }
                for verb in verbs
            ]
        }
    )


def shown(call: Call, found: Resource) -> dict[str, Any]:
    """Return the document of a cluster as the asked api-version has it, at this moment."""
    document = projection.projected(found.body, projection.CLUSTER, call.version)
    now = call.world.clock.now()
    document["properties"]["connectivityStatus"] = connectivity.status(found, now, call.version)
    return document


def _find(call: Call) -> Resource | None:
    return call.azure.store.get(call.target.key)


def _existing(call: Call) -> Resource:
    found = _find(call)
    if found is None:
        raise _missing(call)
    return found


def _missing(call: Call) -> ArmError:
    return not_found(TYPE, call.target.names[0], call.target.group)


def _check_replaceable(call: Call, found: Resource) -> None:
    wanted = call.location()
    if wanted and wanted != found.body["location"]:
        raise ArmError(
            409,
            "InvalidResourceLocation",
            f"The resource '{found.body['name']}' already exists in location "
            f"'{found.body['location']}' in resource group '{call.target.group}'. A resource with "
            f"the same name cannot be created in location '{wanted}'. Please select a new "
            "resource name.",
        )
    if found.state == "Deleting":
        raise conflict("Conflict", f"The resource '{found.body['name']}' is being deleted.")
    match = call.headers.get("If-Match", "")
    if match not in {"", "*", found.etag} or call.headers.get("If-None-Match") == "*":
        raise ArmError(412, "PreconditionFailed", "The etag does not match.", cause="service")


def _check_free(call: Call) -> None:
    if call.azure.memory.is_reserved(call.target.key, call.world.clock.now()):
        raise conflict("Conflict", f"The resource '{call.target.name}' is still being deleted.")


def _check_same(old: Resource, new: dict[str, Any]) -> None:
    if old.body.get("kind") != new.get("kind"):
        raise immutable("kind")


def _create(call: Call, body: dict[str, Any]) -> Answer:
    group = call.azure.store.resources[call.target.group_key]
    stamp = times.zulu(call.world.clock.now())
    by = {"createdBy": call.caller.name, "createdByType": call.caller.type, "createdAt": stamp}
    document = {
        "id": f"{group.id}/providers/{TYPE}/{call.target.name}",
        "name": call.target.name,
        "type": TYPE.lower(),
        **body,
        "systemData": by | _modified(call),
    }
    if document["identity"]["type"] != "None":
        document["identity"] |= {"principalId": str(uuid4()), "tenantId": entra.TENANT}
    found = call.azure.store.put(Resource(document))
    return _put_started(call, found, 201, "Accepted")


def _replace(call: Call, old: Resource, body: dict[str, Any]) -> Answer:
    if call.knob("keep_hidden"):
        projection.restored(body, old.body, projection.CLUSTER, call.version)
    kept = {name: old.properties[name] for name in connectivity.REPORTED if name in old.properties}
    issuer = old.properties.get("oidcIssuerProfile", {}).get("issuerUrl")
    if issuer and "oidcIssuerProfile" in body["properties"]:
        body["properties"]["oidcIssuerProfile"]["issuerUrl"] = issuer
    body["properties"] |= kept
    body["identity"] = old.body["identity"]
    body["systemData"] = old.body["systemData"] | _modified(call)
    for name in ("id", "name", "type"):
        body[name] = old.body[name]
    old.body = body
    old.agents_missing = False
    return _put_started(call, old, 200, "Updating")


def _put_started(call: Call, found: Resource, status: int, state: str) -> Answer:
    found.written()
    found.state = state
    sync = call.knob("sync")
    operation = _begin(call, found, "Accepted", call.world.delays.arm_put)
    operation.succeed = lambda: _written(call, found)
    if sync:
        operation.due = operation.started
        call.azure.operations.settle()
        return Answer(status, shown(call, found), {"ETag": found.etag})
    sent = {"ETag": found.etag, "x-ms-providerhub-traffic": "True"}
    return Answer(status, shown(call, found), sent | started.headers(call, operation))


def _merge(call: Call, found: Resource, wanted: dict[str, Any]) -> None:
    """Lay a PATCH over a cluster: tags as a whole, and the few properties that may change."""
    names = (*_PATCHABLE, "gateway") if call.version >= _ASYNC_PATCH else _PATCHABLE
    sent = wanted.get("properties") or {}
    changes = {name: sent[name] for name in names if name in sent}
    check_types(changes)
    for name, value in changes.items():
        found.properties[name] = merged(found.properties.get(name), value)
    if "tags" in wanted:
        found.body["tags"] = tags_of(wanted)
    found.body["systemData"] |= _modified(call)
    found.written()


def _begin(
    call: Call, found: Resource, status: str, seconds: float, word: str = "operationStatuses"
) -> Operation:
    operation = _operation(call, found, status, seconds, word)

    def failed(_error: dict[str, Any]) -> None:
        found.state = "Failed"

    operation.succeed = lambda: _settled(found)
    operation.fail = failed
    found.operation = call.azure.operations.begin(operation).path
    return operation


def _operation(
    call: Call, found: Resource, status: str, seconds: float, word: str = "operationStatuses"
) -> Operation:
    now = call.world.clock.now()
    operation = Operation(
        path=started.cluster_path(found.body["location"], word),
        resource_id=found.id,
        status=status,
        started=now,
        due=call.world.clock.after(seconds),
        succeed=lambda: None,
        fail=lambda _error: None,
        signature=started.signature(call),
    )
    started.plan_for(call, operation)
    return operation


def _settled(found: Resource) -> None:
    found.state = "Succeeded"
    name = found.properties.get("distribution")
    if name:
        found.properties["distribution"] = _DISTRIBUTIONS.get(name.lower(), name)


def _written(call: Call, found: Resource) -> None:
    _settled(found)
    deployments.begin(call, found)


def _modified(call: Call) -> dict[str, Any]:
    return {
        "lastModifiedBy": call.caller.name,
        "lastModifiedByType": call.caller.type,
        "lastModifiedAt": times.zulu(call.world.clock.now()),
    }
