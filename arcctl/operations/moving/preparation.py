"""What comes before the first change of a move: the plan, its judgement, and the way out."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from arcctl.checks.move.verdicts import blocks
from arcctl.checks.sight import Sight
from arcctl.errors import ArcctlError, FindingsError, NotFound, Refusal, UsageError
from arcctl.flow.runner import run as carry
from arcctl.operations.agents.proxy import proxy_of_agents
from arcctl.operations.keeping.free import require_free
from arcctl.operations.moving import planning
from arcctl.operations.moving.request import MoveRequest
from arcctl.operations.moving.stored_plans import require_unmoved
from arcctl.operations.request import ConnectRequest
from arcctl.operations.secrets.files import read_secrets
from arcctl.operations.steps import diagnostics

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from arcctl.model.bundle import Bundle
    from arcctl.model.keys import KeyPair
    from arcctl.model.plan import Plan, Row
    from arcctl.operations.secrets.files import Given
    from arcctl.operations.secrets.values import Resolved
    from arcctl.operations.world import World


RUNS = ("run-in-progress", "run-unfinished")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A move that could begin: what a person decides on, what is saved, and the secrets."""

    plan: Plan
    bundle: Bundle
    secrets: Resolved
    key: KeyPair | None = None

    @property
    def question(self) -> str:
        """What a person says yes to."""
        plan = self.plan
        there = plan.to_region
        if plan.source != plan.target:
            there = f"{plan.target.name} ({plan.target.group}, {there})"
        return f"Move {plan.source.name} ({plan.source.group}) from {plan.from_region} to {there}?"

    def require_as(self, stored: Plan) -> None:
        """Raise FindingsError where the world has moved since `stored`."""
        require_unmoved(stored, self.plan, self.bundle.resource)

    def require(self) -> None:
        """Raise FindingsError where something blocks."""
        blocking = self.plan.blocking
        if not blocking:
            return
        many = f"{len(blocking)} things block" if len(blocking) > 1 else "1 thing blocks"
        raise FindingsError(
            f"{many} this move; nothing was changed",
            code=blocking[0].code,
            why=tuple(f"{row.subject}: {row.detail}  [{row.code}]" for row in blocking),
            hints=tuple(dict.fromkeys(each for row in blocking for each in row.remedy)),
        )


async def completed(
    request: MoveRequest, stored: Plan | None, world: World, typed: Collection[str] = ()
) -> MoveRequest:
    """Return the whole request: as a stored plan has it, or with the region that was left out.

    `typed` names the fields of `HOW` that were said: they are no part of what a plan shows.
    """
    if stored:
        return _as_planned(request, MoveRequest.from_document(stored.options), typed)
    if request.target_region:
        return request
    resource = await world.sight.resource_surely()
    if request.in_place or not resource:
        raise UsageError("move where?", hints="--target-region REGION")
    return replace(request, target_region=resource["location"])


def _as_planned(request: MoveRequest, planned: MoveRequest, typed: Collection[str]) -> MoveRequest:
    """Return what a plan was made for; UsageError `plan-other` where more than that was typed."""
    carry, anew = _commands(request, planned)
    if planned.public_key != request.public_key:
        brought = " --private-key FILE"
        raise UsageError(
            "the plan and this command do not speak of the same key",
            code="plan-other",
            why="the plan was made with a key of --private-key"
            if planned.public_key
            else "the plan was made without --private-key",
            hints=f"with the same key: {carry}{brought}"
            if planned.public_key
            else f"plan again: {anew}",
        )
    if not request.agrees_with(planned):
        raise UsageError(
            f"the plan is for {planned.source.name} in group {planned.source.group}, to "
            f"{planned.target.name} in {planned.region}, which is not what was typed",
            code="plan-other",
            hints=(f"as it was planned: {carry}", f"plan again: {anew}"),
        )
    if more := request.beside(planned):
        raise UsageError(
            f"{more[0]} is not part of the plan",
            code="plan-other",
            why=(*(f"nor is {each}" for each in more[1:]), "a plan is carried out as it was shown"),
            hints=(f"as it was planned: {carry}", f"plan again: {anew}"),
        )
    return replace(planned, **{name: getattr(request, name) for name in typed})


def _commands(request: MoveRequest, planned: MoveRequest) -> tuple[str, str]:
    """Return the commands that carry a plan out, and that make one for what was typed."""
    asked = replace(request, target_region=request.target_region or planned.target_region)
    carry = f"arcctl move {planned.source.named} --plan FILE"
    return carry, f"{asked.line} --dry-run --plan-out FILE"


def given(secrets_file: str | None, world: World) -> Sequence[Given]:
    """Read the protected settings that a person gives; once, since they may come through a pipe."""
    settings = world.clients.settings
    if not secrets_file:
        return ()
    return read_secrets(secrets_file, settings.environ, world.note, settings.streams.stdin)


async def prepare(
    request: MoveRequest, world: World, given: Sequence[Given], key: KeyPair | None = None
) -> Prepared:
    """Look at everything and change nothing; `world` is seen from the source, `key` is brought."""
    try:
        plan, bundle = await planning.plan(request, world, given)
    except NotFound as error:
        # While it is moved it may be nowhere.
        with as_finding():
            await require_free(world.clients)
        await _say_what_remains(error, world)
        raise
    if row := await _unfinished(world):
        # What else was seen is in the middle of that run: to act on it would be in its way.
        plan = replace(plan, rows=(row,))
    secrets = await planning.resolved(request, world, bundle.children, given)
    return Prepared(plan, bundle, secrets, key)


@contextmanager
def as_finding() -> Iterator[None]:
    """Raise FindingsError for a run that has the cluster: for a move that is always a finding.

    Exit 5, whether it stands in a plan or the resource is nowhere, so that no plan can be made.
    """
    try:
        yield
    except Refusal as error:
        if error.code not in RUNS:
            raise
        raise FindingsError(
            error.message, code=error.code, why=error.why, hints=error.hints
        ) from error


async def _say_what_remains(error: NotFound, world: World) -> None:
    """A resource that others have deleted leaves its agents here; another one may be missing."""
    with suppress(ArcctlError):
        if await (await world.clients.arm()).find(world.cluster.path) is not None:
            return
        here = await world.sight.onboarding()
        if here and here.cluster == world.cluster:
            named = world.cluster.named
            error.why = (*error.why, "its agents are still in this cluster, and nobody manages it")
            error.hints = (
                f"to connect it again: arcctl connect {named}",
                f"to remove its agents: arcctl delete {named} --cluster-only",
                *error.hints,
            )


async def anew(
    prepared: Prepared, outdated: FindingsError, world: World, given: Sequence[Given]
) -> Prepared:
    """Prepare the same move again, for a cluster that has become another one."""
    for each in (outdated.message, *outdated.why):
        world.warn(each)
    world.sight.forget()
    request = MoveRequest.from_document(prepared.plan.options)
    return await prepare(request, world, given, prepared.key)


async def _unfinished(world: World) -> Row | None:
    """Return the row of a run that is under way here, or has stopped: it comes before any other."""
    try:
        await require_free(world.clients)
    except Refusal as error:
        told = (error.message, "; ".join(error.why), *error.hints)
        if error.code == "run-in-progress":
            return blocks("run-in-progress", *told)
        return blocks("run-unfinished", *told)
    except ArcctlError:
        return None  # the plan's own looks say that the cluster cannot be asked
    return None


async def agree(prepared: Prepared, request: MoveRequest, world: World) -> None:
    """Ask for a yes, then try the way out where the request wants that."""
    world.confirm(prepared.question)
    if request.diagnostics:
        await _try_the_way_out(request, world)


async def _try_the_way_out(request: MoveRequest, world: World) -> None:
    """Run the diagnostics job for the target region, through the proxy that the agents use.

    It is the one look that writes to the cluster, so no plan makes it; it is swept at once.
    """
    proxy = await proxy_of_agents(world)
    asked = ConnectRequest(request.target.name, request.target.group, request.region, proxy=proxy)
    there = replace(
        world,
        cluster=request.target,
        sight=Sight(world.clients, request.target, request.region),
    )
    await carry([diagnostics.Diagnose(asked), diagnostics.Sweep()], there, world.observer)
