"""Whether what extensions and Flux have deployed outlived the move: an object made anew has another uid.

Agents that run while Azure deletes the resource uninstall extensions, and Flux prunes what it has
deployed; the target's agents make it again, empty. Azure shows nothing of that.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.checks.move.verdicts import counted, named
from arcctl.errors import AccessError, ArcctlError, ClusterError
from arcctl.model import cluster as names
from arcctl.model.configuration.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.configuration.child import Child
    from arcctl.model.connected_cluster import Body
    from arcctl.operations.moving.worlds import Moving

_BEFORE, _AWAKE = "workloads", "agents-awake"
# What runs, what keeps data, and what takes all of it along when it is pruned.
_KINDS = {
    "Namespace": "/api/v1/namespaces",
    "PersistentVolumeClaim": "/api/v1/persistentvolumeclaims",
    "Deployment": "/apis/apps/v1/deployments",
    "StatefulSet": "/apis/apps/v1/statefulsets",
    "DaemonSet": "/apis/apps/v1/daemonsets",
    "CronJob": "/apis/batch/v1/cronjobs",
}
_BY_FLUX = ("kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name")
_BY_HELM = "meta.helm.sh/release-namespace"
_AGENTS = (names.AGENT_NAMESPACE, names.RELEASE_NAMESPACE)
# A journal is one Secret; of more than these it is not known whether they were made anew.
_MOST = 2000
_SHOWN = 20
# As many digits of a uid as tell two of them apart.
_DIGITS = 13


@dataclass(frozen=True, slots=True)
class Workloads:
    """What the proof has found; `not_looked` says what was not compared, and why."""

    differences: tuple[str, ...] = ()
    not_looked: tuple[str, ...] = ()


async def remember(world: Moving) -> None:
    """Write down what extensions and Flux have deployed, while no agent can take it away.

    Behind the point of no return it is too late. Who may not list it moves all the same.
    """
    journal = world.run.journal
    if journal.no_return:
        return
    spaces = frozenset(_spaces(world.bundle.children))
    try:
        found = await _listed(await world.clients.kubernetes())
    except AccessError:
        return
    uids = {name: _uid(each) for name, each in found.items() if _is_deployed(each, spaces)}
    if len(uids) <= _MOST and uids != journal.fact_of(_BEFORE):
        await journal.fact(_BEFORE, uids)


async def were_awake(world: Moving, agents: Sequence[str]) -> None:
    """Write down that agents ran while Azure deleted: what they have taken away is looked for."""
    journal = world.run.journal
    known = journal.fact_of(_AWAKE, [])
    if several := sorted({*known, *agents}.difference(known)):
        await journal.fact(_AWAKE, [*known, *several])


async def outlived(world: Moving) -> Workloads:
    """Compare what is deployed with what was, by its uid.

    What is gone may have been pruned rightly, as its source said: it counts only where agents were
    awake while Azure deleted.
    """
    before: Mapping[str, str] | None = world.run.journal.fact_of(_BEFORE)
    awake: Sequence[str] = world.run.journal.fact_of(_AWAKE, [])
    others = tuple(_not_compared(world, awake))
    if before is None:
        return Workloads(tuple(_unknown(world, awake)), others)
    try:
        now = await _listed(await world.clients.kubernetes())
    except ArcctlError as error:
        trouble = f"whether workloads of extensions and Flux were made anew: {error.message}"
        return Workloads(tuple(_unknown(world, awake)), (trouble, *others))
    anew = [name for name, uid in before.items() if name in now and _uid(now[name]) != uid]
    gone = [name for name in before if name not in now] if awake else []
    return Workloads(tuple(_told(world, awake, anew, gone)), others)


def _told(
    world: Moving, awake: Sequence[str], anew: Sequence[str], gone: Sequence[str]
) -> Iterator[str]:
    why = f", as agents ran while Azure deleted the resource ({named(awake)})" if awake else ""
    for several, words in ((anew, "made anew"), (gone, "taken away, and not there again")):
        if several:
            were = "was" if len(several) == 1 else "were"
            yield (
                f"{counted(len(several), 'object')} of extensions and Flux {were} {words} while the "
                f"cluster was moved{why}: {named(several, _SHOWN)}: {_look(world)}"
            )


def _unknown(world: Moving, awake: Sequence[str]) -> Iterator[str]:
    if awake:
        yield (
            f"agents ran while Azure deleted the resource ({named(awake)}): they may have taken away "
            f"what extensions and Flux had deployed, so that it was made anew: {_look(world)}"
        )


def _not_compared(world: Moving, awake: Sequence[str]) -> Iterator[str]:
    """Agents that run take away objects of every kind; those of a few kinds are compared."""
    if awake:
        kinds = ", ".join(f"{kind}s" for kind in _KINDS)
        yield (
            "other objects of extensions and Flux, such as Services, Secrets, ConfigMaps and custom "
            f"resources: agents ran while Azure deleted the resource ({named(awake)}), and of what they "
            f"may have taken away only {kinds} with the marks of helm and Flux are compared: {_look(world)}"
        )


def _look(world: Moving) -> str:
    return f"arcctl config list {world.cluster.named}"


def _spaces(children: Sequence[Child]) -> Iterator[str]:
    """Yield the namespaces of the extensions' releases."""
    for child in children:
        if child.kind is Kind.EXTENSION:
            scope = child.properties.get("scope") or {}
            yield str((scope.get("cluster") or {}).get("releaseNamespace") or "")
            yield str((scope.get("namespace") or {}).get("targetNamespace") or "")


def _is_deployed(each: Body, spaces: frozenset[str]) -> bool:
    """Tell whether an extension's helm or Flux has made it; the agents themselves go and come."""
    metadata = each["metadata"]
    if {metadata.get("namespace"), metadata["name"]}.intersection(_AGENTS):
        return False
    labels, marks = (metadata.get(each) or {} for each in ("labels", "annotations"))
    return any(label in labels for label in _BY_FLUX) or marks.get(_BY_HELM) in spaces


async def _listed(kubernetes: Kubernetes) -> dict[str, Body]:
    found = await asyncio.gather(*(_of_kind(kubernetes, *each) for each in _KINDS.items()))
    return {name: each for several in found for name, each in several.items()}


async def _of_kind(kubernetes: Kubernetes, kind: str, path: str) -> dict[str, Body]:
    """Return the metadata of a kind by `Kind namespace/name`; one that is not served has none."""
    try:
        found = [each async for each in kubernetes.items(path, metadata_only=True)]
    except ClusterError as error:
        if error.status == 404:
            return {}
        raise
    return {f"{kind} {_place(each['metadata'])}": each for each in found}


def _place(metadata: Body) -> str:
    return "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))


def _uid(each: Body) -> str:
    return str(each["metadata"].get("uid") or "")[:_DIGITS]
