"""Remove a cluster from Azure Arc: the resource, its children, and the agents."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from arcctl.checks.cluster import direct, reachable
from arcctl.errors import AccessError, ClusterError, HelmError, Refusal
from arcctl.flow.runner import run
from arcctl.flow.step import in_turn, together
from arcctl.model.ownership import Verdict
from arcctl.operations import agreement, ownership, proofs, standing
from arcctl.operations.aftermath import Aftermath, Counting, telling
from arcctl.operations.keeping.alone import alone
from arcctl.operations.steps import foreign, kinds, leftovers, looks, registration, waiting, whose

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from arcctl.flow.step import Move
    from arcctl.operations.request import DeleteRequest
    from arcctl.operations.standing import Seen
    from arcctl.operations.world import World


@dataclass(frozen=True, slots=True)
class Removed:
    """What a run has taken away: the resource, the agents, both or neither."""

    resource: bool
    agents: bool


async def delete(request: DeleteRequest, world: World) -> Removed:
    """Delete what is there; what is gone already is success. Asks before the first change."""
    if request.azure_only:
        return await _azure_only(request, world)
    await _cluster_answers(request, world)
    seen = await standing.look(world.sight)
    seen = replace(seen, resource=await world.sight.resource_surely())
    if seen.resource:
        standing.refuse_kind(seen.resource)
    await must_belong(request, world, seen)
    if not seen.in_cluster and not seen.resource and not await _remains(world):
        return Removed(resource=False, agents=False)
    marks = await whose.marks(world.sight)
    await agreement.reach(request, world)
    heard = Counting(world.observer)
    with telling(lambda: _so_far(world, heard.done)):
        async with _alone(request, world):
            await run(removing(request, marks), world, heard)
    return Removed(
        resource=bool(seen.resource) and not request.cluster_only, agents=not world.others
    )


def removing(request: DeleteRequest, marks: whose.Marks) -> list[Move[World]]:
    """ARM's deletion and helm's run side by side, once ARM has taken the deletion.

    So a lock or a missing permission stops everything while the agents are still whole. `marks`
    are those of the agents that it was decided for.
    """
    inside = in_turn(
        registration.UntilDeregistering(request),
        whose.LookWhose(marks, cluster_only=request.cluster_only),
        leftovers.Uninstall(hooks=not request.force, spare=not request.force),
        together(
            leftovers.RemoveNamespaces(
                wait=request.wait, force=request.force, spare=not request.force
            ),
            kinds.RemoveKinds(wait=request.wait, force=request.force),
        ),
    )
    if request.cluster_only:
        return [inside]
    outside = registration.Deregister(wait=request.wait, force=request.force, last=True)
    return [together(outside, inside)]


@asynccontextmanager
async def _alone(request: DeleteRequest, world: World) -> AsyncIterator[None]:
    """Hold the cluster's Lease while the block runs, so that nothing else changes the agents.

    With `--force` what a run has left is no obstacle, and who may not write Leases may delete all
    the same.
    """
    async with AsyncExitStack() as stack:
        if not request.force:
            try:
                await stack.enter_async_context(
                    alone(world.clients, f"delete of {world.cluster.name}")
                )
            except AccessError as error:
                world.warn(f"other commands cannot be kept away meanwhile: {error.message}")
        yield


async def _azure_only(request: DeleteRequest, world: World) -> Removed:
    resource = await world.sight.resource_surely()
    if not resource:
        return Removed(resource=False, agents=False)
    standing.refuse_kind(resource)
    await agreement.reach(request, world)
    deregister = registration.Deregister(wait=request.wait, force=request.force, last=True)
    await run([deregister], world, world.observer)
    return Removed(resource=True, agents=False)


_INSIDE = frozenset(
    {leftovers.Uninstall.name, leftovers.RemoveNamespaces.name, kinds.RemoveKinds.name}
)


def _so_far(world: World, done: set[str]) -> Aftermath:
    """Say how far a deletion has come; before Azure has taken it nothing has been done."""
    taken = world.deregistering.is_set()
    removed = done >= _INSIDE
    if not taken and not done & _INSIDE:
        return Aftermath()
    name, cluster = world.cluster.name, world.cluster.named
    finished = registration.Deregister.name in done
    azure = f"the resource {name} {'is deleted' if finished else 'is being deleted'} in Azure"
    agents = f"its agents are {'removed from' if removed else 'not all removed from'} the cluster"
    finish = [] if removed else [f"arcctl delete {cluster} --cluster-only"]
    if world.others:
        agents, finish = f"the agents in this cluster are those of {world.others}, and stay", []
    # Others who connected it again have a resource of the same name, to be looked at first.
    anew = world.others == whose.said(world.cluster)
    if taken and not finished and not anew:
        finish.append(f"arcctl delete {cluster} --azure-only")
    return Aftermath((*((azure,) if taken else ()), agents), tuple(finish))


async def _cluster_answers(request: DeleteRequest, world: World) -> None:
    answers = looks.Require((reachable, direct))
    first = answers if request.cluster_only else together(looks.SignedIn(), answers)
    free = [] if request.force else [looks.NoRunUnderWay()]
    prove = looks.Prove(proofs.before_delete(request, world))
    only = f"arcctl delete {world.cluster.named} --azure-only"
    try:
        await run([looks.Room(), first], world, world.observer)
    except ClusterError as error:
        error.hints = (*error.hints, f"if it is gone: {only}")
        raise
    try:
        await run([*free, prove], world, world.observer)
    except (ClusterError, HelmError) as error:
        if not request.cluster_only:
            error.hints = (*error.hints, f"delete the resource, leave the agents: {only}")
        raise


async def must_belong(request: DeleteRequest, world: World, seen: Seen) -> None:
    """The kubeconfig must be the cluster behind the resource, in every path (traps 8 and 9)."""
    tenant = await world.sight.tenant()
    if seen.onboarding and seen.onboarding.contradicts(world.cluster, tenant=tenant):
        if request.skip_cluster_check:
            return
        raise _another(world, seen)
    if not seen.resource or request.cluster_only:
        return
    found = await ownership.look(world.sight, seen.resource)
    cluster = world.cluster.named
    hints = (
        f"delete the resource, touch no cluster: arcctl delete {cluster} --azure-only",
        f"remove agents here, keep the resource: arcctl delete {cluster} --cluster-only",
    )
    if found.verdict is Verdict.REFUSES and not request.skip_cluster_check:
        raise ownership.contradicted(world.cluster, found, *hints)
    if found.verdict is Verdict.PASSES:
        return
    refused = ownership.unproved(
        world.cluster, found, *hints, sure=f"arcctl delete {cluster} {ownership.SURE}"
    )
    if not request.force and not request.skip_cluster_check:
        raise refused
    world.warn(f"{refused.message}; going on because you said so")


def _another(world: World, seen: Seen) -> Refusal:
    assert seen.onboarding
    owner = seen.onboarding.cluster
    return Refusal(
        f"this kubeconfig leads to the cluster of {owner.name} (group {owner.group}, "
        f"subscription {owner.subscription}), not of {world.cluster.name}",
        code="AZK8S0406",
        why="deleting on would take that cluster's agents, and leave the right one's behind",
        hints=(
            "choose the right cluster with --kube-context NAME",
            f"arcctl delete -n {owner.name} -g {owner.group} --subscription {owner.subscription}",
        ),
    )


async def _remains(world: World) -> bool:
    """Namespaces and kinds that an earlier, cut run has left."""
    for name in waiting.NAMESPACES:
        if await world.sight.namespace(name):
            found = await foreign.look(world, name)
            if found.own or not found.foreign:
                return True
    return bool(await kinds.left_over(world))
