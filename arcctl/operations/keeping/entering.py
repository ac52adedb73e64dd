"""What keeps a second process away from a run: this machine's lock, and the cluster's Lease."""

from __future__ import annotations

import secrets
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING

from arcctl.clients.kubernetes.lease import Lease
from arcctl.errors import ArcctlError, ClusterError, Refusal
from arcctl.flow.events import Noted
from arcctl.model.run_shape import is_name
from arcctl.operations.keeping import here, in_cluster, space
from arcctl.operations.keeping.in_cluster import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.flow.events import Observer
    from arcctl.model.run import Header
    from arcctl.operations.keeping.here import Folder

_TRIES = 3


@asynccontextmanager
async def entered(
    kubernetes: Kubernetes,
    folder: Folder,
    header: Header,
    observer: Observer,
    *,
    take_over: bool = False,
    without_disk: bool = False,
) -> AsyncIterator[None]:
    """Hold lock and Lease while the block runs; the namespace is made where it is missing.

    A Lease is pushed aside when it is stale, when its holder was a process of this machine that
    has ended, whatever run it was, or, with `take_over`, when it is this very run's. `without_disk` lets a machine
    whose disk fails do without the lock.
    """
    holder = f"{header.run}/{secrets.token_hex(4)}"
    with ExitStack() as stack:
        dead = _locked(stack, folder, holder, observer, without_disk=without_disk)

        def is_dead(other: str) -> bool:
            mine = take_over and other.partition("/")[0] == header.run
            return other in dead or mine or here.has_died(folder.path.parent, other)

        lease = Lease(kubernetes, space.LEASE, holder, about=_about(header))
        if pushed := await taken(kubernetes, lease, is_dead):
            run = pushed.partition("/")[0]
            observer(
                Noted(f"taken over from {run}, whose process is dead or gives no sign of life")
            )
        async with lease.held():
            yield


def _locked(
    stack: ExitStack, folder: Folder, holder: str, observer: Observer, *, without_disk: bool
) -> frozenset[str]:
    try:
        stream, dead = folder.lock(holder)
    except Refusal:
        raise
    except ArcctlError as error:
        if not without_disk:
            raise
        observer(Noted(f"{error}: going on with the cluster's copy", warning=True))
        return frozenset()
    stack.callback(stream.close)
    return dead


async def taken(kubernetes: Kubernetes, lease: Lease, dead: Callable[[str], bool]) -> str:
    """Take the Lease, as `Lease.take`; a namespace that dies in between is made again."""
    for _ in range(_TRIES):
        await space.ensure(kubernetes)
        try:
            return await lease.take(dead=dead)
        except ClusterError as error:
            if error.code != "namespace-terminating" and error.status != 404:
                raise
        except Refusal as error:
            await explain(kubernetes, error)
            raise
    raise ClusterError(f"namespace {NAMESPACE} goes as often as it is made")


async def explain(kubernetes: Kubernetes, error: Refusal) -> None:
    """Name what works: a run that has no journal yet cannot be taken up by its name."""
    with suppress(ArcctlError):
        found = await kubernetes.find(space.LEASE)
        run = str(((found or {}).get("spec") or {}).get("holderIdentity", "")).partition("/")[0]
        if not run or (is_name(run) and await in_cluster.Cabinet(kubernetes, run).journal()):
            return
        error.why = (
            *error.why,
            "it keeps nothing in the cluster: it has just begun, or has just ended",
        )
        error.hints = (
            "wait for it; a process that was killed holds nobody up for more than a minute",
            "if you know that it was killed: arcctl resume --take-over",
            "then the same command again",
        )


def _about(header: Header) -> str:
    return f"{header.verb} of {header.cluster.rpartition('/')[2]}"
