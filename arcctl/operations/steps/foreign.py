"""What others keep in Arc's namespaces: workloads and data that must not go with the agents."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.model import cluster as names
from arcctl.model.agents import BY_NAME
from arcctl.model.configuration.kinds import Kind
from arcctl.operations.steps.waiting import NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.configuration.child import Child
    from arcctl.model.connected_cluster import Body
    from arcctl.operations.world import World

# Secrets, ConfigMaps, Leases, accounts, roles and events hold nothing: agents make them without
# an owner, and every namespace has some.
_KINDS = {
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "StatefulSet": "/apis/apps/v1/namespaces/{}/statefulsets",
    "DaemonSet": "/apis/apps/v1/namespaces/{}/daemonsets",
    "ReplicaSet": "/apis/apps/v1/namespaces/{}/replicasets",
    "ReplicationController": "/api/v1/namespaces/{}/replicationcontrollers",
    "CronJob": "/apis/batch/v1/namespaces/{}/cronjobs",
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
    "Pod": "/api/v1/namespaces/{}/pods",
    "Service": "/api/v1/namespaces/{}/services",
    "Ingress": "/apis/networking.k8s.io/v1/namespaces/{}/ingresses",
    "PersistentVolumeClaim": "/api/v1/namespaces/{}/persistentvolumeclaims",
}
_RECORDS = ("/api/v1/namespaces/{}/secrets", "/api/v1/namespaces/{}/configmaps")
_RELEASE = "meta.helm.sh/release-name"
_ARCS_RELEASES = frozenset({names.RELEASE, names.DIAGNOSTICS_RELEASE, "wiextension"})
_AGENTS_RELEASES = frozenset({names.RELEASE, names.DIAGNOSTICS_RELEASE})
_ARCS_GROUPS = ("clusterconfig.azure.", "arc.azure.")
_DIAGNOSER = "azure-arc-diagnoser"
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Found:
    """What a namespace holds: `foreign` as `Kind name`, `own` as the paths of Arc's own objects."""

    foreign: tuple[str, ...] = ()
    own: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The first few of the foreign ones, and how many more there are."""
        rest = len(self.foreign) - _SHOWN
        return ", ".join(self.foreign[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


async def look(world: World, space: str) -> Found:
    """Look at one of Arc's namespaces, as it is now; one that is not there holds nothing."""
    kubernetes = await world.clients.kubernetes()
    if await kubernetes.find(f"/api/v1/namespaces/{space}") is None:
        return Found()
    lists, records, extensions = await asyncio.gather(
        asyncio.gather(*(_listed(kubernetes, path.format(space)) for path in _KINDS.values())),
        asyncio.gather(
            *(_listed(kubernetes, each.format(space), "owner=helm") for each in _RECORDS)
        ),
        _extensions(world, kubernetes, space),
    )
    # The kinds that name extensions go with the agents: what they have named is kept in mind.
    world.releases |= extensions
    ours = _ARCS_RELEASES | world.releases
    objects = [
        _Object(kind, path.format(space), each)
        for (kind, path), found in zip(_KINDS.items(), lists, strict=True)
        for each in found
    ]
    releases = {
        str((each["metadata"].get("labels") or {}).get("name"))
        for found in records
        for each in found
    }
    foreign = [*_foreign(objects, ours), *(f"release {name}" for name in sorted(releases - ours))]
    own = [each.path for each in objects if each.is_marked(_AGENTS_RELEASES)]
    return Found(tuple(foreign), tuple(own))


@dataclass(frozen=True, slots=True)
class _Object:
    kind: str
    collection: str
    body: Body

    @property
    def name(self) -> str:
        return str(self.body["metadata"]["name"])

    @property
    def path(self) -> str:
        return f"{self.collection}/{self.name}"

    @property
    def owners(self) -> list[Body]:
        return list(self.body["metadata"].get("ownerReferences") or [])

    def is_marked(self, releases: frozenset[str]) -> bool:
        """Whether helm has marked it as one of these releases'."""
        marks = self.body["metadata"].get("annotations") or {}
        return marks.get(_RELEASE) in releases

    def is_arcs(self, releases: frozenset[str]) -> bool:
        """Whether it is Arc's by itself, or on its way out."""
        leaving = bool(self.body["metadata"].get("deletionTimestamp"))
        return leaving or self.is_marked(releases) or self.name.startswith(_DIAGNOSER)


def _foreign(objects: list[_Object], releases: frozenset[str]) -> Iterator[str]:
    """Name what is nobody's of Arc; what belongs to another object there goes with that one."""
    known = {str(each.body["metadata"].get("uid")) for each in objects}
    for each in objects:
        if each.is_arcs(releases) or any(map(_is_arcs_owner, each.owners)):
            continue
        if not any(str(owner.get("uid")) in known for owner in each.owners):
            yield f"{each.kind} {each.name}"


def _is_arcs_owner(owner: Body) -> bool:
    """An agent's Deployment or ReplicaSet, gone already perhaps, or an object of Arc's own kinds."""
    if any(group in str(owner.get("apiVersion")) for group in _ARCS_GROUPS):
        return True
    name = str(owner.get("name"))
    return owner.get("kind") in ("Deployment", "ReplicaSet") and any(
        name == agent or name.startswith(f"{agent}-") for agent in BY_NAME
    )


async def _listed(kubernetes: Kubernetes, path: str, labels: str = "") -> list[Body]:
    """Return the metadata of what is there; a kind that the cluster does not know has nothing.

    Where there is nothing it is asked again: what is not seen is destroyed with the namespace.
    """
    for _ in range(2):
        found = await kubernetes.collection(path, metadata_only=True, labelSelector=labels)
        if found:
            return found
    return []


async def _extensions(world: World, kubernetes: Kubernetes, space: str) -> frozenset[str]:
    """Return the releases of extensions whose releaseNamespace this is, as the cluster names them."""
    path = f"/apis/clusterconfig.azure.{world.domain}/v1beta1/extensionconfigs"
    specs = [each.get("spec") or {} for each in await kubernetes.collection(path) or ()]
    named = [
        (each.get("releaseName"), each.get("extensionName"))
        for each in specs
        if each.get("releaseNamespace") == space
    ]
    return frozenset(str(name) for names_ in named for name in names_ if name)


def of_extensions(children: Iterable[Child]) -> frozenset[str]:
    """Return the extensions among these children whose releases lie in Arc's namespaces."""
    return released(
        (each.name, each.properties.get("scope") or {})
        for each in children
        if each.kind is Kind.EXTENSION
    )


def released(extensions: Iterable[tuple[str, Body]]) -> frozenset[str]:
    """Return those extensions, each a name and its `scope`, whose releases lie in Arc's namespaces."""
    return frozenset(
        name
        for name, scope in extensions
        if ((scope.get("cluster") or {}).get("releaseNamespace")) in NAMESPACES
    )
