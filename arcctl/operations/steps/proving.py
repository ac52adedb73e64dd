"""The end of a move: everything is listed again and compared with what was saved (`arm.md` 8.4)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from arcctl.checks.move.unlisted import UNLISTED
from arcctl.flow.step import Step
from arcctl.model.configuration.adjusting import adjusted
from arcctl.model.configuration.comparing import compare
from arcctl.model.configuration.forms import PROTECTED
from arcctl.model.connected_cluster import public_key, writable
from arcctl.model.declared import Declared
from arcctl.model.report import Changed, Report
from arcctl.operations.configuration.children import children_of
from arcctl.operations.moving.worlds import PLAN, Moving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arcctl.model.configuration.child import Child
    from arcctl.model.configuration.comparing import Comparison, Difference
    from arcctl.model.connected_cluster import Body

_NEW_ANYWAY = ("agentPublicKeyCertificate",)


class LearnIdentities(Step[Moving]):
    """The journal knows the new identities, to which what was granted to the old ones goes over."""

    name = "learn-identities"

    async def do(self, world: Moving, tell: Callable[[str], None]) -> str:
        arm = await world.clients.arm()
        world.resource = await arm.get(world.cluster.path)
        found = {
            child.key: child.state.get("principalId")
            for child in await children_of(arm, world.cluster, newer=False)
        }
        found["resource"] = (world.resource.get("identity") or {}).get("principalId")
        await world.run.journal.fact("principals", found)
        return f"{len(found)} identities"


class Prove(Step[Moving]):
    """What is there now is what was saved, or the report says what is not."""

    name = "prove"
    title = "proof"
    intent = "compare"
    note = "the proof"
    estimate = 5

    async def do(self, world: Moving, tell: Callable[[str], None]) -> str:
        arm = await world.clients.arm()
        world.resource = await arm.get(world.cluster.path)
        before = [child for child in world.bundle.children if child.carried]
        saved = [_fitted(world, child) for child in before]
        now = [
            child for child in await children_of(arm, world.cluster, newer=False) if child.carried
        ]
        comparison = compare(saved, now)
        report = world.report = Report(
            run=world.run.id,
            source=world.bundle.source,
            target=world.cluster,
            from_region=world.bundle.region,
            to_region=world.request.region,
            carried=tuple(_carried(world, comparison)),
            changed=(
                *_changed(world),
                *map(_as_changed, compare(before, saved).changed),
                *map(_as_changed, comparison.expected),
            ),
            differences=(*_resource_differences(world), *_child_differences(world, comparison)),
            left=tuple(world.left),
            lost=tuple(_lost(world)),
            accepted=tuple(sorted(world.request.accept)),
            waived=tuple(sorted(world.request.waive)),
            files=tuple(_declared(world).snippets()),
            unmanaged=_unmanaged(world),
        )
        if report.differences:
            return f"{len(report.differences)} differences"
        whole = f"{len(saved)} children and the resource are as they were"
        return f"nothing was lost: {whole}" if not report.lost else f"as planned: {whole}"


def _lost(world: Moving) -> Iterator[str]:
    """Yield what the plan has named and a person has accepted: fields, and unlisted children."""
    for child in world.bundle.children:
        if child.carried and child.not_carried:
            yield f"{child.key}: {', '.join(child.not_carried)}"
    for row in (world.run.documents.get(PLAN) or {}).get("rows") or ():
        if row.get("accepted") and row.get("code") == UNLISTED:
            yield f"{row['subject']}: {row['detail']}"


def _fitted(world: Moving, child: Child) -> Child:
    """Return what was written: settings that named the old region name the new one, rightly so."""
    return adjusted(child, world.bundle.region, world.request.region).child


def _carried(world: Moving, comparison: Comparison) -> Iterator[str]:
    differing = {each.child for each in comparison.changed if not _is_waived(world, each)}
    broken = {*comparison.missing, *differing}
    for child in world.bundle.children:
        if child.carried and child.key not in broken:
            yield child.key
    if tags := world.bundle.resource.get("tags"):
        yield f"{len(tags)} tag{'' if len(tags) == 1 else 's'}"


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


def _resource_differences(world: Moving) -> Iterator[str]:
    saved, now = (_comparable(each) for each in (world.bundle.resource, world.resource))
    if world.request.private_link_scope:
        for each in (saved, now):
            each.pop("privateLinkScopeResourceId", None)
    if world.bundle.key == "kept" and _declared(world).new_key:
        yield "resource agentPublicKeyCertificate: was to stay, and is another one"
    for name in sorted({*saved, *now}):
        if saved.get(name) != now.get(name):
            yield f"resource {name}: was {saved.get(name)!r}, is {now.get(name)!r}"


def _comparable(resource: Body) -> Body:
    """Project to what a person chose; empty counts as absent, and letter case does not count."""
    body = writable(resource)
    flat = {"tags": body["tags"], "kind": body.get("kind"), **body["properties"]}
    return {
        name: value.lower() if isinstance(value, str) else value
        for name, value in flat.items()
        if name not in _NEW_ANYWAY and value not in (None, "", {}, [])
    }


def _child_differences(world: Moving, comparison: Comparison) -> Iterator[str]:
    for key in comparison.missing:
        yield f"{key} is missing"
    for key in comparison.surplus:
        yield f"{key} was not there before"
    for each in comparison.changed:
        if _is_waived(world, each):
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
