"""The end of a move: everything is listed again and compared with what was saved (`arm.md` 8.4)."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from arcctl import __version__
from arcctl.errors import AzureError
from arcctl.flow.step import Step
from arcctl.model.configuration.adjusting import adjusted
from arcctl.model.configuration.comparing import compare
from arcctl.model.configuration.forms import PROTECTED
from arcctl.model.connected_cluster import public_key
from arcctl.model.declared import Declared
from arcctl.model.report import Changed, Report
from arcctl.model.run import durations
from arcctl.operations.configuration.children import children_of
from arcctl.operations.moving import repeated, unseen
from arcctl.operations.moving.found_again import found_again
from arcctl.operations.moving.late_look import LATE
from arcctl.operations.moving.likeness import differing, unlike
from arcctl.operations.moving.made_again import PRINCIPALS, made_again
from arcctl.operations.moving.worlds import Moving
from arcctl.operations.moving.written_since import CARRIED
from arcctl.operations.steps.attached import left
from arcctl.operations.steps.pieces import looked_at, pieces
from arcctl.operations.steps.policy_identities import name_their_roles
from arcctl.operations.steps.proving_agents import agents_now
from arcctl.operations.steps.seeing import linked_gateway
from arcctl.operations.steps.workloads import outlived

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from arcctl.model.configuration.child import Child
    from arcctl.model.configuration.comparing import Comparison, Difference
    from arcctl.operations.steps.proving_agents import Agents

_PAUSES = (0.5, 1.0, 2.0)


class LearnIdentities(Step[Moving]):
    """The journal knows the new identities, to which what was granted to the old ones goes over."""

    name = "learn-identities"

    async def do(self, world: Moving, tell: Callable[[str], None]) -> str:
        found = await _identities(world)
        for pause in _PAUSES:
            if not (lacking := _with_roles(world).keys() - found.keys()):
                break
            tell(f"Azure shows no identity yet: {', '.join(sorted(lacking))}")
            await asyncio.sleep(pause)
            found = await _identities(world)
        await world.run.journal.fact(PRINCIPALS, found)
        for key, old in _with_roles(world).items():
            if key in found:
                continue
            world.leave(
                f"Azure shows no new identity of {key}, so roles of the old one were not given again: "
                f"az role assignment list --all --assignee {old}"
            )
        return f"{len(found)} identities"


async def _identities(world: Moving) -> dict[str, str]:
    """Return who each identity is now, by the key of its child or `resource`."""
    arm = await world.clients.arm()
    world.resource = await arm.get(world.cluster.path)
    found = {
        child.key: child.state.get("principalId")
        for child in await children_of(arm, world.cluster, newer=False)
    }
    found["resource"] = (world.resource.get("identity") or {}).get("principalId")
    return {key: str(principal) for key, principal in found.items() if principal}


def _with_roles(world: Moving) -> dict[str, str]:
    """Return the saved identities that have roles which are to be given to their successors."""
    attached = world.bundle.attached
    follow = attached.identity_assignments if world.request.reassign_identities else ()
    named = {each["properties"]["principalId"] for each in (*attached.role_assignments, *follow)}
    old = {
        child.key: str(child.state.get("principalId"))
        for child in world.bundle.children
        if child.carried and child.key not in world.waived
    }
    old["resource"] = str((world.bundle.resource.get("identity") or {}).get("principalId"))
    return {key: principal for key, principal in old.items() if principal in named}


class Prove(Step[Moving]):
    """What is there now is what was saved, or the report says what is not."""

    name = "prove"
    title = "proof"
    intent = "compare"
    note = "the proof"
    estimate = 5

    async def do(self, world: Moving, tell: Callable[[str], None]) -> str:
        world.resource = await (await world.clients.arm()).get(world.cluster.path)
        before = [child for child in world.bundle.children if child.carried]
        saved = [_fitted(world, child) for child in before]
        now, comparison = await _compared(world, saved)
        _look_for_what_was_left_alone(world, now)
        restored = await _look_for_what_hung_on_it(world)
        gateway = await _look_for_the_gateway(world)
        agents, deployed = await agents_now(world), await outlived(world)
        report = world.report = Report(
            run=world.run.id,
            source=world.bundle.source,
            target=world.cluster,
            from_region=world.bundle.region,
            to_region=world.request.region,
            carried=(*_carried(world, comparison, agents), *gateway),
            restored=restored,
            late=tuple(world.run.journal.fact_since_the_turn(CARRIED, ())),
            changed=(
                *_changed(world),
                *map(_as_changed, (*compare(before, saved).changed, *comparison.expected)),
                *agents.changed,
            ),
            differences=(
                *_differences(world, comparison),
                *made_again(world, now),
                *agents.differences,
                *deployed.differences,
            ),
            left=(*world.left, *world.run.journal.fact_since_the_turn(LATE, ())),
            lost=tuple(repeated.lost(world)),
            reminders=tuple(repeated.by_hand(world)),
            let_go=tuple(_let_go(world, comparison)),
            accepted=tuple(sorted(world.request.accept)),
            waived=tuple(sorted(world.request.waive)),
            files=tuple(_declared(world).snippets()),
            unmanaged=_unmanaged(world),
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            not_looked=(*_not_looked(world), *agents.not_looked, *deployed.not_looked),
            last_look=unseen.last_look(world),
            who=await _who(world),
            versions=_versions(world),
            steps=tuple(durations(world.run.journal.entries).items()),
            back=world.turned,
        )
        return _summary(report, len(saved))


def _summary(report: Report, children: int) -> str:
    """Say what the proof has found; "nothing was lost" only where that is so."""
    several = (
        (report.let_go, "let go"),
        (report.differences, "different"),
        (report.left, "left to do"),
    )
    found = [f"{len(each)} {word}" for each, word in several if each]
    if found:
        return ", ".join(found)
    whole = f"{children} children and the resource are as they were"
    if report.not_looked:
        return f"{whole}, but not everything could be looked at"
    return (
        f"nothing was lost that a move can carry: {whole}"
        if not report.lost
        else f"as planned: {whole}"
    )


async def _compared(world: Moving, saved: Sequence[Child]) -> tuple[Sequence[Child], Comparison]:
    """Return what there is now, and how it compares; raise AzureError where something is missing.

    An answer may lag behind, so what is missing is looked for again, and what is different is read
    again, the resource too. Missing for good, it is no end of the run: whoever takes it up puts it
    back.
    """
    arm = await world.clients.arm()
    missing: list[str] = []
    for pause in (*_PAUSES, None):
        now = await children_of(arm, world.cluster, newer=False)
        comparison = compare(saved, [child for child in now if child.carried])
        missing = [key for key in comparison.missing if key not in world.waived]
        if not missing and (pause is None or not any(_differences(world, comparison))):
            return now, comparison
        if pause is None:
            break
        await asyncio.sleep(pause)
        world.resource = await arm.get(world.cluster.path)
    # Its secrets are asked for again, and it is sent again.
    await world.run.journal.failed("children-well", f"missing at the end: {', '.join(missing)}")
    again = f"arcctl resume {world.run.id}"
    raise AzureError(
        f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not there at the end of the move",
        code="proof-incomplete",
        why="each was put back, and something has removed it since",
        hints=(
            again,
            f"to go on without it: {again} --waive-child {missing[0]}",
        ),
    )


def _look_for_what_was_left_alone(world: Moving, now: Sequence[Child]) -> None:
    """What another service makes again must be seen again, or the report names it."""
    there = {child.key.casefold() for child in now}
    for child in world.bundle.children:
        if not child.carried and child.key.casefold() not in there:
            world.leave(
                f"{child.key} was left to the service that makes it, and is not there again: "
                f"arcctl config list {world.cluster.named}"
            )


async def _look_for_what_hung_on_it(world: Moving) -> tuple[str, ...]:
    """What was put back must be there, as it was; an answer of Azure is no proof of it.

    Return what is, by the words that a person knows it by.
    """
    await name_their_roles(world)
    known = tuple(world.left)
    seen = await looked_at(world, pieces(world), surely=True)
    for each in seen:
        _, _, words = each.piece
        # One that Azure has refused, or that others have put there, was told when it was found.
        if each.trouble and not any(line.startswith(words) for line in known):
            world.leave(left(world, each))
    return tuple(each.piece[2] for each in seen if each.same)


async def _look_for_the_gateway(world: Moving) -> tuple[str, ...]:
    """The link to the Arc gateway must be there, too (`arm.md` 9); return it where it was before."""
    wanted = world.request.gateway or world.bundle.gateway
    if not wanted:
        return ()
    name = wanted.rpartition("/")[2]
    if await linked_gateway(world) != wanted.casefold():
        world.leave(
            f"the link to the Arc gateway {name} is not as it was: "
            f"arcctl update {world.cluster.named} --gateway-resource-id {wanted}"
        )
        return ()
    stays = wanted.casefold() == world.bundle.gateway.casefold()
    return (f"Arc gateway {name}",) if stays else ()


def _not_looked(world: Moving) -> Iterator[str]:
    yield from repeated.not_looked(world)
    yield from unseen.rows(world)


def _let_go(world: Moving, comparison: Comparison) -> Iterator[str]:
    """Yield the children that a person has let go and that are not as they were."""
    differing = {*comparison.missing, *(each.child for each in comparison.changed)}
    yield from sorted(world.waived & differing)


async def _who(world: Moving) -> str:
    claims = await (await world.clients.identity()).whoami()
    who = claims.get("upn") or claims.get("preferred_username") or claims.get("appid")
    return str(who or "with a token")


def _versions(world: Moving) -> dict[str, str]:
    agents = _at(world.resource, ("properties", "agentVersion"))
    kubernetes = _at(world.resource, ("properties", "kubernetesVersion"))
    begun = world.run.header.arcctl
    found = {"arcctl": __version__, "agents": agents, "kubernetes": kubernetes, "begun by": begun}
    return {name: str(value) for name, value in found.items() if value}


def _fitted(world: Moving, child: Child) -> Child:
    """Return what was written: settings that named the old region name the new one, rightly so."""
    return adjusted(child, world.bundle.region, world.request.region).child


def _carried(world: Moving, comparison: Comparison, agents: Agents) -> Iterator[str]:
    changed = {each.child for each in comparison.changed if not _is_waived(world, each)}
    broken, fields = {*comparison.missing, *changed}, differing(world, world.resource)
    yield from found_again(world, broken, fields, agents=agents.as_left)


def _changed(world: Moving) -> Iterator[Changed]:
    if world.bundle.region != world.request.region:
        yield Changed("location", world.bundle.region, world.request.region)
    if _declared(world).new_key:
        known = (public_key(each) for each in (world.bundle.resource, world.resource))
        yield Changed(
            "public key", *(hashlib.sha256(each.encode()).hexdigest()[:16] for each in known)
        )
    for subject, path in (
        ("managed identity", ("identity", "principalId")),
        ("agents", ("properties", "agentVersion")),
        ("OIDC issuer", ("properties", "oidcIssuerProfile", "issuerUrl")),
    ):
        before, after = (_at(each, path) for each in (world.bundle.resource, world.resource))
        if before != after and before:
            yield Changed(subject, str(before), str(after or "none"))


def _declared(world: Moving) -> Declared:
    """What a Terraform or Bicep file of the cluster must say now."""
    bundle, request = world.bundle, world.request
    new = public_key(bundle.resource) != public_key(world.resource)
    return Declared(bundle.source, request.target, bundle.region, request.region, new)


def _at(body: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        body = (body or {}).get(name)
    return body


def _as_changed(difference: Difference) -> Changed:
    subject = f"{difference.child} {difference.field}"
    if difference.field == "principalId":
        subject = f"identity of {difference.child}"
    return Changed(subject, str(difference.left), str(difference.right))


def _differences(world: Moving, comparison: Comparison) -> Iterator[str]:
    yield from unlike(world, world.resource)
    for key in comparison.surplus:
        yield f"{key} was not there before"
    for each in comparison.changed:
        if _is_waived(world, each) or each.child in world.waived:
            continue
        yield f"{each.child} {each.field}: was {each.left!r}, is {each.right!r}"


def _is_waived(world: Moving, difference: Difference) -> bool:
    """A secret that is missing by decision is told as such, and is no difference."""
    kind, _, key = difference.field.partition(".")
    name = difference.child.partition("/")[2]
    said = {f"{difference.child}/{key}".casefold(), f"{name}/{key}".casefold()}
    waived = {each.casefold() for each in world.request.waive}
    return kind == PROTECTED and bool(said & waived)


def _unmanaged(world: Moving) -> float:
    moments = {
        (each.kind, each.step): datetime.fromisoformat(each.at)
        for each in world.run.journal.entries
    }
    quieted = moments.get(("begun", "quiet-agents"))
    connected = moments.get(("done", "until-connected"))
    return (connected - quieted).total_seconds() if quieted and connected else 0.0
