"""A world whole: what ARM holds and what the cluster holds, without what differs from run to run."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from arcctl.model import keys

if TYPE_CHECKING:
    from tests.stage import Stage

# Made by controllers from what is compared anyway, or by the cluster for itself.
_DERIVED = {"Event", "Pod", "ReplicaSet", "Node", "EndpointSlice", "Endpoints", "Lease"}
_VOLATILE = {
    "agentPublicKeyCertificate",
    "createdAt",
    "etag",
    "lastConnectivityTime",
    "lastModifiedAt",
    "managedIdentityCertificateExpirationTime",
    "principalId",
}
_HELM = re.compile(r"^sh\.helm\.release\.v1\.(.+)\.v\d+$")


def world(stage: Stage) -> dict[str, Any]:
    """Return everything that two runs with the same end must agree on."""
    return stage.within(lambda: {"azure": _azure(stage), "cluster": _cluster(stage)})


def _azure(stage: Stage) -> dict[str, Any]:
    resources = stage.world.azure.store.resources
    return {key: _steady(each.body) for key, each in resources.items()}


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _steady(each) for key, each in sorted(value.items()) if key not in _VOLATILE}
    return [_steady(each) for each in value] if isinstance(value, list) else value


def _cluster(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in _objects(stage):
        metadata = each["metadata"]
        name = _HELM.sub(r"release \1", metadata["name"])
        place = f"{each['kind']} {metadata.get('namespace', '-')}/{name}"
        labels = metadata.get("labels") or {}
        if labels.get("owner") == "helm":
            _newest(found, place, int(labels["version"]), labels["status"])
        else:
            found[place] = _telling(each)
    return {place: each[1] if isinstance(each, tuple) else each for place, each in found.items()}


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
    """What of an object must be the same: data and spec, but not keys and certificates."""
    if each["kind"] == "Secret":
        return sorted(each.get("data") or {})
    if each["kind"] == "Deployment":
        return {"spec": each["spec"], "available": each["status"].get("availableReplicas")}
    return each.get("data")


def key_is_shared(stage: Stage) -> bool:
    """Whether the private key in the cluster belongs to the public one in ARM."""
    return stage.within(lambda: _private_half(stage) == _public_half(stage))


def _private_half(stage: Stage) -> str:
    name = "azure-arc-connect-privatekey"
    secret = stage.cluster.store.get(("", "secrets"), "azure-arc", name)
    assert secret
    return keys.read(base64.b64decode(secret["data"]["privateKey"]).decode(), proved=False).public


def _public_half(stage: Stage) -> str:
    resources = stage.world.azure.store.resources.values()
    found = [each for each in resources if each.key.endswith("/connectedclusters/harbor")]
    return str(found[0].properties["agentPublicKeyCertificate"])
