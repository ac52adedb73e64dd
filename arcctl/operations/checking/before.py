"""What connect, delete, move and upgrade ask before they begin, asked without beginning."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from arcctl.checks.azure import data_plane
from arcctl.checks.check import Answer, Check, asked, check, passed, skipped
from arcctl.checks.cluster import direct, reachable
from arcctl.checks.health import cluster, network, release, sign_in
from arcctl.clients.once import once
from arcctl.errors import ArcctlError, Refusal
from arcctl.model.finding import Finding, Verdict
from arcctl.model.plan import Fate
from arcctl.operations import proofs, standing
from arcctl.operations.request import ConnectRequest, DeleteRequest

if TYPE_CHECKING:
    from arcctl.checks.health.sight import HealthSight
    from arcctl.model.plan import Row
    from arcctl.operations.check import CheckRequest
    from arcctl.operations.world import World

_BY_HELM = (proofs.HELM, proofs.CHART)
# What a plan says alone: an option, or "add" one, with a reason behind a comma.
_OPTION = re.compile(r"(?:add )?(?P<option>--[a-z-]+(?: [^ ,]+)?)(?:, .*)?")
# Rows of a plan that say that something could not be looked at.
_UNREAD = frozenset({
    "unlooked",
    "policy-unchecked",
    "permissions-unread",
    "catalogue-unread",
    "graph-unread",
})  # fmt: skip


async def before(request: CheckRequest, sight: HealthSight, world: World) -> tuple[Finding, ...]:
    """Return the findings that the command itself would begin with."""
    if request.before == "move":
        return await _before_move(request, sight, world)
    checks = {"connect": _connect, "delete": _delete, "upgrade": _upgrade}[request.before](world)
    # The command would stop at a question that cannot be asked, so that is a failure here.
    here = await _helm_is_here(sight)
    strict = [replace(each, reaching=True) for each in checks]
    strict = [each if here or each.sentence not in _BY_HELM else _unasked(each) for each in strict]
    return tuple(await asyncio.gather(*(asked(e, sight, request.patience) for e in strict)))


async def _helm_is_here(sight: HealthSight) -> bool:
    """Nothing is downloaded to find out; a helm that does not work is for the questions about it."""
    from arcctl.clients.helm import finding

    try:
        return await finding.here(sight.clients.settings, lambda _note: None) is not None
    except ArcctlError:
        return True


def _unasked(asking: Check) -> Check:
    async def ask(_sight: HealthSight) -> Answer:
        return skipped("no helm is here yet; the command fetches one and asks then")

    return replace(asking, ask=ask)


# A run of which only what it holds is left has not finished either.
_ALSO = {"run-unfinished": ("journal-gone",)}


@check("nobody else is at work on this cluster", code="run-in-progress")
async def no_run_under_way(sight: HealthSight) -> Answer:
    """A move that goes on has put the agents to sleep, and wakes them itself."""
    return await _free_of("run-in-progress", sight)


@check("every run of arcctl on this cluster is finished", code="run-unfinished")
async def no_run(sight: HealthSight) -> Answer:
    """A move that was cut has left the agents asleep, and comes first."""
    return await _free_of("run-unfinished", sight)


async def _free_of(code: str, sight: HealthSight) -> Answer:
    error = await _held(sight)
    if error and error.code in (code, *_ALSO.get(code, ())):
        raise error
    return passed()


@once
async def _held(sight: HealthSight) -> Refusal | None:
    """Say what has the cluster; two questions share the answer."""
    from arcctl.operations.keeping.free import require_free

    try:
        await require_free(sight.clients)
    except Refusal as error:
        return error
    return None


RUNS = (no_run_under_way, no_run)


def _connect(world: World) -> tuple[Check, ...]:
    from arcctl.operations.connect import before_connect

    name, group = world.cluster.name, world.cluster.group
    asked = before_connect(ConnectRequest(name, group), world)
    return (sign_in.signed_in, *asked, network.helm, *RUNS)


def _delete(world: World) -> tuple[Check, ...]:
    @check("the cluster is the one behind the resource", code="AZK8S0406")
    async def belongs(sight: HealthSight) -> Answer:
        from arcctl.operations.delete import must_belong

        seen = await standing.look(sight)
        if seen.resource:
            standing.refuse_kind(seen.resource)
        await must_belong(asking, world, seen)
        return passed()

    asking = DeleteRequest(world.cluster.name, world.cluster.group)
    tools_of = proofs.before_delete(asking, world)
    return (sign_in.signed_in, reachable, direct, *RUNS, belongs, *tools_of)


@check("auto-upgrade is off", code="auto-upgrade-on")
async def upgraded_by_hand(sight: HealthSight) -> Answer:
    """Agents that upgrade themselves would undo the choice of a version (`connectedk8s.md` A.4)."""
    from arcctl.operations.upgrade import refuse_beside_auto_upgrade

    await refuse_beside_auto_upgrade(sight)
    return passed()


def _upgrade(world: World) -> tuple[Check, ...]:
    from arcctl.operations.changing import BEFORE_CHANGE

    return (
        sign_in.signed_in,
        *BEFORE_CHANGE,
        upgraded_by_hand,
        cluster.none_dying,
        release.finished,
        data_plane,
        network.registry,
        network.helm,
        *proofs.before_change(world),
        *RUNS,
    )


async def _before_move(
    request: CheckRequest, sight: HealthSight, world: World
) -> tuple[Finding, ...]:
    from arcctl.operations import move
    from arcctl.operations.moving import planning, preparation
    from arcctl.operations.moving.request import MoveRequest

    own = sight.cluster
    wanted = MoveRequest(own.name, own.group, own.subscription, request.target_region)
    quiet = replace(world, observer=lambda _event: None)
    if first := await unfinished_run(sight, request.patience):
        # What is in the middle of a run says nothing about a move that begins after it.
        return first
    try:
        await move.look(quiet)
        wanted = await preparation.completed(wanted, None, quiet)
        plan, _ = await planning.plan(wanted, quiet)
    except ArcctlError as error:
        return (_unplanned(error),)
    command = f"arcctl move {own.named}"
    return tuple(_finding(row, command, request.target_region) for row in plan.rows)


async def unfinished_run(sight: HealthSight, patience: float) -> tuple[Finding, ...]:
    """Return the finding of a run that is under way or has stopped part-way, if one is to be seen."""
    for each in RUNS:
        found = await asked(replace(each, reaching=True), sight, patience)
        if found.error is not None and found.error.code in (each.code, *_ALSO.get(each.code, ())):
            return (found,)
    return ()


def _unplanned(error: ArcctlError) -> Finding:
    sentence = "the move can be planned"
    return Finding(sentence, error.code, Verdict.FAIL, error.message, error.hints, error)


def _finding(row: Row, command: str, region: str) -> Finding:
    remedy = tuple(_typed(each, command, region) for each in row.remedy)
    return Finding(row.subject, row.code, _verdict(row), row.detail, remedy)


def _typed(remedy: str, command: str, region: str) -> str:
    """Give an option of `move`, which the plan names alone, the command that it belongs to."""
    found = _OPTION.fullmatch(remedy)
    if not found:
        return remedy
    option = found["option"]
    there = "" if option.startswith("--target-region") else f" --target-region {region}"
    return f"{command}{there} {option}"


def _verdict(row: Row) -> Verdict:
    if row.code in _UNREAD:
        return Verdict.SKIP
    verdicts = {Fate.BLOCKS: Verdict.FAIL, Fate.LOST: Verdict.WARN}
    return verdicts.get(row.fate, Verdict.PASS)
