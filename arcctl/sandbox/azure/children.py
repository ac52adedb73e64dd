"""What the configuration resources of a cluster have in common (`arm.md` 3, 14.3, 14.4)."""

from __future__ import annotations

import hashlib
import json
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


def begin(
    call: Call,
    found: Resource,
    status: str,
    seconds: float,
    *,
    values: dict[str, str] | None = None,
    failure: dict[str, Any] | None = None,
) -> Operation:
    """Begin a change that waits for the agents, at most for 48 hours.

    `values` are the protected values to carry into the cluster, None leaves them as they are
    there; `failure` is how the change will end, whatever the agents do.
    """
    operation = _operation(call, found, status, seconds)
    operation.planned_failure = operation.planned_failure or failure
    operation.expires = call.world.clock.now() + PATIENCE
    if operation.planned_failure is None and not operation.stuck:
        _hand_over(call, found, operation, values)
    found.state, found.operation = status, operation.path
    return call.azure.operations.begin(operation)


def _operation(call: Call, found: Resource, status: str, seconds: float) -> Operation:
    clock = call.world.clock
    operation = Operation(
        path=f"{found.id}/operations/{uuid4()}",
        resource_id=found.id,
        status=status,
        started=clock.now(),
        due=clock.after(seconds),
        succeed=lambda: setattr(found, "state", "Succeeded"),
        fail=lambda _error: setattr(found, "state", "Failed"),
    )
    started.plan_for(call, operation)
    return operation


def _hand_over(
    call: Call, found: Resource, operation: Operation, values: dict[str, str] | None
) -> None:
    """Let an operation wait for the agents; where they are not here, for the cluster to be alive."""
    clock, errands, cluster = call.world.clock, call.world.errands, cluster_of(call)
    errand = errands.give(found, "install", values)
    number = errand.number

    def ready() -> bool:
        if not errands.is_elsewhere(cluster):
            return errand.is_done(number)
        return connectivity.status(cluster, clock.now(), "9999") == "Connected"

    operation.ready = ready
    operation.refused = lambda: errand.refusals.get(number)
    operation.let_go = lambda: errands.close(errand, number)


def begin_delete(call: Call, found: Resource, seconds: float) -> Answer:
    """Begin a deletion; its answer has no body.

    It waits for the agents only where they have dealt with the child before.
    """
    before, errands = found.state, call.world.errands
    call.azure.operations.abandon(found.id)
    operation = _operation(call, found, "Deleting", seconds)
    operation.succeed = lambda: call.azure.remove(found.id)
    operation.fail = lambda _error: setattr(found, "state", before)
    known = errands.find(found)
    if known and known.met and not errands.is_elsewhere(cluster_of(call)):
        errand = errands.give(found, "remove")
        number = errand.number
        operation.ready = lambda: errand.is_done(number)
        operation.refused = lambda: errand.refusals.get(number)
        operation.expires = call.world.clock.now() + PATIENCE
    else:
        errands.drop(found)
    found.state, found.operation = "Deleting", operation.path
    call.azure.operations.begin(operation)
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


def texts(values: dict[str, Any]) -> dict[str, str]:
    """Return protected values as texts, without those that are null."""
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in values.items()
        if value is not None
    }


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
