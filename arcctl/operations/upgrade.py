"""Upgrade the agents of a cluster that does not upgrade itself (`connectedk8s.md` B.4)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from arcctl.errors import ClusterError, Refusal
from arcctl.flow.runner import run
from arcctl.model.installed import Aim
from arcctl.operations.agents.values import AgentChart, numbers
from arcctl.operations.changing import bring_about, chart_path, installed, looking
from arcctl.operations.steps.agents import chart_reference

if TYPE_CHECKING:
    from arcctl.checks.sight import Sight
    from arcctl.model.helm_values import Values
    from arcctl.model.installed import Installed
    from arcctl.operations.request import UpgradeRequest
    from arcctl.operations.world import World

_PROXIES = ("httpsProxy", "httpProxy", "noProxy")


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The agents' version before and after; the same where nothing had to be done."""

    old: str
    new: str


async def upgrade(request: UpgradeRequest, world: World) -> Upgraded:
    """Bring the agents to the version that was asked for, or to the newest one of the train."""
    await run(looking(world), world, world.observer)
    await refuse_beside_auto_upgrade(world.sight)
    was = await installed(world)
    path = await chart_path(world, request.charts)
    version = request.version or chart_reference(path)[1]
    if numbers(version) < numbers(was.version):
        world.warn(f"{version} is older than the agents, which are {was.version}")
    aim = Aim(version, await _mended(request, world, was, version))
    await bring_about(world, "upgrade", aim, request.charts, request.timeout, path)
    return Upgraded(was.version, version)


async def refuse_beside_auto_upgrade(sight: Sight) -> None:
    """Raise Refusal where the agents choose their version themselves."""
    onboarding = await sight.onboarding()
    if not onboarding or not onboarding.auto_upgrade:
        return
    cluster = sight.cluster.named
    raise Refusal(
        f"the agents of {sight.cluster.name} upgrade themselves",
        code="auto-upgrade-on",
        why="what is upgraded by hand beside that would be changed again within the hour",
        hints=(
            f"arcctl update {cluster} --auto-upgrade false",
            f"their version: arcctl show {cluster}",
        ),
    )


async def _mended(request: UpgradeRequest, world: World, was: Installed, version: str) -> Values:
    """Return what another chart needs besides the values that the agents were given."""
    known: Values = was.effective.get("global") or {}
    mended: Values = {}
    if "isProxyEnabled" not in known and any(known.get(name) for name in _PROXIES):
        mended["isProxyEnabled"] = True
    if known.get("kubernetesDistro") == "default":
        mended["kubernetesDistro"] = "generic"
    if not known.get("kubernetesInfra"):
        mended["kubernetesInfra"] = "generic"
    chart = AgentChart(Path(), version, {}, request.charts.train)
    if chart.takes_key_as_value and not known.get("onboardingPrivateKey"):
        mended["onboardingPrivateKey"] = await _key(world)
    return {"global": mended} if mended else {}


async def _key(world: World) -> str:
    """An older chart writes the Secret from a value, and would write an empty one without it."""
    key = await world.sight.key()
    if key is None:
        raise ClusterError(
            "the cluster has lost the private key by which it proves who it is",
            code="key-missing",
            hints=f"arcctl connect {world.cluster.named}",
        )
    return key.private.reveal()
