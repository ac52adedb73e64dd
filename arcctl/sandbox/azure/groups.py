"""Resource groups, and what ARM lists by itself: resources of any type (`arm.md` 9)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from arcctl.model.region import canonical
from arcctl.sandbox.azure import pages, regions, started
from arcctl.sandbox.azure.answers import Answer, ArmError
from arcctl.sandbox.azure.operations import Operation
from arcctl.sandbox.azure.projection import copied
from arcctl.sandbox.azure.store import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.sandbox.azure.call import Call

TYPE = "Microsoft.Resources/resourceGroups"
_NAME = re.compile(r"[-\w.()]{1,90}(?<!\.)")
_CLAUSE = re.compile(r"(\w+)\s+eq\s+'((?:[^']|'')*)'", re.IGNORECASE)


def get(call: Call) -> Answer:
    return Answer(body=_existing(call).body)


def head(call: Call) -> Answer:
    return Answer(204 if call.azure.store.get(call.target.key) else 404)


def put(call: Call) -> Answer:
    body = call.document()
    wanted = call.location()
    if not wanted:
        raise ArmError(400, "LocationRequired", "The location property is required.")
    if wanted not in regions.NAMES:
        raise ArmError(
            400,
            "LocationNotAvailableForResourceGroup",
            f"The provided location '{wanted}' is not available for resource group. "
            f"List of available regions is '{','.join(sorted(regions.NAMES))}'.",
        )
    old = call.azure.store.get(call.target.key)
    if old is None:
        return Answer(201, _create(call, wanted, body.get("tags")).body)
    _check_replaceable(call, old, wanted)
    old.body["tags"] = body.get("tags") or {}
    return Answer(200, old.body)


def patch(call: Call) -> Answer:
    found = _existing(call)
    body = call.document()
    if isinstance(body.get("tags"), dict):
        found.body["tags"] = body["tags"]
    return Answer(body=found.body)


def delete(call: Call) -> Answer:
    """Begin to delete a group and all in it; told by Location alone (`arm.md` 14.4)."""
    found = call.azure.store.get(call.target.key)
    if found is None:
        return Answer(404, _missing(call).answer.body, _missing(call).headers)
    found.state = "Deleting"
    clock = call.world.clock
    operation = Operation(
        path=f"/subscriptions/{call.target.subscription}/operationresults/{uuid4()}",
        resource_id=found.id,
        status="Deleting",
        started=clock.now(),
        due=clock.after(call.world.delays.group_delete),
        succeed=lambda: call.azure.remove(found.id),
        fail=lambda _error: None,
    )
    started.plan_for(call, operation)
    call.azure.operations.begin(operation)
    sent = {"Location": started.url_of(call, operation)}
    return Answer(202, None, sent | started.retry_after(call))


def delete_result(call: Call) -> Answer:
    operation = call.azure.operations.find(call.target.path)
    if operation is None:
        raise ArmError(404, "NotFound", "The operation does not exist.")
    call.azure.operations.look(operation)
    if operation.error:
        return Answer(409, {"error": operation.error})
    if operation.is_over:
        return Answer(200)
    sent = {"Location": started.url_of(call, operation)}
    return Answer(202, None, sent | started.retry_after(call))


def listing(call: Call) -> Answer:
    found = call.azure.store.within(call.target.key)
    return pages.page(call, found, lambda group: group.body)


def resources(call: Call) -> Answer:
    """List tracked resources of a group or subscription; children of a provider are not."""
    scope = call.target.key.rpartition("/")[0]
    clauses = _CLAUSE.findall(call.query.get("$filter", ""))
    wanted = {name.lower(): value.replace("''", "'") for name, value in clauses}
    found = (r for r in _tracked(call, scope) if _fits(r, wanted))
    return pages.page(call, found, _brief)


def refuse_move(_call: Call) -> Answer:
    """Connected clusters cannot be moved between groups or subscriptions."""
    raise ArmError(
        409,
        "ResourceMoveNotSupported",
        "Resource move is not supported for resource types "
        "'Microsoft.Kubernetes/connectedClusters'.",
    )


def _tracked(call: Call, scope: str) -> Iterator[Resource]:
    for found in call.azure.store.under(scope):
        is_group = "/providers/" not in found.key
        if found.body.get("location") and not is_group and found.key.count("/providers/") == 1:
            yield found


def _fits(found: Resource, wanted: dict[str, str]) -> bool:
    tags = {name.lower(): value for name, value in (found.body.get("tags") or {}).items()}
    facts = {
        "resourcetype": found.body["type"],
        "name": found.body["name"],
        "resourcegroup": found.id.split("/")[4],
        "location": found.body["location"],
    }
    for name, value in wanted.items():
        if name == "tagname":
            if value.lower() not in tags:
                return False
        elif name == "tagvalue":
            if tags.get(wanted.get("tagname", "").lower()) != value:
                return False
        elif facts.get(name, "").lower() != canonical_for(name, value):
            return False
    return True


def canonical_for(name: str, value: str) -> str:
    return canonical(value) if name == "location" else value.lower()


def _brief(found: Resource) -> dict[str, Any]:
    names = ("id", "name", "type", "location", "tags", "kind", "identity", "plan", "managedBy")
    return copied({name: found.body[name] for name in names if found.body.get(name) is not None})


def _create(call: Call, location: str, tags: Any) -> Resource:
    name = call.target.name
    if not _NAME.fullmatch(name):
        raise ArmError(
            400,
            "InvalidResourceGroupName",
            f"The resource group name '{name}' is not valid.",
        )
    document = {
        "id": f"/subscriptions/{call.target.subscription}/resourceGroups/{name}",
        "name": name,
        "type": TYPE,
        "location": location,
        "tags": tags or {},
        "properties": {"provisioningState": "Succeeded"},
    }
    return call.azure.store.put(Resource(document))


def _check_replaceable(call: Call, old: Resource, wanted: str) -> None:
    if old.state == "Deleting":
        raise ArmError(
            409,
            "ResourceGroupBeingDeleted",
            f"The resource group '{call.target.name}' is in deprovisioning state and cannot "
            "perform this operation.",
        )
    if wanted != old.body["location"]:
        raise ArmError(
            409,
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{wanted}'. The Resource group already exists in "
            f"location '{old.body['location']}'.",
        )


def _existing(call: Call) -> Resource:
    found = call.azure.store.get(call.target.key)
    if found is None:
        raise _missing(call)
    return found


def _missing(call: Call) -> ArmError:
    return ArmError(
        404,
        "ResourceGroupNotFound",
        f"Resource group '{call.target.name}' could not be found.",
    )
