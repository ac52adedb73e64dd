"""Source control configurations, Flux v1 (`arm.md` 6): done at once, without operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure import children
from arcctl.sandbox.azure.answers import Answer, bad_request, conflict
from arcctl.sandbox.azure.flux_body import filled
from arcctl.sandbox.azure.store import Resource

if TYPE_CHECKING:
    from arcctl.sandbox.azure.call import Call

TYPE = "Microsoft.KubernetesConfiguration/sourceControlConfigurations"
_PROTECTED = "configurationProtectedSettings"
_SHAPE: dict[str, Any] = {
    "repositoryUrl": (str, None),
    "operatorNamespace": (str, "default"),
    "operatorInstanceName": (str, ""),
    "operatorType": (str, "Flux"),
    "operatorParams": (str, "--git-readonly"),
    "operatorScope": (str, "cluster"),
    "sshKnownHostsContents": (str, ""),
    "enableHelmOperator": (bool, False),
    "helmOperatorProperties": {"chartVersion": (str, None), "chartValues": (str, None)},
}


def get(call: Call) -> Answer:
    return children.get(call, shown)


def listing(call: Call) -> Answer:
    return children.listing(call, shown)


def put(call: Call) -> Answer:
    children.check_writable(call)
    _check_second_generation(call)
    wanted = children.properties_of(call)
    properties = completed(wanted)
    old = children.find(call)
    found = old or call.azure.store.put(Resource(children.document(call, {})))
    found.secrets = children.digests(children.a_map(wanted, _PROTECTED))
    found.body["properties"] = properties
    found.state = "Succeeded"
    # Azure is done; the agents hear of it all the same, whenever they ask.
    call.world.errands.give(found, "install")
    sent = {"Location": f"file:///{call.target.path}"}  # as the real one does (arm.md 6)
    return children.answer(call, 200 if old else 201, shown(call, found), sent)


def delete(call: Call) -> Answer:
    found = children.find(call)
    if not found:
        return Answer(204)
    known = call.world.errands.find(found)
    gone = children.force_deleted(call, found)
    if known and known.met:
        call.world.errands.give(found, "remove")
    return gone


def shown(_call: Call, found: Resource) -> dict[str, Any]:
    properties = found.properties | {_PROTECTED: {}}
    return found.body | {"properties": properties}


def completed(sent: dict[str, Any]) -> dict[str, Any]:
    """Return the properties as the service shows them."""
    properties = filled(_SHAPE, sent, "properties")
    if not properties["repositoryUrl"]:
        raise bad_request("ValidationFailed", "properties.repositoryUrl is required.")
    properties["operatorType"] = "Flux"
    properties["operatorParams"] = properties["operatorParams"].rstrip()
    return properties | {
        "repositoryPublicKey": "",
        "complianceStatus": {
            "complianceState": "Pending",
            "lastConfigApplied": "0001-01-01T00:00:00+00:00",
            "message": "",
            "messageLevel": "Information",
        },
    }


def _check_second_generation(call: Call) -> None:
    cluster = children.cluster_of(call)
    if call.azure.store.within(f"{cluster.id}/providers/{children.NAMESPACE}/fluxConfigurations"):
        raise conflict("Conflict", "The cluster has Flux v2 configurations; they do not mix.")
