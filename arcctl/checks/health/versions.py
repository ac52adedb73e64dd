"""Questions about versions and the window of support (`arc.md` A7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.checks.check import Answer, check, noted, passed, skipped, wrong
from arcctl.model.support import (
    A_MAJOR,
    NEWEST_AGENT,
    NEWEST_KUBERNETES,
    SUPPORTED_MINORS,
    minors_behind,
)

if TYPE_CHECKING:
    from arcctl.checks.health.sight import HealthSight


@check("the agents are in support", code="agents-outdated")
async def agents(sight: HealthSight) -> Answer:
    """T58: two minors back are supported."""
    resource = await sight.resource()
    properties = (resource or {}).get("properties") or {}
    onboarding = await sight.onboarding()
    version = properties.get("agentVersion") or (onboarding.agent_version if onboarding else "")
    behind = minors_behind(version or "", NEWEST_AGENT)
    if behind is None:
        return skipped("nobody knows the agents' version yet")
    if behind <= SUPPORTED_MINORS:
        return passed(version)
    automatic = (properties.get("arcAgentProfile") or {}).get("agentAutoUpgrade") != "Disabled"
    why = (
        "auto-upgrade is on and does not come through: it needs dl.k8s.io and the registry"
        if automatic
        else "auto-upgrade is off"
    )
    return wrong(
        f"agents {version} are {_far(behind)} behind {_written(NEWEST_AGENT)}",
        f"arcctl upgrade {sight.named}",
        why=why,
    )


@check("Kubernetes is in support", code="kubernetes-outdated")
async def kubernetes(sight: HealthSight) -> Answer:
    """Agents are tested with the newest Kubernetes and two minors back."""
    version = str((await sight.server_version()).get("gitVersion", ""))
    behind = minors_behind(version, NEWEST_KUBERNETES)
    if behind is None:
        return skipped(f"this is no version: {version!r}")
    if behind <= SUPPORTED_MINORS:
        return passed(version)
    return noted(
        f"Kubernetes {version.removeprefix('v')} is {_far(behind)} behind "
        f"{_written(NEWEST_KUBERNETES)}: support asks to upgrade it first",
        "upgrade the cluster, one minor at a time",
    )


def _far(behind: int) -> str:
    return f"{behind} minors" if behind < A_MAJOR else "a major version"


def _written(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


ASKED = (agents, kubernetes)
