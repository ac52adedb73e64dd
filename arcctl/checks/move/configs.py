"""What the cluster itself knows of its children: an object for each one that agents deal with.

The agents keep an ExtensionConfig, a FluxConfig or a GitConfig for each extension, Flux
configuration and source control configuration, under the child's name (`arc.md` A5, `arm.md` 8.2;
the agents' own messages name them so). They show what a list of Azure has left out.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.checks.move.looking import Looking
from arcctl.clients.once import once
from arcctl.errors import AccessError
from arcctl.model.configuration.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.configuration.child import Child
    from arcctl.model.connected_cluster import Body

GROUP = "clusterconfig.azure."
PLURALS = {
    Kind.EXTENSION: "extensionconfigs",
    Kind.FLUX: "fluxconfigs",
    Kind.SOURCE_CONTROL: "gitconfigs",
}
# Arc's own, which no list of Azure has.
_ARCS_OWN = frozenset({"azure-arc", "wiextension", "cluster-diagnostic-checks"})
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_SUBJECT = "the cluster's own objects of children"
_CLUSTER_ID = re.compile(
    r"/subscriptions/[^/\"\s]+/resourceGroups/[^/\"\s]+/providers/Microsoft\.Kubernetes"
    r"/connectedClusters/[^/\"\s]+",
    re.IGNORECASE,
)
_LONGEST = 40  # letters of a name that are kept where Kubernetes takes no more


@dataclass(frozen=True, slots=True)
class Config:
    """One of these objects: of which kind of child, the child's name, where it lies.

    `leftover` says why it tells of no child: "it is being deleted", "it names depot"; else "".
    """

    kind: Kind
    name: str
    place: str
    leftover: str = ""

    @property
    def key(self) -> str:
        """The child as people name it: `extensions/flux`."""
        return f"{self.kind}/{self.name}"

    def is_of(self, child: Child) -> bool:
        """Tell whether a child explains this object, whose name Kubernetes may have shortened."""
        if child.kind is not self.kind:
            return False
        own, wanted = _plain(self.name), _plain(child.name)
        stem = re.sub(r"-[0-9a-f]{6,10}$", "", own)
        return own == wanted or stem == wanted or (len(stem) >= _LONGEST and stem in wanted)


def unexplained(configs: Iterable[Config], children: Sequence[Child]) -> list[Config]:
    """Return the objects that no child explains, leftovers among them."""
    return [
        each
        for each in configs
        if each.name not in _ARCS_OWN and not any(each.is_of(child) for child in children)
    ]


class Configs(Looking):
    """The look at these objects, and a list of children that is read again where they miss one.

    `before` holds the keys of the children that an earlier look has seen, () where there was none.
    """

    before: Collection[str] = ()

    @once
    async def children(self) -> tuple[Child, ...]:
        """The configuration resources of the source, all three kinds.

        Where they lack one that the cluster knows of, or that was there `before`, the lists are
        read once more.
        """
        found = await self.read_children()
        configs = await self.configs()
        unlisted = any(not each.leftover for each in unexplained(configs, found))
        if unlisted or set(self.before) - {each.key for each in found}:
            return await self.read_children()
        return found

    @once
    async def configs(self) -> tuple[Config, ...]:
        """These objects, of all three kinds; what may not be read is remembered in `unseen`."""
        domain = (await self.clients.cloud()).domain
        kubernetes = await self.clients.kubernetes()
        found: list[Config] = []
        try:
            for kind, plural in PLURALS.items():
                for each in sorted({domain, "com"}):
                    found += await self._of_kind(kubernetes, kind, f"{plural}.{GROUP}{each}")
        except AccessError as error:
            self.could_not(_SUBJECT, error, needed=False)
        return tuple(found)

    async def _of_kind(self, kubernetes: Kubernetes, kind: Kind, name: str) -> list[Config]:
        definition = await kubernetes.find(f"{_CRDS}/{name}")
        if definition is None:
            return []
        plural, _, group = name.partition(".")
        path = f"/apis/{group}/{_version(definition)}/{plural}"
        # Deleted between two looks: with the kind, its objects.
        objects = await kubernetes.collection(path) or ()
        return [self._config(kind, each) for each in objects]

    def _config(self, kind: Kind, each: Body) -> Config:
        metadata, spec = each["metadata"], each.get("spec")
        name = spec.get("extensionName") if isinstance(spec, dict) else None
        place = f"{metadata.get('namespace', '')}/{metadata['name']}"
        return Config(kind, str(name or metadata["name"]), place, self._leftover(each))

    def _leftover(self, each: Body) -> str:
        if each["metadata"].get("deletionTimestamp"):
            return "it is being deleted"
        said = {key: value for key, value in each.items() if key != "status"}
        named = _CLUSTER_ID.findall(json.dumps(said))
        if named and not any(map(self.is_own, named)):
            return f"it names {named[0].rpartition('/')[2]}"
        return ""


def _version(definition: Body) -> str:
    """Return the version in which the server serves a kind: the stored one, else any."""
    versions = [
        each for each in (definition.get("spec") or {}).get("versions") or () if each.get("served")
    ]
    stored = [each for each in versions if each.get("storage")]
    chosen: Body = next(iter(stored or versions), {})
    return str(chosen.get("name") or "v1beta1")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")
