"""Plan a move: look at everything side by side, judge it, change nothing (`arm.md` 12)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING

from arcctl.checks.move.codes import CODES
from arcctl.checks.move.questions import in_order, rows_of
from arcctl.checks.move.verdicts import blocks, lost, noted
from arcctl.checks.sight import Sight
from arcctl.clients.finishing import stopped
from arcctl.errors import UsageError
from arcctl.model.bundle import Bundle, marked
from arcctl.model.plan import Fate, Plan
from arcctl.model.region import canonical
from arcctl.model.resource_id import CONNECTED_CLUSTERS
from arcctl.operations.agents.choices import leaves
from arcctl.operations.moving import tooling
from arcctl.operations.moving.observing import attached, chosen, digests, look, sight_of
from arcctl.operations.moving.planned_steps import planned
from arcctl.operations.secrets.in_cluster import in_cluster
from arcctl.operations.secrets.values import Resolved, resolve, ways_on
from arcctl.operations.steps import foreign
from arcctl.operations.steps.waiting import NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from arcctl.checks.move.sight import MoveSight
    from arcctl.model.configuration.child import Child
    from arcctl.model.connected_cluster import Body
    from arcctl.model.finding import Report as ToolsReport
    from arcctl.model.plan import Row
    from arcctl.operations.agents.choices import Choices
    from arcctl.operations.moving.request import MoveRequest
    from arcctl.operations.secrets.files import Given
    from arcctl.operations.world import World


async def plan(
    request: MoveRequest, world: World, given: Sequence[Given] = ()
) -> tuple[Plan, Bundle]:
    """Return what the move would do, and all that it must carry; only reads.

    `given` are protected settings that a person gave. Raises UsageError for an `--accept` that
    cannot be meant, and what the looks raise where cluster or Azure cannot be asked at all.
    """
    _judge_accept(request.accept)
    notes: list[str] = []
    same = world.sight.cluster == request.source
    source = world.sight if same else Sight(world.clients, request.source)
    sight = sight_of(request, source, notes.append)
    proved = asyncio.ensure_future(_tools(request, world, sight))
    try:
        rows, secrets, bundle, works = await asyncio.gather(
            rows_of(sight),
            _secrets(request, world, sight, given),
            _bundle(request, sight),
            proved,
        )
        values = await chosen(sight)
        seen = digests(await look(sight))
    except BaseException:
        # Whatever else was being looked at is of no use any more, and must not be left running.
        await stopped(proved)
        await asyncio.gather(sight.end(), sight.target.end(), sight.source.end())
        sight.source.forget()
        raise
    more = [*_of_secrets(secrets, request), *_of_values(values, request, bundle)]
    more += [*await _of_others(world, bundle), *_of_notes(notes)]
    steps, seconds = planned(request, bundle)
    lasting = await tooling.lasting(world, seconds)
    more += [row for report in (works, lasting) for row in tooling.rows_of(report)]
    made = Plan(
        source=request.source,
        target=request.target,
        from_region=bundle.region,
        to_region=request.region,
        rows=_accepted(in_order([*rows, *more]), request.accept),
        secrets=tuple(secrets.statuses),
        steps=steps,
        observed=seen,
        options=request.to_document(),
        made_at=bundle.looked_at,
        seconds=seconds,
    )
    return made, bundle


async def resolved(
    request: MoveRequest, world: World, children: Sequence[Child], given: Sequence[Given] = ()
) -> Resolved:
    """Return the values of the protected settings, from what was given and from the cluster."""
    found = list(given)
    if request.secrets_from_cluster:
        kubernetes = await world.clients.kubernetes()
        found += await in_cluster(kubernetes, children, world.domain)
    return resolve(children, found, request.waive)


async def _secrets(
    request: MoveRequest, world: World, sight: MoveSight, given: Sequence[Given]
) -> Resolved:
    found = await resolved(request, world, await sight.children(), given)
    found.require_meant()
    return found


async def _tools(request: MoveRequest, world: World, sight: MoveSight) -> ToolsReport:
    return await tooling.looked_at(request, world, await sight.resource())


async def _bundle(request: MoveRequest, sight: MoveSight) -> Bundle:
    resource, children, hanging, values, gateway, key = await asyncio.gather(
        sight.resource(),
        sight.children(),
        attached(sight),
        chosen(sight),
        sight.gateway(),
        sight.key_choice(),
    )
    arm = await sight.clients.arm()
    versions = {child.kind.resource_type: child.version for child in children}
    versions[CONNECTED_CLUSTERS] = arm.version_of(request.source.path)
    return Bundle(
        source=request.source,
        region=canonical(resource["location"]),
        resource=resource,
        children=children,
        agent_values=values.open,
        held=values.held_names,
        attached=hanging,
        versions=versions,
        looked_at=datetime.now(UTC).isoformat(timespec="seconds"),
        gateway=gateway,
        key=key.kind,
        mark=marked(resource),
    )


def _of_secrets(secrets: Resolved, request: MoveRequest) -> Iterator[Row]:
    ways = ways_on(secrets.missing, from_cluster=request.secrets_from_cluster)
    for each in secrets.statuses:
        place = f"{each.child}/{each.name}"
        match each.origin:
            case "missing":
                why = "Azure does not give it back"
                yield blocks("secret-missing", f"secret {place} is missing", why, *ways)
            case "waived":
                yield lost("secret-waived", f"secret {place}", "waived: it will not be set")
            case _:
                pass
    for note in secrets.notes:
        yield noted("secret-note", note)
    for note in secrets.surplus:
        yield noted("secret-surplus", note)


def _of_values(values: Choices, request: MoveRequest, bundle: Bundle) -> Iterator[Row]:
    """Name what is not carried, unless the resource says it too, so that the service gives it again."""
    features = _configurations(bundle.resource)
    gone = sorted(
        name
        for name, value in leaves(values.bound)
        if features.get(_feature(name), {}).get(name.lower()) != value
    )
    if not gone:
        return
    connect, again = f"arcctl connect {request.target.named}", []
    secret = [name for name in gone if _feature(name) in features]
    if secret:
        words = " ".join(f"{name}=VALUE" for name in secret)
        again.append(f"set them again: {connect} --config-protected {words}")
    if len(secret) < len(gone):
        file = "set them again, with HELMVALUESPATH naming a file of helm values"
        again.append(f"{file}: {connect}")
    what = "helm values that name the old region"
    yield lost("agent-values", what, ", ".join(gone), *again)


def _configurations(resource: Body) -> dict[str, dict[str, str]]:
    """Return feature → helm value → text, as the resource says them; secret ones it does not show."""
    said = (resource.get("properties") or {}).get("arcAgentryConfigurations") or ()
    return {
        (feature := str(each["feature"]).lower()): {
            f"{feature}.{name}".lower(): str(value)
            for name, value in (each.get("settings") or {}).items()
        }
        for each in said
    }


def _feature(name: str) -> str:
    return name.partition(".")[0].lower()


async def _of_others(world: World, bundle: Bundle) -> list[Row]:
    """What others keep in the agents' namespaces, which a move deletes and makes anew."""
    world.releases |= foreign.of_extensions(bundle.children)
    rows = []
    for space in NAMESPACES:
        if (found := await foreign.look(world, space)).foreign:
            why = f"it is deleted and made anew, and holds what is not Arc's: {found.said}"
            way = "move these to a namespace of their own"
            rows.append(blocks("namespace-shared", f"namespace {space} is shared", why, way))
    return rows


def _of_notes(notes: Iterable[str]) -> Iterator[Row]:
    for note in notes:
        yield noted("unlooked", note)


def _accepted(rows: Iterable[Row], accept: frozenset[str]) -> tuple[Row, ...]:
    return tuple(
        replace(row, accepted=True) if row.fate is Fate.BLOCKS and row.code in accept else row
        for row in rows
    )


def _judge_accept(accept: frozenset[str]) -> None:
    """Whoever lets something pass must have meant a thing that may pass."""
    acceptable = sorted(code.name for code in CODES.values() if code.acceptable)
    for each in sorted(accept):
        if each not in acceptable:
            known = each in CODES
            close = get_close_matches(each, acceptable, n=1)
            raise UsageError(
                f"--accept {each}: this can never pass"
                if known and CODES[each].blocks
                else f"--accept {each}: there is nothing of that name to let pass",
                code="accept",
                why=(
                    *(f"did you mean {name}?" for name in close),
                    f"what may: {', '.join(acceptable)}",
                ),
            )
