"""A cluster and a resource as they might be seen, said outright."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from arcctl.checks.sight import Sight
from arcctl.model.resource_id import ClusterId

if TYPE_CHECKING:
    from arcctl.clients import Clients
    from arcctl.model.keys import KeyPair
    from arcctl.model.onboarding import Onboarding, Release

HARBOR = ClusterId("s-1", "edge", "harbor")


@dataclass
class Azure:
    """Resources by path; an error stands for a question that is not answered."""

    resources: dict[str, Any] = field(default_factory=dict)

    async def arm(self) -> Azure:
        """Be the client of ARM too."""
        return self

    async def find(self, path: str) -> Any:
        """Return the resource, None, or raise what is there instead."""
        found = self.resources.get(path)
        if isinstance(found, Exception):
            raise found
        return found

    async def find_surely(self, path: str) -> Any:
        """Look twice at what does not change."""
        return await self.find(path)

    find_again = find_surely


class Seen(Sight):
    """A Sight whose looks have been taken."""

    def __init__(
        self,
        *,
        release: Release | None = None,
        onboarding: Onboarding | None = None,
        key: KeyPair | None = None,
        resources: dict[str, Any] | None = None,
        tenant: str | None = "t-1",
        region: str | None = None,
    ) -> None:
        self.azure = Azure(resources or {})
        super().__init__(cast("Clients", self.azure), HARBOR, region)
        self._witnesses = (release, onboarding, key, tenant)

    async def release(self) -> Release | None:
        """Helm's record."""
        return self._witnesses[0]

    async def onboarding(self) -> Onboarding | None:
        """The ConfigMap."""
        return self._witnesses[1]

    async def key(self) -> KeyPair | None:
        """The Secret."""
        return self._witnesses[2]

    async def tenant(self) -> str | None:
        """Who is signed in."""
        return self._witnesses[3]

    async def resource(self) -> Any:
        """ARM's answer for harbor."""
        return await self.azure.find(self.cluster.path)
