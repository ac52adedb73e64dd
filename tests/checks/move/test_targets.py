"""Whether the target may be made: name, group, locks, policies, permissions."""

from __future__ import annotations

from typing import Any

import pytest
from arcctl.checks.move import targets
from arcctl.errors import AccessError
from tests.checks.move.sights import (
    ALL_RIGHTS,
    DEPOT,
    HARBOR,
    Around,
    Told,
    Wish,
    codes,
    extension,
)

RESTRICTIONS = "checkPolicyRestrictions"
ASSIGNMENT = "/subscriptions/s-1/providers/Microsoft.Authorization/policyAssignments/eu-only"
POLICY = {"policyAssignmentId": ASSIGNMENT}


def lock(scope: str, level: str = "CanNotDelete") -> dict[str, Any]:
    """A lock at a scope."""
    identifier = f"{scope}/providers/Microsoft.Authorization/locks/keep"
    return {"id": identifier, "name": "keep", "properties": {"level": level}}


async def test_in_place_nothing_is_asked_of_the_name() -> None:
    """The source makes way for the target."""
    assert await targets.free_name(Told(target={"resource": {"location": "eastus"}})) == []


async def test_another_name_must_be_free() -> None:
    """What is there already belongs to somebody."""
    sight = Told(Wish(target=DEPOT), target={"resource": {"location": "eastus"}})

    assert codes(await targets.free_name(sight)) == ["target-exists"]


async def test_another_id_is_made_first() -> None:
    """Nothing forbids it there, so the point of no return comes later; a missing group is made."""
    sight = Told(Wish(target=DEPOT), target={"group": None})

    assert codes(await targets.free_name(sight)) == ["resource-id", "target-first", "target-group"]


@pytest.mark.parametrize(
    ("scope", "place"),
    [
        (HARBOR.group_path, "on group edge"),
        ("/subscriptions/s-1", "on the subscription"),
    ],
)
@pytest.mark.parametrize("level", ["CanNotDelete", "ReadOnly"])
async def test_a_lock_above_the_cluster_blocks(scope: str, place: str, level: str) -> None:
    """It is named with its place, and with the command that takes it off."""
    [row] = await targets.unlocked(Told(locks=[lock(scope, level)]))

    assert row.code == "locked"
    assert place in row.subject
    assert row.remedy == (f"az lock delete --ids {lock(scope)['id']}",)


@pytest.mark.parametrize("scope", [HARBOR.path, f"{HARBOR.path}/namespaces/shop"])
async def test_a_lock_on_the_cluster_itself_may_be_taken_off_by_the_move(scope: str) -> None:
    """It blocks until a person accepts that."""
    [row] = await targets.unlocked(Told(locks=[lock(scope, "CanNotDelete")]))

    assert row.code == "locked-itself"
    assert row.remedy == ("--accept locked-itself",)


@pytest.mark.parametrize(("level", "count"), [("CanNotDelete", 0), ("ReadOnly", 1)])
async def test_only_a_read_only_lock_forbids_to_write(level: str, count: int) -> None:
    """In the target's group, what may not be deleted may still be made."""
    sight = Told(Wish(target=DEPOT), target_locks=[lock(DEPOT.group_path, level)])

    assert codes(await targets.unlocked(sight)) == ["locked"] * count


async def test_a_lock_is_named_once() -> None:
    """One that holds source and target is one lock."""
    both = [lock(HARBOR.group_path, "ReadOnly")]

    assert len(await targets.unlocked(Told(locks=both, target_locks=both))) == 1


def restricted(result: str, *values: str) -> dict[str, Any]:
    """What is answered where locations are restricted."""
    found = {"result": result, "values": list(values), "policy": POLICY}
    return {"fieldRestrictions": [{"field": "location", "restrictions": [found]}]}


def evaluated(result: str, effect: str | None) -> dict[str, Any]:
    """What is answered where the whole resource is judged."""
    effects = {"effectDetails": {"policyEffect": effect}} if effect else {}
    found = {"policyInfo": POLICY, "evaluationResult": result, **effects}
    return {"contentEvaluationResult": {"policyEvaluations": [found]}}


@pytest.mark.parametrize(
    ("answer", "denied"),
    [
        ({}, False),
        (restricted("Required", "West Europe", "North Europe"), False),
        (restricted("Required", "eastus"), True),
        (restricted("Deny", "westeurope"), True),
        (restricted("Deny", "eastus"), False),
        (evaluated("NonCompliant", "Deny"), True),
        (evaluated("NonCompliant", None), True),
        (evaluated("NonCompliant", "Audit"), False),
        (evaluated("Compliant", "Deny"), False),
    ],
)
async def test_policies_are_asked_before_they_refuse(answer: dict[str, Any], denied: bool) -> None:
    """A policy that would deny the target is named by its assignment; audits only watch."""
    rows = await targets.policy_allows(Told(clients=Around(answers={RESTRICTIONS: answer})))

    assert codes(rows) == ["policy-denies"] * denied
    assert all("eu-only" in row.subject for row in rows)


@pytest.mark.parametrize(
    ("scope", "place"),
    [
        ("/subscriptions/s-1", "the subscription"),
        ("/subscriptions/s-1/resourceGroups/edge", "group edge"),
        ("/providers/Microsoft.Management/managementGroups/corp", "management group corp"),
    ],
)
async def test_a_policy_is_told_with_its_place(scope: str, place: str) -> None:
    """Whoever must be asked for an exemption owns that scope; the command is ready."""
    assignment = f"{scope}/providers/Microsoft.Authorization/policyAssignments/eu-only"
    found = {
        "result": "Required",
        "values": ["eastus"],
        "policy": {"policyAssignmentId": assignment},
    }
    answer = {"fieldRestrictions": [{"field": "location", "restrictions": [found]}]}
    [row] = await targets.policy_allows(Told(clients=Around(answers={RESTRICTIONS: answer})))

    assert row.detail == f"assigned to {place}"
    assert row.remedy[-1].endswith(f"--policy-assignment {assignment}")


async def test_a_policy_that_may_not_be_asked_is_said() -> None:
    """No answer is no permission, and no refusal."""
    refusal = AccessError("not permitted", code="AuthorizationFailed")
    sight = Told(clients=Around(answers={RESTRICTIONS: refusal}))

    assert codes(await targets.policy_allows(sight)) == ["policy-unchecked"]


READ_ONLY = [{"actions": ["*/read"]}]
NO_DELETE = [{"actions": ["*"], "notActions": ["Microsoft.Kubernetes/connectedClusters/delete"]}]


@pytest.mark.parametrize(
    ("here", "there", "words"),
    [
        (ALL_RIGHTS, ALL_RIGHTS, []),
        (NO_DELETE, ALL_RIGHTS, ["connectedClusters/delete"]),
        (ALL_RIGHTS, READ_ONLY, ["connectedClusters/write", "extensions/write"]),
    ],
    ids=["all", "may not delete", "may not make"],
)
async def test_rights_are_judged_where_they_are_needed(
    here: list[Any], there: list[Any], words: list[str]
) -> None:
    """On the source the deletion, in the group all that is made; the source's own rights go."""
    granted = {HARBOR.path: here, HARBOR.group_path: there}
    rows = await targets.permitted(Told(children=[extension()], permissions=granted.__getitem__))

    assert codes(rows) == ["not-permitted"] * bool(words)
    assert all(word in rows[0].detail for word in words)


async def test_a_missing_group_needs_the_right_to_make_it() -> None:
    """It is asked for in the subscription."""
    sight = Told(
        Wish(target=DEPOT),
        target={"group": None},
        permissions=lambda scope: READ_ONLY if scope == "/subscriptions/s-1" else ALL_RIGHTS,
    )
    [row] = await targets.permitted(sight)

    assert "resourceGroups/write" in row.detail


LINKS_NOTHING = [{"actions": ["*"], "notActions": ["Microsoft.HybridCompute/settings/write"]}]


@pytest.mark.parametrize("linked", ["", "/subscriptions/s-1/gateways/way"])
async def test_a_gateway_needs_the_right_to_link_it(linked: str) -> None:
    """Asked for only where the source is linked to one; the link comes after the deletion."""
    sight = Told(permissions=lambda _scope: LINKS_NOTHING, gateway=linked)
    rows = await targets.permitted(sight)

    assert codes(rows) == ["not-permitted"] * bool(linked)
    assert not rows or "settings/write" in rows[0].detail


async def test_unread_permissions_are_left_to_azure() -> None:
    """Whoever may not read them is told, and not stopped."""
    rows = await targets.permitted(Told(permissions=None))

    assert codes(rows) == ["permissions-unread"] * 2
