"""What a person asked for, read and judged before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from arcctl.model.secret import Secret


@dataclass(frozen=True, slots=True)
class Proxy:
    """How the agents reach the internet; None is "not said". `certificate` is a file's content."""

    https: Secret | None = None
    http: Secret | None = None
    skip_range: str | None = None
    certificate: Secret | None = None

    def __bool__(self) -> bool:
        return any((self.https, self.http, self.skip_range, self.certificate))


@dataclass(frozen=True, slots=True)
class Charts:
    """Where the agents' chart comes from, as the peer's variables say (`connectedk8s.md` D.1)."""

    train: str = "stable"
    registry: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectRequest:
    """The flags of `connect` (`connectedk8s.md` A.2); None is "not said", so it changes nothing."""

    name: str
    group: str
    region: str | None = None
    tags: dict[str, str] | None = None
    distribution: str | None = None
    distribution_version: str | None = None
    infrastructure: str | None = None
    azure_hybrid_benefit: str | None = None
    auto_upgrade: bool | None = None
    proxy: Proxy = field(default_factory=Proxy)
    custom_locations_oid: str | None = None
    private_link: bool | None = None
    private_link_scope: str | None = None
    gateway: str | None = None
    oidc_issuer: bool | None = None
    self_hosted_issuer: str | None = None
    workload_identity: bool | None = None
    container_log_path: str | None = None
    settings: dict[str, dict[str, str]] = field(default_factory=dict)
    protected_settings: dict[str, dict[str, Secret]] = field(default_factory=dict)
    onboarding_timeout: int = 1200
    wait: bool = True
    diagnostics: bool = True
    adopt: bool = False
    private_key: Secret | None = None
    new_key: bool = False
    register_providers: bool = False
    values_file: Path | None = None
    train: str = "stable"
    chart_override: str | None = None
    registry_override: str | None = None

    @property
    def charts(self) -> Charts:
        """Where the agents' chart comes from."""
        return Charts(self.train, self.registry_override, self.chart_override)

    @property
    def reaches_helm(self) -> bool:
        """Whether any flag ends in the agents' helm values, beyond what names the resource."""
        return bool(
            self.proxy
            or self.custom_locations_oid
            or self.gateway
            or self.container_log_path
            or self.settings
            or self.protected_settings
            or self.values_file
            or self.chart_override
            or self.registry_override
            or self.auto_upgrade is not None
            or self.private_link is not None
            or self.oidc_issuer is not None
            or self.workload_identity is not None
        )


@dataclass(frozen=True, slots=True)
class DeleteRequest:
    """The flags of `delete` (`connectedk8s.md` A.5), and what arcctl adds."""

    name: str
    group: str
    force: bool = False
    wait: bool = True
    azure_only: bool = False
    cluster_only: bool = False
    skip_cluster_check: bool = False


@dataclass(frozen=True, slots=True)
class FeaturesRequest:
    """The flags of `enable-features` and `disable-features` (`connectedk8s.md` A.6)."""

    name: str
    group: str
    features: tuple[str, ...]
    custom_locations_oid: str | None = None
    skip_azure_rbac_list: str | None = None
    timeout: int = 300
    charts: Charts = field(default_factory=Charts)


@dataclass(frozen=True, slots=True)
class UpgradeRequest:
    """The flags of `upgrade` (`connectedk8s.md` A.4); without a version the train's newest."""

    name: str
    group: str
    version: str | None = None
    timeout: int = 600
    charts: Charts = field(default_factory=Charts)


@dataclass(frozen=True, slots=True)
class UpdateRequest:
    """The flags of `update` (`connectedk8s.md` A.3): asked as `connect` would, and taken away."""

    asked: ConnectRequest
    disable_proxy: bool = False
    disable_gateway: bool = False
    timeout: int = 300

    @property
    def patches(self) -> bool:
        """Whether a PATCH changes something that the agents need not know."""
        asked = self.asked
        plain = (asked.tags, asked.distribution, asked.distribution_version)
        return any(each is not None for each in (*plain, asked.azure_hybrid_benefit))

    @property
    def reaches_agents(self) -> bool:
        """Whether the agents must learn of it, so that the cluster is needed."""
        asked = self.asked
        chosen = (asked.auto_upgrade, asked.oidc_issuer, asked.workload_identity)
        return (
            any(each is not None for each in chosen)
            or self.disable_proxy
            or self.disable_gateway
            or bool(asked.proxy or asked.gateway or asked.container_log_path)
            or bool(asked.settings or asked.protected_settings)
        )
