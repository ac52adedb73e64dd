"""What a cluster believes about its own connection (`connectedk8s.md` C.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.errors import ClusterError
from arcctl.model.cluster import RELEASE
from arcctl.model.region import canonical
from arcctl.model.resource_id import ClusterId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Onboarding:
    """The names in ConfigMap `azure-clusterconfig`, or in the release's values without it."""

    cluster: ClusterId
    tenant: str
    region: str
    agent_version: str = ""
    auto_upgrade: bool = False
    """Whether the agents upgrade themselves, as far as this witness tells"""

    @classmethod
    def from_map(cls, data: Mapping[str, str]) -> Onboarding | None:
        """Read the ConfigMap's data; None where it does not name a resource."""
        return cls._from(data, "AZURE_{}".format)

    @classmethod
    def from_values(cls, values: Mapping[str, object]) -> Onboarding | None:
        """Read the `global` values of the agents' release, the next best witness."""
        spelled = {
            "SUBSCRIPTION_ID": "subscriptionId",
            "RESOURCE_GROUP": "resourceGroupName",
            "RESOURCE_NAME": "resourceName",
            "TENANT_ID": "tenantId",
            "REGION": "location",
        }
        data = {key: str(value) for key, value in values.items()}
        return cls._from(data, spelled.__getitem__)

    @classmethod
    def _from(cls, data: Mapping[str, str], spell: Callable[[str], str]) -> Onboarding | None:
        named = [
            data.get(spell(key)) for key in ("SUBSCRIPTION_ID", "RESOURCE_GROUP", "RESOURCE_NAME")
        ]
        if not all(named):
            return None
        return cls(
            ClusterId(*map(str, named)),
            tenant=data.get(spell("TENANT_ID"), ""),
            region=canonical(data.get(spell("REGION"), "")),
            agent_version=data.get("AZURE_ARC_AGENT_VERSION", ""),
            auto_upgrade=data.get("AZURE_ARC_AUTOUPDATE", "").lower() == "true",
        )

    def contradicts(self, cluster: ClusterId, *, tenant: str | None) -> bool:
        """Tell whether this names another resource; a tenant nobody knows cannot contradict."""
        if self.cluster != cluster:
            return True
        return bool(tenant and self.tenant) and self.tenant.lower() != (tenant or "").lower()


def unreadable(release: str, namespace: str, why: str) -> ClusterError:
    """Build the error for a record of helm's that helm has not written."""
    return ClusterError(
        f"helm's record of release {release} in namespace {namespace} cannot be read",
        code="release-unreadable",
        why=why,
        hints=f"helm history {release} -n {namespace}",
    )


@dataclass(frozen=True, slots=True)
class Release:
    """Helm's newest record of the agents: `status` is Helm's word (deployed, failed, pending-…)."""

    namespace: str
    revision: int
    status: str
    name: str = RELEASE

    @classmethod
    def read(cls, metadata: Mapping[str, Any], name: str = RELEASE) -> Release:
        """Read the metadata of helm's Secret; raise ClusterError `release-unreadable`."""
        namespace, labels = str(metadata.get("namespace", "")), metadata.get("labels") or {}
        number = str(labels.get("version", "0"))
        if not (number.isascii() and number.isdecimal() and len(number) <= _DIGITS):
            raise unreadable(name, namespace, "its label version is no number")
        return cls(namespace, int(number), str(labels.get("status", "unknown")), name)

    @property
    def unfinished(self) -> bool:
        """Whether a helm that was killed left this behind, in the middle of its work."""
        return self.status.startswith("pending") or self.status == "uninstalling"

    @property
    def record(self) -> str:
        """The path of the Secret in which helm keeps it."""
        name = f"sh.helm.release.v1.{self.name}.v{self.revision}"
        return f"/api/v1/namespaces/{self.namespace}/secrets/{name}"
