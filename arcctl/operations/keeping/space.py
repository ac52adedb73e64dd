"""The namespace `arcctl`: made for the first run, and never removed.

What others put there would go with it, and no look before the DELETE would be late enough.
"""

from __future__ import annotations

import asyncio
import secrets
from shlex import quote
from typing import TYPE_CHECKING, Any

from arcctl.clients.kubernetes.lease import Lease
from arcctl.errors import ArcctlError, ClusterError, Refusal
from arcctl.model.run_shape import is_name
from arcctl.operations.keeping import in_cluster
from arcctl.operations.keeping.in_cluster import (
    HOLD,
    JOURNAL,
    MANAGED,
    NAMESPACE,
    PART,
    RUN,
    SECRETS,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.run import Record

PATH = f"/api/v1/namespaces/{NAMESPACE}"
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/arcctl"
_LOOKS = 240
_PAUSE = 0.25

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
    """Return every run that the cluster knows, by id; an error where one cannot be read.

    So `journal-gone` for one of which only what it holds is left.
    """
    holding = await _holding(kubernetes)
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
            error.hints = (f"if nothing of that run matters any more: {drop}",)
    for run in holding - found.keys():
        if await holds(kubernetes, run):
            found[run] = in_cluster.journal_gone(run)
    return found


async def holds(kubernetes: Kubernetes, run: str) -> bool:
    """Tell whether a run holds secrets in the cluster: it has begun then, and has not ended."""
    return run in await _holding(kubernetes, f"{RUN}={run}")


async def _holding(kubernetes: Kubernetes, selector: str = RUN) -> set[str]:
    found = kubernetes.items(SECRETS, metadata_only=True, labelSelector=selector)
    return {
        run
        async for secret in found
        if is_name(run := in_cluster.labelled(secret))
        and secret["metadata"]["name"].startswith(f"{HOLD}{run}")
    }


async def sweep(kubernetes: Kubernetes, keep: Iterable[str]) -> None:
    """Remove what runs have left that are not among `keep`: they were cut before their first change."""
    for run in await _left(kubernetes) - set(keep):
        await clear(kubernetes, run)


async def _left(kubernetes: Kubernetes) -> set[str]:
    """Return the runs of which anything lies there."""
    found = kubernetes.items(SECRETS, metadata_only=True, labelSelector=RUN)
    return {run async for secret in found if is_name(run := in_cluster.labelled(secret))}


async def clear(kubernetes: Kubernetes, run: str) -> None:
    """Remove what a run has kept in the cluster; the journal last, so that a cut leaves its ending."""
    documents = f"{RUN}={run},{PART}!={JOURNAL}"
    await kubernetes.delete(SECRETS, labelSelector=documents)
    await kubernetes.delete(in_cluster.Cabinet(kubernetes, run).path(JOURNAL))


async def tidy(kubernetes: Kubernetes, *, take_over: bool, keep: Collection[str] = ()) -> None:
    """Remove what is left of runs without a journal, but for those in `keep`.

    Not where one begins just now, unless `take_over` says that its process is dead.
    """
    if not await _left(kubernetes) - set(keep) and await kubernetes.find(LEASE) is None:
        return
    # Nobody can begin while this holds the Lease: what is swept is not what a new run has written.
    lease = Lease(kubernetes, LEASE, f"/{secrets.token_hex(4)}", about="tidying")
    try:
        await lease.take(dead=lambda _holder: take_over)
    except Refusal:
        return
    async with lease.held():
        await sweep(kubernetes, {*keep, *await runs(kubernetes)})


def _dying(namespace: Body) -> bool:
    return bool((namespace.get("status") or {}).get("phase") == "Terminating")
