"""Whether the target may be made where it is wanted: name, group, locks, policies, permissions."""

from __future__ import annotations

import asyncio
import shlex
from typing import TYPE_CHECKING

from arcctl.checks.azure import allows
from arcctl.checks.move.verdicts import blocks, changes, counted, named, noted
from arcctl.clients.arm_versions import pins
from arcctl.errors import AccessError, AzureError, NotFound
from arcctl.model.connected_cluster import writable
from arcctl.model.region import canonical
from arcctl.model.resource_id import CONNECTED_CLUSTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.checks.move.sight import MoveSight
    from arcctl.model.connected_cluster import Body
    from arcctl.model.plan import Row

_WRITE_GROUP = "Microsoft.Resources/subscriptions/resourceGroups/write"
_CONFIGURATION = "Microsoft.KubernetesConfiguration"
_RESTRICTIONS = "providers/Microsoft.PolicyInsights/checkPolicyRestrictions"


async def free_name(sight: MoveSight) -> list[Row]:
    """Under another id nothing may be there yet; in place the source makes way."""
    asked = sight.asked
    if asked.in_place:
        return []
    old, new = asked.source, asked.target
    taken, group = await asyncio.gather(sight.target.resource(), sight.target.group())
    if taken:
        why = f"it lies in {canonical(taken['location'])}"
        hints = ("--target-name ANOTHER", f"arcctl show {sight.target_named}")
        return [blocks("target-exists", f"{new.group}/{new.name} exists", why, *hints)]
    rows = [
        changes("resource-id", "ARM id", f"{old.group}/{old.name} → {new.group}/{new.name}"),
        noted("target-first", "the target is made first", "before the point of no return"),
    ]
    if group is None:
        rows.append(changes("target-group", f"group {new.group}", f"made in {asked.region}"))
    return rows


async def unlocked(sight: MoveSight) -> list[Row]:
    """No lock keeps the source from being deleted, or the target's group from being written to."""
    holding, there = await asyncio.gather(sight.locks(), sight.target_locks())
    own = {str(lock.get("id", "")).casefold() for lock in holding}
    read_only = [
        lock
        for lock in there
        if _level(lock) == "readonly" and str(lock.get("id", "")).casefold() not in own
    ]
    return [_locked(lock, sight) for lock in (*holding, *read_only)]


def _level(lock: Body) -> str:
    return str((lock.get("properties") or {}).get("level") or "").lower()


def _locked(lock: Body, sight: MoveSight) -> Row:
    identifier = str(lock.get("id", ""))
    scope = identifier.partition("/providers/Microsoft.Authorization/")[0]
    level = (lock.get("properties") or {}).get("level")
    if sight.is_own(scope):
        return blocks(
            "locked-itself",
            f"lock {lock.get('name')} on {sight.asked.source.name}",
            f"{level}; the move takes it off and puts it back, if that is accepted",
        )
    return blocks(
        "locked",
        f"lock {lock.get('name')} on {_place(scope)}",
        f"{level}; it may be put on again afterwards",
        f"az lock delete --ids {identifier}",
    )


def _place(scope: str) -> str:
    parts = scope.strip("/").split("/")
    if "managementgroups" in scope.lower():
        return f"management group {parts[-1]}"
    return f"group {parts[3]}" if len(parts) > 3 else "the subscription"


async def policy_allows(sight: MoveSight) -> list[Row]:
    """Azure Policy is asked what it would say to the target, since it says it too late otherwise."""
    asked = sight.asked
    group = await sight.target.group()
    scope = asked.target.group_path if group else f"/subscriptions/{asked.target.subscription}"
    arm = await sight.clients.arm()
    try:
        answer = await arm.post(f"{scope}/{_RESTRICTIONS}", await _proposal(sight))
    except (AccessError, AzureError, NotFound) as error:
        return [noted("policy-unchecked", "policies were not asked", error.message)]
    return [
        _denies(name, sight, scope)
        for name in sorted({*_denied(answer), *_not_allowed(answer, asked.region)})
    ]


def _denies(assignment: str, sight: MoveSight, exempt: str) -> Row:
    scope, _, name = assignment.rpartition("/providers/Microsoft.Authorization/policyAssignments/")
    return blocks(
        "policy-denies",
        f"policy {name} denies {sight.asked.region}",
        f"assigned to {_place(scope)}",
        "choose what it allows, or ask its owner for an exemption:",
        "az policy exemption create --name move --exemption-category Waiver "
        f"--scope {shlex.quote(exempt)} --policy-assignment {shlex.quote(assignment)}",
    )


async def _proposal(sight: MoveSight) -> Body:
    body = writable(await sight.resource())
    content = {
        "name": sight.asked.target.name,
        "type": CONNECTED_CLUSTERS,
        **body,
        "location": sight.asked.region,
    }
    version = pins(CONNECTED_CLUSTERS.lower())[0]
    return {"resourceDetails": {"resourceContent": content, "apiVersion": version}}


def _denied(answer: Body) -> Iterator[str]:
    """Yield the assignments whose rules the whole resource breaks; audits only watch."""
    result = answer.get("contentEvaluationResult") or {}
    for each in result.get("policyEvaluations") or ():
        effect = str((each.get("effectDetails") or {}).get("policyEffect") or "deny").lower()
        if each.get("evaluationResult") == "NonCompliant" and effect == "deny":
            yield _assignment(each.get("policyInfo") or {})


def _not_allowed(answer: Body, region: str) -> Iterator[str]:
    for field in answer.get("fieldRestrictions") or ():
        if str(field.get("field", "")).lower() != "location":
            continue
        for each in field.get("restrictions") or ():
            values = {canonical(str(value)) for value in each.get("values") or ()}
            result = str(each.get("result", "")).lower()
            if (result == "required" and values and region not in values) or (
                result == "deny" and region in values
            ):
                yield _assignment(each.get("policy") or {})


def _assignment(policy: Body) -> str:
    return str(policy.get("policyAssignmentId") or policy.get("policyDefinitionId") or "unnamed")


async def permitted(sight: MoveSight) -> list[Row]:
    """The actions of the move itself are allowed, where they will have to be.

    Rights that were given on the source are gone with it, so in place it is the group that counts.
    """
    asked = sight.asked
    group, children = await asyncio.gather(sight.target.group(), sight.children())
    there = asked.target.group_path if group else f"/subscriptions/{asked.target.subscription}"
    make = [f"{CONNECTED_CLUSTERS}/write", f"{CONNECTED_CLUSTERS}/read"]
    make += [] if group else [_WRITE_GROUP]
    make += sorted({f"{child.kind.resource_type}/write" for child in children if child.carried})
    if asked.gateway or await sight.gateway():
        make.append("Microsoft.HybridCompute/settings/write")
    wanted = {asked.source.path: [f"{CONNECTED_CLUSTERS}/delete"], there: make}
    granted = await asyncio.gather(*(sight.permissions(scope) for scope in wanted))
    rows: list[Row] = []
    for (scope, actions), permissions in zip(wanted.items(), granted, strict=True):
        rows += _judged(scope, actions, permissions)
    return rows


def _judged(scope: str, actions: list[str], permissions: list[Body] | None) -> Iterator[Row]:
    if permissions is None:
        what = f"permissions at {_last(scope)} not read"
        yield noted("permissions-unread", what, "Azure will judge in the middle of the move")
        return
    lacking = [each for each in actions if not any(allows(one, each) for one in permissions)]
    if lacking:
        why = f"{named(lacking)} at {_last(scope)}"
        hint = (
            f'az role assignment create --role Contributor --scope "{scope}" --assignee PRINCIPAL'
        )
        yield blocks("not-permitted", f"{counted(len(lacking), 'action')} not permitted", why, hint)


def _last(scope: str) -> str:
    return scope.rpartition("/")[2]


ASKED = (free_name, unlocked, policy_allows, permitted)
