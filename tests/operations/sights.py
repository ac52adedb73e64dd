"""A cluster and a resource as they might be seen, said outright."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from arcctl.checks.sight import Sight
from arcctl.model.resource_id import ClusterId
from arcctl.settings import Settings

if TYPE_CHECKING:
    from arcctl.clients import Clients
    from arcctl.model.keys import KeyPair
    from arcctl.model.onboarding import Onboarding, Release

HARBOR = ClusterId("s-1", "edge", "harbor")


@dataclass
class Azure:
    """Resources by path; an error stands for a question that is not answered."""

    resources: dict[str, Any] = field(default_factory=dict)
    settings: Settings = field(default_factory=lambda: Settings(environ={}))

    async def arm(self) -> Azure:
        """Be the client of ARM too."""
        return self

    async def find(self, path: str) -> Any:
        """Return the resource, None, or raise what is there instead."""
        found = self.resources.get(path)
        if isinstance(found, Exception):
            raise found
        return found

    find_once = find_again = find


STARTED = "2026-01-01T08:00:00Z"
HEARD = "2026-01-01T09:00:00Z"


def pod(started: str = STARTED) -> dict[str, Any]:
    """An agent's pod that is ready since a moment."""
    return {
        "metadata": {"name": "config-agent-7c1d"},
        "status": {
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"state": {"running": {"startedAt": started}}}],
        },
    }


def named(onboarding: Onboarding) -> dict[str, Any]:
    """The ConfigMap of such a cluster."""
    values = {
        "AZURE_SUBSCRIPTION_ID": onboarding.cluster.subscription,
        "AZURE_RESOURCE_GROUP": onboarding.cluster.group,
        "AZURE_RESOURCE_NAME": onboarding.cluster.name,
        "AZURE_TENANT_ID": onboarding.tenant,
        "AZURE_REGION": onboarding.region,
    }
    return {"data": values}


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
        pods: tuple[dict[str, Any], ...] = (pod(),),
    ) -> None:
        self.azure = Azure(resources or {})
        super().__init__(cast("Clients", self.azure), HARBOR, region)
        self._witnesses = (release, onboarding, key, tenant)
        self._pods = pods

    async def release(self) -> Release | None:
        """Helm's record."""
        return self._witnesses[0]

    async def onboarding(self) -> Onboarding | None:
        """The ConfigMap."""
        return self._witnesses[1]

    async def key(self) -> KeyPair | None:
        """The Secret."""
        return self._witnesses[2]

    async def config_map(self) -> Any:
        """As a ConfigMap."""
        return named(self._witnesses[1]) if self._witnesses[1] else None

    async def named_by_release(self) -> Onboarding | None:
        """The release says the same as the ConfigMap."""
        return self._witnesses[1] if self._witnesses[0] else None

    async def key_secret(self) -> Any:
        """The Secret of the key."""
        return {"metadata": {}} if self._witnesses[2] else None

    async def deployments(self) -> list[Any]:
        """None are looked at where pods are."""
        return []

    async def pods(self) -> list[Any]:
        """The agents."""
        return list(self._pods)

    async def tenant(self) -> str | None:
        """Who is signed in."""
        return self._witnesses[3]

    async def resource(self) -> Any:
        """ARM's answer for harbor."""
        return await self.azure.find(self.cluster.path)
