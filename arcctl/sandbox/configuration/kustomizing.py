"""What Flux's kustomize-controller does: it applies, and prunes when a Kustomization goes.

Each Kustomization stands for a ConfigMap and a Deployment, since there is no repository to read
from (`arm.md` 5.6, 5.9; the finalizer and the labels are those of the real one).
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.clusterapi import RefusedError
from arcctl.sandbox.configuration import charts, naming, releasing

if TYPE_CHECKING:
    from arcctl.sandbox.clusterapi import ClusterApi

    Object = dict[str, Any]

FINALIZER = "finalizers.fluxcd.io"
REVISION = "main@sha1:0000000000000000000000000000000000000001"
_LABELS = "kustomize.toolkit.fluxcd.io"


def needs(kustomization: Object) -> bool:
    """Tell whether the controller has something to do about a Kustomization."""
    if "deletionTimestamp" in kustomization["metadata"]:
        return FINALIZER in (kustomization["metadata"].get("finalizers") or ())
    return not kustomization["spec"].get("suspend") and not is_ready(kustomization)


def is_at_rest(kustomization: Object) -> bool:
    """Tell whether there is nothing to wait for: all is applied, or nothing is to be."""
    return is_ready(kustomization) or bool(kustomization["spec"].get("suspend"))


def is_ready(kustomization: Object) -> bool:
    status = kustomization.get("status") or {}
    return bool(status.get("observedSpec") == _digest(kustomization["spec"]))


async def reconcile(api: ClusterApi, kustomization: Object) -> None:
    """Apply what a Kustomization stands for, or clean up after it."""
    if "deletionTimestamp" in kustomization["metadata"]:
        await finalize(api, kustomization)
        return
    for thing in _applied(kustomization):
        await releasing.lay(api, thing, await api.find(charts.path(thing)))
    await api.patch(charts.path(kustomization), {"status": _status(kustomization)})


async def finalize(api: ClusterApi, kustomization: Object) -> None:
    """Prune where that is wanted and not suspended, then let the Kustomization go."""
    spec = kustomization["spec"]
    if spec.get("prune") and not spec.get("suspend"):
        for thing in _applied(kustomization):
            await api.remove(charts.path(thing))
    await _release(api, kustomization)


async def let_go(api: ClusterApi) -> None:
    """Let all Kustomizations go without pruning, for the controller goes away (`arm.md` 5.9)."""
    there = await api.find(charts.KUSTOMIZATIONS) or {"items": []}
    for each in there["items"]:
        await _release(api, {"kind": "Kustomization", **each})


async def _release(api: ClusterApi, kustomization: Object) -> None:
    try:
        await api.patch(charts.path(kustomization), {"metadata": {"finalizers": None}})
    except RefusedError as refusal:
        if refusal.status != 404:
            raise


def _applied(kustomization: Object) -> list[Object]:
    metadata = kustomization["metadata"]
    name, namespace = metadata["name"], metadata["namespace"]
    marks = {f"{_LABELS}/name": naming.fitting(name), f"{_LABELS}/namespace": namespace}
    settings = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": marks},
        "data": {"path": str(kustomization["spec"].get("path") or "./")},
    }
    workload = charts.deployment(name, naming.fitting(name), namespace, "1")
    workload["metadata"]["labels"] = workload["metadata"]["labels"] | marks
    return [settings, workload]


def _status(kustomization: Object) -> Object:
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "ReconciliationSucceeded",
        "message": f"Applied revision: {REVISION}",
    }
    entries = [
        {"id": f"{each['metadata']['namespace']}_{each['metadata']['name']}_{each['kind']}"}
        for each in _applied(kustomization)
    ]
    return {
        "conditions": [ready],
        "inventory": {"entries": entries},
        "lastAppliedRevision": REVISION,
        "lastAttemptedRevision": REVISION,
        "observedSpec": _digest(kustomization["spec"]),
    }


def _digest(spec: Object) -> str:
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:16]
