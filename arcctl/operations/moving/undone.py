"""What a move that is closed leaves undone: what of the cluster is not as it was, as sentences."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.model import cluster as names
from arcctl.model.agents import scaling
from arcctl.model.configuration.comparing import compare
from arcctl.operations.az import locked, locking
from arcctl.operations.configuration.children import children_of
from arcctl.operations.moving.likeness import unlike
from arcctl.operations.moving.sequence import restored
from arcctl.operations.steps.attached import gone_with_it, taken_off
from arcctl.operations.steps.pieces import looked_at, pieces
from arcctl.operations.steps.quiet import asleep, counts
from arcctl.operations.steps.seeing import linked_gateway
from arcctl.operations.steps.silence import agents_of
from arcctl.operations.steps.target import CreateTarget

if TYPE_CHECKING:
    from arcctl.model.resource_id import ClusterId
    from arcctl.operations.moving.home import Home
    from arcctl.operations.moving.worlds import Moving

_OF_ARC = f"/apis/apps/v1/namespaces/{names.AGENT_NAMESPACE}/"


@dataclass(frozen=True, slots=True)
class Group:
    """Agents of one namespace that are at zero and had `count` replicas each."""

    space: str
    count: int
    agents: tuple[str, ...]

    @property
    def waking(self) -> str:
        """The command that scales them back."""
        return scaling(self.space, self.count, self.agents)

    @property
    def told(self) -> str:
        """Say that they are at zero, with that command."""
        return f"{self._said}: {self.waking}"

    @property
    def told_last(self) -> str:
        """Say the same of agents that would take down what they do not find in Azure."""
        return (
            f"{self._said}, where they should stay until all else is back, since they remove what "
            f"they do not find in Azure; then: {self.waking}"
        )

    @property
    def _said(self) -> str:
        return f"{_counted(len(self.agents), 'agent')} of {self.space} scaled to zero"


async def undone(moving: Moving, home: Home) -> tuple[str, ...]:
    """Return what a person has to see to, with commands; nothing where all is as it was.

    `home` says where what is missing is to be connected again.
    """
    asleep = await at_zero(moving)
    if not moving.run.journal.no_return:
        told = [each.told for each in asleep]
        return (*told, *await _unlocked(moving), *await _made(moving))
    missing = [*await _missing(moving, home), *await _not_in_azure(moving)]
    last = [each.told_last for each in asleep]
    return (*missing, *await _lingering(moving), *last)


async def _not_in_azure(moving: Moving) -> list[str]:
    """Name what is not in Azure, or not as it was, where the move was to bring it."""
    arm = await moving.clients.arm()
    cluster = moving.cluster
    hung = await looked_at(moving, pieces(moving), surely=True)
    kept = [child for child in moving.bundle.children if child.carried]
    found = await arm.find(cluster.path)
    if found is None:
        lost = [f"{_called(cluster)} is not in Azure"]
        lost += [f"{child.key} is not there" for child in kept]
    else:
        now = await children_of(arm, cluster, newer=False)
        fitted = [restored(moving.request, moving.bundle, child) for child in kept]
        compared = compare(fitted, [child for child in now if child.carried])
        lost = list(unlike(moving, found))
        lost += [f"{key} is not there" for key in compared.missing]
        changed = dict.fromkeys(each.child for each in compared.changed)
        lost += [f"{key} is not as it was" for key in changed]
        lost += await _unlinked(moving)
    return [*lost, *(each.trouble for each in hung if each.trouble)]


async def _unlinked(moving: Moving) -> list[str]:
    """Name the Arc gateway that the resource is not linked to, and was to be."""
    wanted = moving.request.gateway or moving.bundle.gateway
    if not wanted or await linked_gateway(moving) == wanted.casefold():
        return []
    again = f"arcctl update {moving.cluster.named} --gateway-resource-id {wanted}"
    return [f"the link to the Arc gateway {wanted.rpartition('/')[2]} is not as it was: {again}"]


async def at_zero(moving: Moving) -> tuple[Group, ...]:
    """Return the agents that the run has scaled to zero and not back, by namespace and count."""
    before, still = counts(moving.run), defaultdict[tuple[str, int], list[str]](list)
    for path in await asleep(await moving.clients.kubernetes(), before):
        place, _, name = path.rpartition("/deployments/")
        still[place.rpartition("/")[2], before[path]].append(name)
    return tuple(
        Group(space, count, tuple(sorted(several)))
        for (space, count), several in sorted(still.items())
    )


async def _missing(moving: Moving, home: Home) -> list[str]:
    """Say which agents are not in the cluster at all; only `connect` brings them back."""
    found = await agents_of(await moving.clients.kubernetes())
    there = {path for path in found if path.startswith(_OF_ARC)}
    again = f"arcctl connect {home.cluster.named} -l {home.region}"
    if not there:
        return [f"no agents are in the cluster, which Azure does not hear of any more: {again}"]
    before = {path for path, count in counts(moving.run).items() if count}
    gone = sorted(path.rpartition("/")[2] for path in before - there if path.startswith(_OF_ARC))
    if not gone:
        return []
    return [f"{_counted(len(gone), 'agent')} not in the cluster ({', '.join(gone)}): {again}"]


async def _unlocked(moving: Moving) -> list[str]:
    """Name the locks of the source that the run has taken off, and that are not there again."""
    arm, told = await moving.clients.arm(), []
    off = [(str(each["id"]), each, f"the lock {each['name']}") for each in taken_off(moving)]
    for each in await looked_at(moving, off, surely=True):
        path, lock, _ = each.piece
        if each.found is None and await arm.find(locked(path)) is None:
            told.append(gone_with_it(lock))
        elif each.trouble:
            told.append(f"{each.trouble}: {locking(path, lock)}")
    return told


async def _made(moving: Moving) -> list[str]:
    """Name the target that the run has made, or begun to make, before the point of no return."""
    target, run = moving.cluster, moving.run
    if moving.request.in_place or not run.journal.has_begun(CreateTarget.name):
        return []
    arm = await moving.clients.arm()
    if await arm.find(target.path) is None:
        return []
    return [
        f"{_called(target)}, which {run.id} has begun to make, is in Azure: {_deleting(target)}"
    ]


async def _lingering(moving: Moving) -> list[str]:
    """Name what was to be deleted, where it has another id than the target and is still there."""
    source = moving.bundle.source
    arm = await moving.clients.arm()
    if source.path.casefold() == moving.cluster.path.casefold():
        return []
    found = await arm.find(source.path)
    if found is None or moving.bundle.is_other(found):
        return []
    return [f"{_called(source)} is still in Azure: {_deleting(source)}"]


def _called(cluster: ClusterId) -> str:
    return f"{cluster.name} (group {cluster.group})"


def _deleting(cluster: ClusterId) -> str:
    return f"arcctl delete {cluster.named} --azure-only"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
