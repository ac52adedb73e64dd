"""A world whole: what ARM holds and what the cluster holds, without what differs from run to run."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from arcctl.model import keys
from tests.stories.moving import workloads

if TYPE_CHECKING:
    from tests.stage import Stage

# Made by controllers from what is compared anyway, or by the cluster for itself.
_DERIVED = {"Event", "Pod", "ReplicaSet", "Node", "EndpointSlice", "Endpoints", "Lease"}
KEY_BEFORE = "tests-key-before"
"""A tag with the digest of the key that a cluster had; a beginning that is made anew has another."""
_VOLATILE = {
    KEY_BEFORE,
    "agentPublicKeyCertificate",
    "clusterIP",
    "clusterIPs",
    "etag",
    "principalId",
}
_OWN = {"apiVersion", "kind", "metadata", "status"}
_ROLES = "/providers/microsoft.authorization/roleassignments/"
_RESTARTED = "pods/flux-system/fluxconfig-"
# The last part of an issuer's address is another for every one that Azure gives.
_ISSUER = re.compile(r"(\.oic\.prod-arc\.azure\.com/[^/]+/)[0-9a-f-]{36}")
_HELM = re.compile(r"^sh\.helm\.release\.v1\.(.+)\.v\d+$")


def world(stage: Stage) -> dict[str, Any]:
    """Return everything that two runs with the same end must agree on."""
    return stage.within(lambda: {"azure": _azure(stage), "cluster": _cluster(stage)})


def differences(goal: dict[str, Any], found: dict[str, Any], where: str = "") -> list[str]:
    """Say where two worlds differ."""
    told = []
    for key in sorted(goal.keys() | found.keys()):
        left, right = goal.get(key, "nothing"), found.get(key, "nothing")
        if isinstance(left, dict) and isinstance(right, dict):
            told += differences(left, right, f"{where} {key}")
        elif left != right:
            told.append(f"{where} {key}: {str(right)[:200]} instead of {str(left)[:200]}")
    return told


def _azure(stage: Stage) -> dict[str, Any]:
    resources = stage.world.azure.store.resources
    owners = {
        identity: key
        for key, each in resources.items()
        if (identity := (each.body.get("identity") or {}).get("principalId"))
    }
    found: dict[str, Any] = {}
    for key, each in resources.items():
        if _ROLES in key:
            scope, properties = key.partition(_ROLES)[0], each.properties
            who = properties["principalId"]
            role = properties["roleDefinitionId"].rpartition("/")[2]
            found[f"{scope} gives {owners.get(who, who)} {role}"] = True
        else:
            found[key] = _steady(each.body) | {"secrets": each.secrets}
    return found


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _steady(each) for key, each in sorted(value.items()) if not _is_volatile(key)}
    if isinstance(value, str):
        return _ISSUER.sub(r"\1own", value)
    return [_steady(each) for each in value] if isinstance(value, list) else value


def _is_volatile(key: str) -> bool:
    return key in _VOLATILE or key.endswith(("At", "Time"))


def _cluster(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in _objects(stage):
        metadata = each["metadata"]
        if _is_the_runs_home(each):
            continue
        name = _HELM.sub(r"release \1", metadata["name"])
        place = f"{each['kind']} {metadata.get('namespace', '-')}/{name}"
        labels = metadata.get("labels") or {}
        if labels.get("owner") == "helm":
            _newest(found, place, int(labels["version"]), labels["status"])
        else:
            found[place] = _telling(each)
    return {place: each[1] if isinstance(each, tuple) else each for place, each in found.items()}


def _is_the_runs_home(each: dict[str, Any]) -> bool:
    """Whether it is namespace `arcctl`, which a run may make or not and which stays; not what lies in it."""
    metadata = each["metadata"]
    derived = ("kube-root-ca.crt", "default")
    return metadata["name"] == "arcctl" or (
        metadata.get("namespace") == "arcctl" and metadata["name"] in derived
    )


def _objects(stage: Stage) -> list[dict[str, Any]]:
    cluster = stage.cluster
    kinds = {kind.key: kind for kind in cluster.kinds.all() if kind.kind not in _DERIVED}
    return [
        {**each, "kind": kind.kind}
        for key, kind in kinds.items()
        for each in cluster.store.items(key)
    ]


def _newest(found: dict[str, Any], place: str, revision: int, status: str) -> None:
    known = found.get(place, (0, ""))
    found[place] = max(known, (revision, status))


def _telling(each: dict[str, Any]) -> Any:
    """What of an object must be the same: all but status, and the agents' keys and certificates."""
    metadata = each["metadata"]
    if each["kind"] == "Secret" and metadata["namespace"].startswith("azure-arc"):
        return sorted(each.get("data") or {})
    told = {key: _steady(value) for key, value in each.items() if key not in _OWN}
    told["labels"] = metadata.get("labels")
    if each["kind"] == "Deployment":
        told["available"] = each["status"].get("availableReplicas")
    return told


def running(stage: Stage) -> dict[str, str]:
    """Return the uid of every workload that no command may restart.

    Arc's half of Flux is scaled to zero and back; its Deployments stay, its pods are new.
    """
    found = workloads(stage)
    return {name: uid for name, uid in found.items() if not name.startswith(_RESTARTED)}


def key_is_shared(stage: Stage, name: str = "harbor") -> bool:
    """Whether the private key in the cluster belongs to the public one in ARM."""
    return stage.within(lambda: _private_half(stage) == _public_half(stage, name))


def _private_half(stage: Stage) -> str:
    name = "azure-arc-connect-privatekey"
    secret = stage.cluster.store.get(("", "secrets"), "azure-arc", name)
    assert secret
    return keys.read(base64.b64decode(secret["data"]["privateKey"]).decode(), proved=False).public


def _public_half(stage: Stage, name: str) -> str:
    resources = stage.world.azure.store.resources.values()
    found = [each for each in resources if each.key.endswith(f"/connectedclusters/{name}")]
    return str(found[0].properties["agentPublicKeyCertificate"])
