"""What Azure remembers of things that are gone (`arm.md` 12.2, 14.2).

A name of a role assignment is not free at once, a deleted identity is no principal any more, an
id may be taken for a while, and Resource Graph hears of everything late.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arcctl.sandbox.azure.store import Resource

NAME_CONFLICT = timedelta(minutes=10)
_ROLE_ASSIGNMENT = "microsoft.authorization/roleassignments"


@dataclass(slots=True)
class Memory:
    """`names` and `reserved` tell until when; `principals` are those that no longer exist."""

    names: dict[str, datetime] = field(default_factory=dict)
    principals: set[str] = field(default_factory=set)
    reserved: dict[str, datetime] = field(default_factory=dict)
    gone: list[tuple[datetime, Resource]] = field(default_factory=list)

    def note(self, resource: Resource, now: datetime, *, whole: bool) -> None:
        """Remember a resource that has just been removed; `whole` where somebody still sees it."""
        if whole:
            self.gone.append((now, resource))
        if str(resource.body.get("type", "")).lower() == _ROLE_ASSIGNMENT:
            self.names[resource.key.rpartition("/")[2]] = now + NAME_CONFLICT
        if principal := (resource.body.get("identity") or {}).get("principalId"):
            self.principals.add(principal)

    def reserve(self, key: str, until: datetime) -> None:
        """Keep an id from being used again before its time."""
        self.reserved[key.lower()] = until

    def is_reserved(self, key: str, now: datetime) -> bool:
        until = self.reserved.get(key.lower())
        return until is not None and now < until

    def blocks_name(self, name: str, now: datetime) -> bool:
        """Tell whether the name of a deleted role assignment still conflicts."""
        until = self.names.get(name.lower())
        return until is not None and now < until
