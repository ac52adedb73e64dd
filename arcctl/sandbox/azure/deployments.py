"""What a policy puts on every new cluster: DeployIfNotExists (`arm.md` 4.5, 8.5, 12.2).

An assignment with a parameter `extensionType` deploys such an extension once the cluster's own
PUT has succeeded, unless one of that type is there by then. `extensionName`, `settings` and
`afterSeconds` are further parameters.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from arcctl.sandbox.azure import extensions, policy
from arcctl.sandbox.azure.call import Caller
from arcctl.sandbox.azure.operations import Operation
from arcctl.sandbox.azure.paths import parse

if TYPE_CHECKING:
    from arcctl.sandbox.azure.call import Call
    from arcctl.sandbox.azure.store import Resource

_VERSION = "2023-05-01"


def begin(call: Call, cluster: Resource) -> None:
    """Let every policy above a cluster that was just written do its work."""
    for assignment in policy.assignments(call):
        if policy.parameter(assignment, "extensionType"):
            _begin(call, cluster, assignment)


def _begin(call: Call, cluster: Resource, assignment: Resource) -> None:
    clock = call.world.clock
    operation = Operation(
        path=f"{cluster.id}/remediations/{uuid4()}",
        resource_id=cluster.id,
        status="Running",
        started=clock.now(),
        due=clock.after(float(policy.parameter(assignment, "afterSeconds") or 0)),
        succeed=lambda: _deploy(call, cluster, assignment),
        fail=lambda _error: None,
    )
    call.azure.operations.begin(operation)


def _deploy(call: Call, cluster: Resource, assignment: Resource) -> None:
    kind = str(policy.parameter(assignment, "extensionType"))
    place = f"{cluster.id}/providers/{extensions.TYPE}"
    there = {found.properties["extensionType"].lower() for found in call.azure.store.within(place)}
    if kind.lower() in there:
        return
    name = policy.parameter(assignment, "extensionName") or kind.rpartition(".")[2]
    body: dict[str, Any] = {
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "extensionType": kind,
            "autoUpgradeMinorVersion": True,
            "configurationSettings": policy.parameter(assignment, "settings") or {},
        },
    }
    identity = str((assignment.body.get("identity") or {}).get("principalId", ""))
    deploying = replace(
        call,
        method="PUT",
        target=parse(f"{place}/{name}"),
        query={"api-version": _VERSION},
        headers={},
        content=json.dumps(body).encode(),
        caller=Caller(identity, "", call.caller.tenant, "policy"),
    )
    extensions.put(deploying)
