"""All that a move must carry, as it was found: what is saved before anything is changed.

Kept as `arcctl.bundle/1`, readable by a person, without secrets (`arm.md` 8 and 12.2).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from arcctl.errors import UsageError
from arcctl.model import mask
from arcctl.model.configuration.child import Child
from arcctl.model.connected_cluster import created, public_key
from arcctl.model.resource_id import ClusterId
from arcctl.model.shape import fits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.model.connected_cluster import Body
    from arcctl.model.key_choice import Kind as KeyKind

FORMAT = "arcctl.bundle/1"


@dataclass(frozen=True, slots=True)
class Attached:
    """What hangs on the resource and is deleted with it; each as ARM returned it (`arm.md` 9).

    Only what is scoped to the resource itself or below it; what is inherited stays where it is.
    """

    role_assignments: tuple[Body, ...] = ()
    identity_assignments: tuple[Body, ...] = ()
    """Granted elsewhere to the identities of the resource and its extensions"""
    locks: tuple[Body, ...] = ()
    diagnostic_settings: tuple[Body, ...] = ()
    data_collection: tuple[Body, ...] = ()
    policy_assignments: tuple[Body, ...] = ()
    policy_exemptions: tuple[Body, ...] = ()


_SHAPE: dict[str, Any] = {
    "source": str,
    "region": str,
    "resource": {"id": str, "name": str, "properties": dict},
    "children": [dict],
    "agentValues": dict,
    "held": [str],
    "attached": {str: [{"id": str, "properties?": dict}]},
    "versions": {str: str},
    "lookedAt": str,
    "gateway?": str,
    "key?": str,
    "mark?": {str: str},
}
_MARKS = {
    "key": "its public key is another one",
    "principalId": "its identity is another one",
    "createdAt": "it was created at another time",
}


def marked(resource: Body) -> dict[str, str]:
    """Return what tells a resource from another one that has its name, and perhaps its key."""
    at = created(resource)
    return {
        "key": public_key(resource),
        "principalId": str((resource.get("identity") or {}).get("principalId") or ""),
        "createdAt": at.isoformat() if at else "",
    }


def difference(known: Mapping[str, str], resource: Body) -> str:
    """Say how a resource of the name is another one than `marked` has known; "" where it is the one.

    What either does not say proves nothing.
    """
    now = marked(resource)
    for name, words in _MARKS.items():
        if known.get(name) and now[name] and known[name] != now[name]:
            return words
    return ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """One cluster, saved.

    `resource` is ARM's answer. `agent_values` are the helm values that the agents' release was
    given, less those named in `held` (dotted), which never leave the cluster. `versions` are the
    api-versions it was read with, by type. `gateway` is the id of the linked Arc gateway, or "".
    `key` says which key pair the target has. `mark` tells this very resource from another of its
    name (`marked`); bundles of an arcctl that always made a new key have none.
    """

    source: ClusterId
    region: str
    resource: Body
    children: tuple[Child, ...]
    agent_values: Body
    held: tuple[str, ...]
    attached: Attached
    versions: Mapping[str, str]
    looked_at: str
    gateway: str = ""
    key: KeyKind = "new"
    mark: Mapping[str, str] | None = None

    def is_other(self, resource: Body) -> str:
        """Say how a resource of this name is not the one that was saved; "" where it is the one."""
        return difference(self.mark or {"key": public_key(self.resource)}, resource)

    def to_document(self) -> Body:
        """Return it as plain JSON."""
        return {
            "format": FORMAT,
            "source": self.source.path,
            "region": self.region,
            "lookedAt": self.looked_at,
            "versions": dict(self.versions),
            "resource": self.resource,
            "children": [_kept(child) for child in self.children],
            "agentValues": self.agent_values,
            "held": list(self.held),
            "gateway": self.gateway,
            "key": self.key,
            "mark": self.mark,
            "attached": {
                each.name: list(getattr(self.attached, each.name)) for each in fields(Attached)
            },
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Bundle:
        """Read what `to_document` wrote; UsageError for another format, ValueError for another shape."""
        if document.get("format") != FORMAT:
            raise UsageError(
                f"this bundle has the format {document.get('format')}, not {FORMAT}",
                code="bundle-format",
                why="a newer arcctl has written it, or it is no bundle",
                hints="use the arcctl that wrote it",
            )
        fits(document, _SHAPE)
        attached = document["attached"]
        return cls(
            source=ClusterId.recorded(document["source"]),
            region=document["region"],
            resource=document["resource"],
            children=tuple(map(Child.from_document, document["children"])),
            agent_values=document["agentValues"],
            held=tuple(document["held"]),
            attached=Attached(**{name: tuple(each) for name, each in attached.items()}),
            versions=document["versions"],
            looked_at=document["lookedAt"],
            gateway=document.get("gateway", ""),
            key=document.get("key", "new"),
            mark=document.get("mark"),
        )


def _kept(child: Child) -> Body:
    """Return a child as plain JSON; the service's words about it may repeat a secret."""
    document = child.to_document()
    return {**document, "state": mask.current().document(document["state"])}
