"""What the configuration resources of a cluster have in common (`arm.md` 3, 14.3, 14.4)."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from arcctl.sandbox.azure import connectivity, pages, started, times, versions
from arcctl.sandbox.azure.answers import Answer, ArmError, bad_request, conflict
from arcctl.sandbox.azure.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.sandbox.azure.call import Call
    from arcctl.sandbox.azure.store import Resource

NAMESPACE = "Microsoft.KubernetesConfiguration"
# Protected settings wait so long for an agent; then the service forgets them (arm.md 3).
PATIENCE = timedelta(hours=48)


def cluster_of(call: Call) -> Resource:
    """Return the cluster a child hangs on; the gate has seen that there is one."""
    return call.azure.store.resources[call.target.scope.lower()]


def find(call: Call) -> Resource | None:
    return call.azure.store.get(call.target.key)


def existing(call: Call) -> Resource:
    found = find(call)
    if found is None:
        raise ArmError(
            404,
            "ResourceNotFound",
            f"The {call.target.types[0]} resource '{call.target.name}' was not found.",
            cause="service",
        )
    return found


def get(call: Call, show: Callable[[Call, Resource], dict[str, Any]]) -> Answer:
    found = find(call) or call.azure.store.linger(call.target.key) or existing(call)
    operation = call.azure.operations.find(found.operation)
    if operation:
        call.azure.operations.look(operation)
    return answer(call, 200, show(call, found))


def listing(call: Call, show: Callable[[Call, Resource], dict[str, Any]]) -> Answer:
    found = call.azure.store.within(call.target.key)
    return pages.page(call, found, lambda resource: show(call, resource), always_link=True)


def answer(call: Call, status: int, body: Any, headers: dict[str, str] | None = None) -> Answer:
    supported = ", ".join(_VERSIONS[canonical_type(call)])
    return Answer(status, body, {"api-supported-versions": supported, **(headers or {})})


def check_writable(call: Call) -> None:
    """A cluster that is going, or a child that is, takes no writes."""
    found = find(call)
    for resource in (cluster_of(call), found):
        if resource and resource.state == "Deleting":
            raise conflict("Conflict", f"'{resource.body['name']}' is being deleted.")


def document(call: Call, properties: dict[str, Any]) -> dict[str, Any]:
    """Return a fresh child's document; it has no location and no tags."""
    type_name = f"{NAMESPACE}/{canonical_type(call)}"
    now = times.offset(call.world.clock.now())
    return {
        "id": f"{cluster_of(call).id}/providers/{type_name}/{call.target.name}",
        "name": call.target.name,
        "type": type_name,
        "properties": properties,
        "systemData": {
            "createdBy": None,
            "createdByType": None,
            "createdAt": now,
            "lastModifiedBy": None,
            "lastModifiedByType": None,
            "lastModifiedAt": now,
        },
    }


def touch(call: Call, found: Resource) -> None:
    found.body["systemData"]["lastModifiedAt"] = times.offset(call.world.clock.now())


def begin(call: Call, found: Resource, status: str, seconds: float) -> Operation:
    """Begin a change that waits until the cluster is connected, at most for 48 hours."""
    clock = call.world.clock
    cluster = cluster_of(call)

    def connected() -> bool:
        return connectivity.status(cluster, clock.now(), "9999") == "Connected"

    operation = Operation(
        path=f"{found.id}/operations/{uuid4()}",
        resource_id=found.id,
        status=status,
        started=clock.now(),
        due=clock.after(seconds),
        succeed=lambda: setattr(found, "state", "Succeeded"),
        fail=lambda _error: setattr(found, "state", "Failed"),
        ready=connected,
        expires=clock.now() + PATIENCE,
    )
    started.plan_for(call, operation)
    found.state, found.operation = status, operation.path
    return call.azure.operations.begin(operation)


def begin_delete(call: Call, found: Resource, seconds: float) -> Answer:
    """Begin a deletion; it needs no connected cluster, and its answer has no body."""
    before = found.state
    operation = begin(call, found, "Deleting", seconds)
    operation.ready, operation.expires = (lambda: True), None
    operation.succeed = lambda: call.azure.remove(found.id)
    operation.fail = lambda _error: setattr(found, "state", before)
    return answer(call, 202, None, headers(call, operation))


def force_deleted(call: Call, found: Resource) -> Answer:
    """Delete at once; the body is what the real service sends, its own answer as JSON."""
    call.azure.remove(found.id)
    return answer(
        call,
        200,
        {
            "version": "1.1",
            "content": {"headers": []},
            "statusCode": 200,
            "reasonPhrase": "OK",
            "headers": [],
            "trailingHeaders": [],
            "requestMessage": None,
            "isSuccessStatusCode": True,
        },
    )


def is_forced(call: Call) -> bool:
    return call.query.get("forcedelete", "").lower() == "true"


def headers(call: Call, operation: Operation) -> dict[str, str]:
    """Return the operation's headers, with a Location on a host that only the service knows."""
    region = cluster_of(call).body["location"]
    internal = f"https://{region}.rp.kubernetesconfiguration.sandbox.invalid{operation.path}"
    return {"Location": internal} | started.headers(call, operation)


def operation_status(call: Call) -> Answer:
    operation = call.azure.operations.find(call.target.path)
    if operation is None:
        raise ArmError(404, "NotFound", "The operation does not exist.", cause="service")
    call.azure.operations.look(operation)
    return Answer(200, operation.child_document(), started.retry_after(call))


def digests(values: dict[str, Any]) -> dict[str, str]:
    """Return what is kept of secrets: enough to tell whether two are the same."""
    return {
        name: hashlib.sha256(str(value).encode()).hexdigest()
        for name, value in values.items()
        if value is not None
    }


def a_map(properties: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a map of texts out of a body, empty where it is absent or null."""
    value = properties.get(name) or {}
    if not isinstance(value, dict) or any(not isinstance(v, str | None) for v in value.values()):
        raise wrong_type(name)
    return value


def properties_of(call: Call) -> dict[str, Any]:
    properties = call.document().get("properties")
    if not isinstance(properties, dict):
        raise wrong_type("properties")
    return properties


def wrong_type(name: str) -> ArmError:
    return bad_request(
        "InvalidRequestContent", f"The value of '{name}' is not what was expected.", target=name
    )


def canonical_type(call: Call) -> str:
    return _TYPES[call.target.types[0].lower()]


_VERSIONS = {
    "extensions": versions.EXTENSIONS,
    "fluxConfigurations": versions.FLUX,
    "sourceControlConfigurations": versions.SOURCE_CONTROL,
}
_TYPES = {name.lower(): name for name in _VERSIONS}
