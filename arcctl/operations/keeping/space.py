"""The namespace `arcctl`: made for a run, and gone with it unless somebody else has come to live there."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from shlex import quote
from typing import TYPE_CHECKING, Any

from arcctl.clients.kubernetes.lease import living
from arcctl.errors import ArcctlError, ClusterError
from arcctl.model.run_shape import is_name
from arcctl.operations.keeping import in_cluster
from arcctl.operations.keeping.in_cluster import JOURNAL, MANAGED, NAMESPACE, PART, RUN, SECRETS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.run import Record

PATH = f"/api/v1/namespaces/{NAMESPACE}"
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/arcctl"
_LOOKS = 240
_PAUSE = 0.25
# Every namespace has some of these, or a mesh puts them there.
_EVERYWHERE = {"kube-root-ca.crt", "openshift-service-ca.crt", "istio-ca-root-cert"}
_KINDS = ("secrets", "configmaps", "pods", "services", "persistentvolumeclaims")

Body = dict[str, Any]


async def ensure(kubernetes: Kubernetes) -> None:
    """Make the namespace where it is missing; one that is dying is waited for."""
    for _ in range(_LOOKS):
        found = await kubernetes.find(PATH)
        if found is None:
            if await _made(kubernetes):
                return
        elif not _dying(found):
            return
        await asyncio.sleep(_PAUSE)
    raise ClusterError(
        f"namespace {NAMESPACE} has been dying for {_LOOKS * _PAUSE:.0f} s",
        code="AZK8S0205",
        hints=f"kubectl get namespace {NAMESPACE} -o yaml",
    )


async def _made(kubernetes: Kubernetes) -> bool:
    body = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": NAMESPACE, "labels": MANAGED},
    }
    try:
        await kubernetes.create("/api/v1/namespaces", body)
    except ClusterError as error:
        if error.status == 409:
            return False
        raise
    return True


async def identity(kubernetes: Kubernetes) -> str:
    """Return what tells this cluster from any other: the uid of its namespace kube-system."""
    found = await kubernetes.get("/api/v1/namespaces/kube-system")
    return str(found["metadata"]["uid"])


async def runs(kubernetes: Kubernetes) -> dict[str, Record | ArcctlError]:
    """Return every run that the cluster knows, by id; an error where one cannot be read."""
    found: dict[str, Record | ArcctlError] = {}
    async for secret in kubernetes.items(SECRETS, labelSelector=f"{PART}={JOURNAL}"):
        run, name = in_cluster.labelled(secret), secret["metadata"]["name"]
        try:
            found[run] = in_cluster.read(secret)
        except ArcctlError as error:
            if is_name(run):
                found[run] = error
                continue
            # A blank is in no run's name, so it is taken for none.
            found[f"Secret {name}"] = error
            drop = f"kubectl delete secret -n {NAMESPACE} {quote(name)}"
            error.hints = (f"{drop}, if nothing of that run matters any more",)
    return found


async def sweep(kubernetes: Kubernetes, keep: Iterable[str]) -> None:
    """Remove what runs have left that are not among `keep`: they were cut before their first change."""
    kept = set(keep)
    left: dict[str, int] = defaultdict(int)
    async for secret in kubernetes.items(SECRETS, metadata_only=True, labelSelector=RUN):
        left[in_cluster.labelled(secret)] += 1
    for run in filter(is_name, left.keys() - kept):
        await _drop(kubernetes, run)


async def clear(kubernetes: Kubernetes, run: str, tell: Callable[[str], None]) -> None:
    """Remove what a run has kept in the cluster.

    The namespace goes at once with all that is in it, where arcctl has made it and nothing else
    lies there; so no cut can leave half of it.
    """
    found = await kubernetes.find(PATH)
    if found is None:
        return
    ours = MANAGED.items() <= (found["metadata"].get("labels") or {}).items()
    if not _dying(found) and (not ours or await _others(kubernetes, run)):
        await _drop(kubernetes, run)
        return
    uid = str(found["metadata"]["uid"])
    if not _dying(found):
        await kubernetes.delete(PATH, body={"preconditions": {"uid": uid}})
    await _gone(kubernetes, uid, tell)


async def tidy(
    kubernetes: Kubernetes,
    tell: Callable[[str], None],
    *,
    take_over: bool,
    keep: Collection[str] = (),
) -> None:
    """Remove what is left of a run without a journal, and the namespace that arcctl has made for it.

    Not where one begins just now, unless `take_over` says that its process is dead. `keep` names
    runs that have ended and are kept there.
    """
    found = await kubernetes.find(PATH)
    if found is None or (not take_over and await living(kubernetes, LEASE)):
        return
    await sweep(kubernetes, keep)
    if not keep and MANAGED.items() <= (found["metadata"].get("labels") or {}).items():
        await clear(kubernetes, "", tell)
    elif await kubernetes.find(LEASE):
        await kubernetes.delete(LEASE)


async def _drop(kubernetes: Kubernetes, run: str) -> None:
    await kubernetes.delete(SECRETS, labelSelector=f"{RUN}={run}")


async def _others(kubernetes: Kubernetes, run: str) -> list[str]:
    """Name what lies in the namespace and is not this run's."""
    lists = await asyncio.gather(*(_names(kubernetes, kind, run) for kind in _KINDS))
    return [name for names in lists for name in names]


async def _names(kubernetes: Kubernetes, kind: str, run: str) -> list[str]:
    path = f"{PATH}/{kind}"
    return [
        f"{kind}/{each['metadata']['name']}"
        async for each in kubernetes.items(path, metadata_only=True)
        if not _belongs(each, run)
    ]


def _belongs(each: Body, run: str) -> bool:
    labels = each["metadata"].get("labels") or {}
    annotations = each["metadata"].get("annotations") or {}
    return (
        labels.get(RUN) == run
        or each["metadata"]["name"] in _EVERYWHERE
        or "kubernetes.io/service-account.name" in annotations
    )


async def _gone(kubernetes: Kubernetes, uid: str, tell: Callable[[str], None]) -> None:
    for _ in range(_LOOKS):
        found = await kubernetes.find(PATH)
        if found is None or found["metadata"]["uid"] != uid:
            return
        await asyncio.sleep(_PAUSE)
    tell(f"namespace {NAMESPACE} is still going; it will within minutes")


def _dying(namespace: Body) -> bool:
    return bool((namespace.get("status") or {}).get("phase") == "Terminating")
