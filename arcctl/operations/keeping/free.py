"""Whether a run has the cluster: one that is alive, or one that has stopped part-way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.clients.kubernetes.lease import living
from arcctl.errors import AccessError, ArcctlError, ClusterError, Refusal
from arcctl.model.run import Record
from arcctl.operations.keeping import here, lookup, space
from arcctl.operations.keeping.entering import explain

if TYPE_CHECKING:
    from collections.abc import Collection

    from arcctl.clients import Clients
    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.resource_id import ClusterId


async def require_free(clients: Clients) -> None:
    """Raise Refusal where a run has the cluster: `run-in-progress` while its process lives,
    `run-unfinished` where it has stopped part-way, `journal-gone` where only what it holds is left.

    Whoever changes the cluster without a run of their own asks this: agents may be asleep.
    """
    kubernetes = await clients.kubernetes()
    await lookup.mark_finished(clients.settings, kubernetes)
    if error := await _at_work(clients, kubernetes):
        await explain(kubernetes, error)
        raise error
    await require_none_left(kubernetes)


async def _at_work(clients: Clients, kubernetes: Kubernetes) -> Refusal | None:
    home = lookup.home(clients.settings)
    return await living(
        kubernetes, space.LEASE, lambda holder: not holder or here.has_died(home, holder)
    )


async def require_none_left(kubernetes: Kubernetes) -> None:
    """Raise Refusal where a run has stopped part-way, as `require_free`; the Lease is not asked."""
    for copy in (await space.runs(kubernetes)).values():
        if isinstance(copy, Record) and copy.changed and not copy.ending:
            raise unfinished(copy)
        if isinstance(copy, ArcctlError) and copy.code == "journal-gone":
            raise copy


async def require_none_about(clients: Clients, cluster: ClusterId) -> None:
    """Raise Refusal where a run about this resource has not ended: `run-in-progress` while its
    process lives, `run-unfinished` where it has stopped part-way.

    This machine's journals tell, and those of the cluster where a kubeconfig is at hand. It need
    not be that of this resource, so its other runs do not count. One that does not answer is only
    noted, unless it was named on the command line.
    """
    from arcctl.clients.kubernetes.kubeconfig import locate

    settings = clients.settings
    named = settings.flags.kube_config or settings.flags.kube_context
    try:
        locate(settings)
    except ClusterError:
        if named:
            raise
    else:
        try:
            await _require_none_inside(clients, cluster)
        except (AccessError, ClusterError) as error:
            if named:
                raise
            clients.note(f"only the runs of this machine are known: {error.message}")
    for run, copy in open_here(clients, cluster).items():
        alive = here.lives(lookup.home(settings), run)
        raise _under_way_here(copy, cluster) if alive else _saved(copy)


async def _require_none_inside(clients: Clients, cluster: ClusterId) -> None:
    kubernetes = await clients.kubernetes()
    await lookup.mark_finished(clients.settings, kubernetes)
    for copy in (await space.runs(kubernetes)).values():
        if not isinstance(copy, Record) or copy.ending or not copy.changed:
            continue
        if lookup.is_about(copy, cluster):
            raise await _at_work(clients, kubernetes) or _saved(copy)


def require_free_here(clients: Clients, cluster: ClusterId) -> None:
    """Raise Refusal `run-unfinished` where this machine knows of a run about this resource.

    For what needs no cluster: whether another machine has finished the run is not asked, and
    known only where an earlier command has seen it.
    """
    for copy in open_here(clients, cluster).values():
        raise unfinished(copy)


def open_here(clients: Clients, cluster: ClusterId) -> dict[str, Record]:
    """Return the runs about this resource that are open on this machine."""
    found = here.open_runs(lookup.home(clients.settings))
    return {run: copy for run, copy in found.items() if lookup.is_about(copy, cluster)}


def require_none_since(clients: Clients, cluster: ClusterId, known: Collection[str]) -> None:
    """Raise Refusal where a run about this resource was begun on this machine, and is not `known`:
    `run-in-progress` while its process lives, `run-unfinished` where it has stopped part-way.
    """
    for run, copy in open_here(clients, cluster).items():
        if run in known:
            continue
        if not here.lives(lookup.home(clients.settings), run):
            raise unfinished(copy)
        raise _under_way_here(copy, cluster)


def _under_way_here(copy: Record, cluster: ClusterId) -> Refusal:
    run = copy.header.run
    return Refusal(
        f"a {copy.header.verb} of {cluster.name} is under way on this machine: {run}",
        code="run-in-progress",
        why=f"it was begun {copy.started}",
        hints=f"wait for it; how far it is: arcctl history {run}",
    )


def _saved(copy: Record) -> Refusal:
    """Return the error as `unfinished`, with the way to what a move has saved."""
    error, run = unfinished(copy), copy.header.run
    if copy.header.verb == "move":
        export = f"arcctl history {run} --export FOLDER"
        error.hints = (*error.hints, f"the configuration as it was before: {export}")
    return error


def unfinished(record: Record) -> Refusal:
    """Return the error for a run that has stopped part-way, with the ways from there."""
    run = record.header.run
    # Which secrets it needs stands in its documents, which are not read for a refusal.
    made = any(each.kind == "done" and each.step == "children-well" for each in record.entries)
    given = made or record.header.request.get("keep_secrets_in_cluster")
    secrets = f"if it needs secrets again: arcctl resume {run} --protected-settings FILE"
    back = f"arcctl rollback {run}"
    return Refusal(
        f"a run has stopped part-way on this cluster: {run}",
        code="run-unfinished",
        why=f"{record.header.verb} of {record.header.cluster}, begun {record.started}",
        hints=(
            f"arcctl resume {run}",
            *(() if given else (secrets,)),
            f"all the way back: {back}" if record.no_return else back,
        ),
    )
