"""A run is taken up in the cluster it was begun in, and not in a copy that holds the run as well."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from arcctl.errors import AccessError
from arcctl.flow.journal import Journal
from arcctl.model.connected_cluster import never_connected, public_key
from arcctl.model.ownership import Agents, Verdict, decide
from arcctl.model.region import canonical
from arcctl.model.times import read
from arcctl.operations import ownership
from arcctl.operations.keeping.lookup import uid_of
from arcctl.operations.steps.agents import Install
from arcctl.operations.steps.holding import Hold
from arcctl.operations.steps.quiet import HEARD

if TYPE_CHECKING:
    from arcctl.model.connected_cluster import Body
    from arcctl.model.ownership import Ownership
    from arcctl.operations.moving.worlds import Moving

_ACCEPTED = "cluster-unproved"
_QUIET = "quiet-agents"
# A heartbeat may be some minutes on its way until Azure shows it.
_MARGIN = timedelta(minutes=5)


async def require_same(world: Moving, sure: str) -> None:
    """Raise Refusal `AZK8S0406` or `cluster-unproved` where another cluster may be the source's.

    `sure` is the command by which a person answers for this one.

    Agents that the run itself has put to sleep contradict nothing. A source that is gone, or is
    another one by now, may be what the run has made of it in another cluster.
    """
    if world.run.journal.no_return:
        await _require_unmoved(world, sure)
        return
    sight = world.origin.sight
    resource = await sight.resource_surely()
    if resource is None:
        _require_not_begun(world, sure)
        return
    found = await ownership.look(sight, resource)
    asleep = found.seen.agents is not Agents.RUNNING
    heard = _heard_since(world, resource) if asleep else ""
    if found.verdict is not Verdict.REFUSES:
        if world.clients.settings.flags.skip_cluster_check:
            return
        if heard:
            told = replace(found, why=(heard,))
            raise ownership.unproved(sight.cluster, told, sure=sure)
        if _ACCEPTED in world.request.accept or _is_enough(world, found):
            return
    if error := ownership.refusal(sight, found, *_way_out(world, resource), sure=sure):
        raise error


def _way_out(world: Moving, resource: Body) -> tuple[str, ...]:
    """Return how a run can end whose source others have made anew: no evidence will ever agree."""
    if not world.bundle.is_other(resource):
        return ()
    close = f"arcctl history {world.run.id} --close {ownership.SURE}"
    return (f"if others have made {world.bundle.source.name} anew: {close}",)


def _require_not_begun(world: Moving, sure: str) -> None:
    """Raise Refusal `cluster-unproved` where the run has changed something, and the source is gone.

    Agents that were woken here would speak with the key that the target may have by now.
    """
    if world.clients.settings.flags.skip_cluster_check or not world.run.journal.changed:
        return
    source = world.bundle.source
    why = (
        f"{source.name} (group {source.group}) is not in Azure, and the journal in this cluster has "
        "not deleted it: somebody else has, or the run has gone on in another cluster, of which "
        "this one may be a copy"
    )
    raise ownership.uncertain(source, (why,), sure=sure)


async def _require_unmoved(world: Moving, sure: str) -> None:
    """Raise Refusal `cluster-unproved` where the run behind the mark is another cluster's.

    The source tells nothing any more. The uid tells a cluster that was restored from a backup, and
    the mark, or the target's heartbeat, a clone with the same uid, as far as it can be told.
    """
    if world.clients.settings.flags.skip_cluster_check:
        return
    if why := _marked_elsewhere(world) or await _restored(world) or await _went_on_elsewhere(world):
        raise ownership.uncertain(world.cluster, (why,), sure=sure)


def _marked_elsewhere(world: Moving) -> str:
    """Say that only this machine's copy has the mark; "" mostly, or where the cluster has no copy.

    It is kept in the cluster before it is written here, whatever fails or is killed in between, and
    no journal is ever shortened. So the run has passed it in another cluster, or somebody has put
    an older copy into this one.
    """
    own = world.run.there
    if own is None or own.no_return:
        return ""
    return (
        "this machine's copy of the journal lies behind the point of no return, and the copy in this "
        "cluster, which is written first, does not: the run has gone on in another cluster, of which "
        "this one may be a copy, or this one was restored from a backup"
    )


async def _restored(world: Moving) -> str:
    """Say that the journal names another uid than this cluster's; "" mostly, or if it is not readable."""
    try:
        uid = await world.sight.identity()
    except AccessError:
        return ""
    if uid_of(world.run.journal.entries) in ("", uid):
        return ""
    return (
        "the uid of namespace kube-system is not the one in which the run was begun: the cluster "
        "was restored from a backup, or is another one"
    )


async def _went_on_elsewhere(world: Moving) -> str:
    """Say that agents have spoken for the target that this run has not installed; "" mostly.

    Each step is in the journal before it is begun. Where the cluster has a copy of its own, that
    one counts: this machine's may be of the cluster in which the run has gone on.
    """
    own = world.run.there
    entries = own.entries if own else world.run.journal.entries
    if Journal(world.run.id, entries=entries).has_begun(Install.name):
        return ""
    found = await world.sight.resource_surely()
    if not found or never_connected(found) or canonical(found["location"]) != world.request.region:
        return ""
    await Hold().observe(world)
    if not world.key or public_key(found) != world.key.public:
        return ""
    return (
        f"Azure has received a heartbeat at {found['properties'].get('lastConnectivityTime')} with "
        "the key of this run, and its journal in this cluster has installed no agents in the "
        "target: the run has gone on in another cluster, of which this one may be a copy"
    )


def _is_enough(world: Moving, found: Ownership) -> bool:
    """Decide as `move` does, with agents that are down counted as put to sleep by the run."""
    seen = found.seen
    if seen.agents is Agents.DOWN and _quieted(world):
        seen = replace(seen, agents=Agents.PAUSED)
    return decide(seen) is Verdict.PASSES


def _quieted(world: Moving) -> datetime | None:
    """When the run was last at quieting the agents, or at waking them again; None for never."""
    times = [each.at for each in world.run.journal.entries if each.step == _QUIET]
    return read(times[-1]) if times else None


def _heard_since(world: Moving, resource: Body) -> str:
    """Say that Azure has heard agents since, which were not those of this cluster; "" mostly.

    All times are Azure's: this machine's clock may be slow. Its time counts only where the journal
    has none of Azure's, as in runs of earlier versions that were stopped early.
    """
    quieted = _quieted(world)
    before = read(world.run.journal.fact_of(HEARD)) or quieted
    at = (resource.get("properties") or {}).get("lastConnectivityTime")
    heard = read(at)
    if quieted is None or before is None or heard is None or heard <= before + _MARGIN:
        return ""
    return (
        f"Azure received a heartbeat at {at}, and the last one before this run put the agents here "
        f"to sleep came by {before:%Y-%m-%dT%H:%M:%SZ}"
    )
