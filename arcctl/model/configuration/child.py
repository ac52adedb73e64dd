"""One configuration resource of a connected cluster (`arm.md` 3-6, 8.1)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from arcctl.model.configuration import state as states
from arcctl.model.configuration.kinds import Kind
from arcctl.model.configuration.settling import one_source, settled
from arcctl.model.configuration.sieve import Sieve
from arcctl.model.shape import fits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from arcctl.model.connected_cluster import Body

_SHAPE = {
    "kind": str,
    "name": str,
    "body": dict,
    "state": dict,
    "apiVersion": str,
    "notCarried": [str],
}


@dataclass(frozen=True, slots=True)
class Child:
    """One resource, as it would be written again.

    `body` is what a PUT would send, and nothing else: allow-listed, without secrets and nulls.
    `state` is what is seen and never sent (`state.py` names its keys). `version` is the
    api-version that it was read with. `not_carried` are the dotted names of fields that say
    something and cannot be written.
    """

    kind: Kind
    name: str
    body: Body
    state: Body = field(default_factory=dict)
    version: str = ""
    not_carried: tuple[str, ...] = ()

    @classmethod
    def read(cls, kind: Kind, resource: Body, version: str) -> Child:
        """Read what ARM answered to a GET or LIST with `version`."""
        resource = {**resource, "properties": one_source(kind, resource.get("properties") or {})}
        sieve = Sieve(kind, resource, version)
        return cls(
            kind=kind,
            name=str(resource.get("name") or ""),
            body=settled(kind, sieve.body, resource["properties"]),
            state=states.of(kind, resource, sieve.shown),
            version=version,
            not_carried=tuple(sorted(sieve.unknown)),
        )

    @property
    def key(self) -> str:
        """How people name it: `extensions/flux`."""
        return f"{self.kind}/{self.name}"

    @property
    def properties(self) -> Body:
        """The properties that would be sent."""
        found: Body = self.body.get("properties") or {}
        return found

    @property
    def carried(self) -> bool:
        """Whether it is ours to write: the system's, and what another resource owns, are not."""
        return not (self.state.get("isSystemExtension") or self.state.get("managedBy"))

    def lost_with(self, version: str) -> tuple[str, ...]:
        """Return what would be lost if it were written with another api-version (`arm.md` 13)."""
        return tuple(sorted(Sieve(self.kind, self.body, version).unknown))

    def without(self, names: Iterable[str]) -> Child:
        """Return it with further names of what is not carried."""
        return replace(self, not_carried=tuple(sorted({*self.not_carried, *names})))

    def to_document(self) -> Body:
        """Return it as plain JSON."""
        return {
            "kind": str(self.kind),
            "name": self.name,
            "apiVersion": self.version,
            "body": self.body,
            "state": self.state,
            "notCarried": list(self.not_carried),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Child:
        """Read what `to_document` wrote; raise ValueError for anything else."""
        fits(document, _SHAPE)
        return cls(
            kind=Kind(document["kind"]),
            name=document["name"],
            body=document["body"],
            state=document["state"],
            version=document["apiVersion"],
            not_carried=tuple(document["notCarried"]),
        )
