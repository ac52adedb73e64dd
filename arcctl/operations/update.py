"""Change a connected cluster: what ARM keeps of it, and what its agents were given."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.checks.azure import HYBRID_COMPUTE, data_plane, registered
from arcctl.errors import NotFound, Refusal
from arcctl.flow.runner import run
from arcctl.model.helm_values import layered
from arcctl.model.installed import Aim
from arcctl.operations import proofs
from arcctl.operations.aftermath import Aftermath, telling
from arcctl.operations.agents import values as values_of
from arcctl.operations.agents.values import numbers
from arcctl.operations.changing import (
    alone,
    bring_about,
    confirm_benefit,
    installed,
    looking,
    manageable,
    not_elsewhere,
    refuse_issuer,
)
from arcctl.operations.keeping.free import require_free_here
from arcctl.operations.steps import looks, updating, waiting
from arcctl.operations.steps.agents import asking

if TYPE_CHECKING:
    from arcctl.flow.step import Move
    from arcctl.model.connected_cluster import Body
    from arcctl.model.helm_values import Values
    from arcctl.operations.request import UpdateRequest
    from arcctl.operations.steps.updating import Changing
    from arcctl.operations.world import World

# Older agents do not read what is changed here (`connectedk8s.md` B.3.10).
_SINCE = (1, 14, 0)
# The certificate stays: it may serve without a proxy as well.
_NO_PROXY = {"global": {"isProxyEnabled": False, "httpsProxy": "", "httpProxy": "", "noProxy": ""}}

_KEPT = "the resource keeps what was asked; the same command goes on"


@dataclass(frozen=True, slots=True)
class Updated:
    """The resource in the end, and whether anything had to be changed."""

    resource: Body
    changed: bool


async def update(request: UpdateRequest, world: World) -> Updated:
    """Make everything so that was asked for; what is so already is success."""
    asked = request.asked
    if request.reaches_agents:
        asking_first = (
            data_plane,
            *((registered(HYBRID_COMPUTE),) if asked.gateway else ()),
            proofs.values_file(asked.values_file),
            proofs.chart_of_agents(asked.charts, world),
        )
        await run(looking(world, *asking_first), world, world.observer)
        await _refuse(request, world)
    else:
        try:
            await run(_in_azure_alone(world), world, world.observer)
        except NotFound:
            # While it is moved it may be nowhere; the cluster is not asked.
            require_free_here(world.clients, world.cluster)
            raise
    confirm_benefit(asked, world)
    steps = _steps_in_azure(request)
    if request.reaches_agents:
        changed = await _with_agents(request, steps, world)
    else:
        changed = await _carried_out(steps, world)
    return Updated(world.resource, changed)


def _in_azure_alone(world: World) -> list[Move[World]]:
    """The cluster is not needed, and looked at only where a person has named it."""
    flags = world.clients.settings.flags
    if not (flags.kube_config or flags.kube_context):
        return [looks.Require((manageable,))]
    return [looks.NoRunUnderWay(), looks.Require((manageable, not_elsewhere))]


async def _refuse(request: UpdateRequest, world: World) -> None:
    resource = await world.sight.resource() or {}
    kind = request.asked.distribution or (resource.get("properties") or {}).get("distribution")
    refuse_issuer(request.asked, str(kind or ""))
    version = (await installed(world)).version
    if "-" not in version and numbers(version) < _SINCE:
        raise Refusal(
            f"agents {version} are too old to be updated so",
            code="agents-too-old",
            why="agents from 1.14.0 on can be",
            hints=f"arcctl upgrade {world.cluster.named}",
        )


def _steps_in_azure(request: UpdateRequest) -> list[Changing]:
    asked = request.asked
    steps: list[Changing] = [updating.Patch(asked)] if request.patches else []
    if asked.gateway or request.disable_gateway:
        steps.append(updating.Link(asked.gateway or ""))
    if request.reaches_agents:
        steps.append(updating.Rewrite(request))
    return steps


async def _with_agents(request: UpdateRequest, steps: list[Changing], world: World) -> bool:
    """Azure first, since its service makes the agents' values from what the resource says.

    Nobody else may change the agents in between, so the Lease is held before Azure is told.
    """
    async with AsyncExitStack() as held:
        if any([await step.observe(world) is None for step in steps]):
            await held.enter_async_context(alone(world, "update"))
        rewritten = await _carried_out(steps, world)
        with telling(lambda: Aftermath((_KEPT,))):
            changed = await _agents(request, world)
    if _settles(request):
        await run([waiting.UntilAgentState()], world, world.observer)
    world.resource = await (await world.clients.arm()).get(world.cluster.path)
    return rewritten or changed


async def _agents(request: UpdateRequest, world: World) -> bool:
    asked = request.asked
    service = await world.clients.data_plane()
    settings = await service.helm_settings(
        asking(asked, world.resource), region=await world.sight.region(), train=asked.train
    )
    change = _change(request, settings.values)
    was = await installed(world)
    path = asked.registry_override or settings.repository_path
    aim = Aim(was.version, change)
    return await bring_about(world, "update", aim, asked.charts, request.timeout, path)


def _change(request: UpdateRequest, given: dict[str, str]) -> Values:
    change = values_of.nested(given, values_of.protected(request.asked), known=True)
    if request.disable_proxy:
        change = layered(change, _NO_PROXY)
    return layered(change, values_of.from_file(request.asked.values_file))


def _settles(request: UpdateRequest) -> bool:
    """Whether the agents report that they have taken it up (trap 12)."""
    asked = request.asked
    issues = asked.oidc_issuer and not asked.self_hosted_issuer
    return bool(issues) or asked.workload_identity is not None


async def _carried_out(steps: list[Changing], world: World) -> bool:
    await run(steps, world, world.observer)
    return any(step.changed for step in steps)
