"""What exists: one store of plain documents in their newest shape, keyed by lower-cased id.

Everything that has an id lies here, from resource groups to locks. What hangs on a resource has
an id that begins with the resource's own, so removing a resource removes all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from arcctl.sandbox.azure.paths import parent_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def _no_time() -> datetime:
    return datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Resource:
    """A document and what its service knows beside it.

    `secrets` maps the names of protected values to digests: the values themselves are not kept.
    `stale_reads` counts the reads that will still see it after it is gone; `made` is when it came
    into the store.
    """

    body: dict[str, Any]
    etag: str = ""
    secrets: dict[str, str] = field(default_factory=dict)
    last_beat: datetime | None = None
    agents_missing: bool = False
    operation: str = ""
    stale_reads: int = 0
    made: datetime | None = None

    @property
    def id(self) -> str:
        return str(self.body["id"])

    @property
    def key(self) -> str:
        return self.id.lower()

    @property
    def properties(self) -> dict[str, Any]:
        found = self.body.setdefault("properties", {})
        assert isinstance(found, dict)
        return found

    @property
    def state(self) -> str:
        return str(self.properties.get("provisioningState", ""))

    @state.setter
    def state(self, value: str) -> None:
        self.properties["provisioningState"] = value

    def written(self) -> None:
        self.etag = f'"{uuid4()}"'


class Store:
    """The documents, and for each collection what lies in it, in order of creation."""

    def __init__(self, now: Callable[[], datetime] = _no_time) -> None:
        self._now = now
        self.resources: dict[str, Resource] = {}
        self.collections: dict[str, dict[str, Resource]] = {}
        self.lingering: dict[str, Resource] = {}

    def get(self, key: str) -> Resource | None:
        return self.resources.get(key.lower())

    def put(self, resource: Resource) -> Resource:
        key = resource.key
        resource.made = resource.made or self._now()
        self.resources[key] = resource
        self.collections.setdefault(parent_of(key), {})[key] = resource
        self.lingering.pop(key, None)
        return resource

    def remove(self, key: str) -> list[Resource]:
        """Remove a resource and everything under it; return what was removed."""
        key = key.lower()
        below = f"{key}/"
        removed = []
        for gone in [k for k in self.resources if k == key or k.startswith(below)]:
            resource = self.resources.pop(gone)
            self.collections[parent_of(gone)].pop(gone)
            if resource.stale_reads:
                self.lingering[gone] = resource
            removed.append(resource)
        return removed

    def within(self, collection: str) -> list[Resource]:
        return list(self.collections.get(collection.lower(), {}).values())

    def of_type(self, subscription: str, type_name: str) -> Iterator[Resource]:
        """Return a subscription's resources of one type, in all groups."""
        start, end = f"/subscriptions/{subscription}/".lower(), f"/providers/{type_name}".lower()
        return chain.from_iterable(
            list(members.values())
            for key, members in self.collections.items()
            if key.startswith(start) and key.endswith(end)
        )

    def under(self, scope: str) -> Iterator[Resource]:
        below = f"{scope.lower()}/"
        return (found for key, found in list(self.resources.items()) if key.startswith(below))

    def linger(self, key: str) -> Resource | None:
        """Return a deleted resource that reads still see, and count the read."""
        resource = self.lingering.get(key)
        if resource:
            resource.stale_reads -= 1
            if not resource.stale_reads:
                del self.lingering[key]
        return resource
