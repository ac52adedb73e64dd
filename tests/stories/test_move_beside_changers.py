"""Somebody else changes or removes what hangs on a cluster that is moved, or Azure only says that it
has put it back: refused, left as it is, or named with exit 5; never taken for proved.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.azure import seeds
from tests import arm, writes
from tests.stories import beside, moved, moving
from tests.stories.refusals import refused

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

AUTHORIZATION, INSIGHTS = writes.AUTHORIZATION, "providers/Microsoft.Insights"
MINE = "mine"
# What hangs on harbor before the move, by kind: where, and its words in a report.
PIECES = {
    "role": (writes.WRITES["role"](MINE), f"the role assignment of {MINE}"),
    "policy": (writes.WRITES["policy"](MINE), f"the policy assignment {MINE}"),
    "diagnostics": (writes.WRITES["diagnostics"](MINE), f"the diagnostic setting {MINE}"),
    "lock": (writes.WRITES["lock"](MINE), f"the lock {MINE}"),
}
CHANGED: dict[str, Any] = {
    "policy": {"policyDefinitionId": "/providers/p/policyDefinitions/other", "displayName": "o"},
    "diagnostics": {"workspaceId": "/other", "logs": []},
    "lock": {"level": "ReadOnly", "notes": "theirs"},
}
MOVE = f"{moved.MOVE} --accept locked-itself"
LOCK = f"{arm.HARBOR}/{AUTHORIZATION}/locks/{MINE}"


@pytest.fixture
def harbor(quick: Stage) -> Stage:
    """Harbor with its children and one of each that may hang on it."""
    quick.after(moving.connected)
    moving.secrets_file(quick)
    for kind in PIECES:
        assert beside.write(quick, kind, MINE) in (200, 201)
    return quick


def place(kind: str) -> tuple[str, str]:
    """The path of what hangs on harbor, and its api-version."""
    (_, below, version, _), _ = PIECES[kind]
    return f"{arm.HARBOR}{below}", version


def gone(stage: Stage, kind: str) -> None:
    """Let somebody remove it, at the target: its name there is the same, but a role's."""
    arm.ask(stage, "DELETE", LOCK, version="2020-05-01")  # it would forbid the others to go
    path, version = place(kind)
    if kind == "role":
        query = f"{arm.HARBOR}/{AUTHORIZATION}/roleAssignments"
        found = arm.ask(stage, "GET", query, version=version)[1]["value"]
        path = next(each["id"] for each in found if each["properties"]["principalId"] == MINE)
    assert arm.ask(stage, "DELETE", path, version=version)[0] in (200, 204)


def put(stage: Stage, kind: str, properties: dict[str, Any]) -> None:
    """Let somebody put it there with other contents."""
    path, version = place(kind)
    assert arm.ask(stage, "PUT", path, {"properties": properties}, version=version)[0] in (200, 201)


def told(ended: Ended, *words: str) -> None:
    """Assert that a move has ended with exit 5, and has named these in its report."""
    assert (ended.code, "[moved-with-differences]" in ended.err) == (5, True), ended.err
    for each in words:
        assert each in ended.err, ended.err
    assert "nothing was lost" not in ended.err


def test_what_hung_on_it_is_there_again(harbor: Stage) -> None:
    """Undisturbed, all of it is put back, and that is looked at before it is said."""
    harbor.world.delays = replace(harbor.world.delays, arm_delete=5)
    ended = harbor.well(MOVE)

    assert "nothing was lost" in ended.err
    for kind in CHANGED:
        path, version = place(kind)
        assert arm.ask(harbor, "GET", path, version=version)[0] == 200


@pytest.mark.parametrize("kind", PIECES)
def test_what_is_removed_before_the_proof_is_named(harbor: Stage, kind: str) -> None:
    """It was put back, and somebody has taken it away again."""
    ended = beside.type_beside(
        harbor, MOVE, "restore-attached", lambda: gone(harbor, kind), events=("done",)
    )
    told(ended, f"{PIECES[kind][1]}", "is not there")


@pytest.mark.parametrize("kind", CHANGED)
def test_what_is_changed_before_the_proof_is_named(harbor: Stage, kind: str) -> None:
    """It was put back, and is another by then."""
    ended = beside.type_beside(
        harbor,
        MOVE,
        "restore-attached",
        lambda: put(harbor, kind, CHANGED[kind]),
        events=("done",),
    )
    told(ended, f"{PIECES[kind][1]} is not as it was")


@pytest.mark.parametrize("kind", CHANGED)
def test_what_others_have_put_to_the_target_is_not_written_over(harbor: Stage, kind: str) -> None:
    """Under the same name and with other contents: theirs stays, and is told."""
    theirs = CHANGED[kind] | ({"level": "CanNotDelete"} if kind == "lock" else {})
    ended = beside.type_beside(
        harbor, MOVE, "until-connected", lambda: put(harbor, kind, theirs), events=("done",)
    )
    path, version = place(kind)
    now = arm.ask(harbor, "GET", path, version=version)[1]["properties"]

    told(ended, f"{PIECES[kind][1]} is not as it was: somebody else has put it there")
    assert {name: now[name] for name in theirs} == theirs


@pytest.mark.parametrize("kind", PIECES)
def test_an_agreed_write_that_did_nothing_is_made_again(harbor: Stage, kind: str) -> None:
    """Azure has said 201 and has not acted: once, it is put again; always, it is named."""
    where = place(kind)[0].rpartition("/")[0] + "/"
    lie = {"status": 201, "body": {"id": "/x", "properties": {}}}
    harbor.fault("arm", lie, method="PUT", path=where, times=1)
    well = harbor.type(MOVE)
    assert well.code == 0, well.err

    harbor.fault("arm", lie, method="PUT", path=where, times=None)
    ended = harbor.type(MOVE.replace("westeurope", "northeurope"))
    told(ended, f"{PIECES[kind][1]}", "is not there")


@pytest.mark.parametrize("change", ["level", "notes"])
def test_a_lock_that_was_changed_since_the_plan_is_not_reset(harbor: Stage, change: str) -> None:
    """A person has accepted another one: the move is refused, and theirs stays."""
    properties = {"level": {"level": "ReadOnly"}, "notes": {"level": "CanNotDelete", "notes": "!"}}
    theirs = properties[change]
    ended = beside.type_beside(
        harbor, MOVE, "quiet-agents", lambda: put(harbor, "lock", theirs), events=("started",)
    )
    now = arm.ask(harbor, "GET", LOCK, version="2020-05-01")[1]["properties"]

    refused(ended, "plan-outdated", exit_code=5, said=f"the lock {MINE}: changed")
    assert {name: now[name] for name in theirs} == theirs
    assert (moved.region(harbor), moved.asleep(harbor)) == ("eastus", [])


def test_a_lock_that_others_made_anew_is_left_on_the_way_back(harbor: Stage) -> None:
    """It was taken off; somebody has put another one there before the move was refused."""

    def act() -> None:
        put(harbor, "lock", {"level": "CanNotDelete", "notes": "theirs"})

    ended = beside.type_beside(harbor, MOVE, "look-again", act)
    now = arm.ask(harbor, "GET", LOCK, version="2020-05-01")[1]["properties"]

    assert (ended.code, now["notes"]) == (5, "theirs"), ended.err
    assert moved.asleep(harbor) == []


def test_a_child_that_others_have_put_first_is_not_taken_for_ours(harbor: Stage) -> None:
    """It has the same settings; what its secrets are nobody can see."""

    def act() -> None:
        settings = {"amalogs.useAADAuth": "true"}
        secrets = dict.fromkeys(moving.SECRETS["extensions/monitor"], "other")
        body = moving.extension(
            "microsoft.azuremonitor.containers",
            configurationSettings=settings,
            configurationProtectedSettings=secrets,
        )
        arm.put_child(harbor, "extensions", "monitor", body)

    ended = beside.type_beside(harbor, MOVE, "until-connected", act, events=("done",))
    told(ended, "extensions/monitor was put there by somebody else, with secrets")


def test_a_flux_configuration_that_others_have_put_first_is_not_taken_for_ours(
    harbor: Stage,
) -> None:
    """Of its secrets not even the names can be compared."""

    def act() -> None:
        body = moving.git(
            "https://git.example.com/edge/private",
            namespace="private",
            repository={"httpsUser": "edge"},
            configurationProtectedSettings={"httpsKey": "b3RoZXI="},
        )
        arm.put_child(harbor, "fluxConfigurations", "private", body)

    ended = beside.type_beside(harbor, MOVE, "until-connected", act, events=("done",))
    told(ended, "fluxConfigurations/private was put there by somebody else, with secrets")


@pytest.mark.parametrize("kind", ["role", "policy", "diagnostics"])
def test_what_is_taken_away_while_azure_deletes_is_named(harbor: Stage, kind: str) -> None:
    """It comes back with the move, which nobody may find out by chance."""
    harbor.world.delays = replace(harbor.world.delays, arm_delete=5)
    ended = beside.type_beside(
        harbor, MOVE, "delete-source", lambda: gone(harbor, kind), events=("started",)
    )
    told(ended, "was taken away while Azure deleted the source, and is put back")


@pytest.mark.parametrize(
    ("below", "readings", "words"),
    [
        (f"{AUTHORIZATION}/policyAssignments$", 1, "policy assignments"),
        (f"{INSIGHTS}/diagnosticSettings$", 1, "diagnostic settings"),
        (f"{arm.CHILDREN}/extensions$", 2, "children"),
    ],
)
def test_a_late_look_that_fails_is_in_the_report(
    harbor: Stage, below: str, readings: int, words: str
) -> None:
    """Twice, each look of so many readings; what was written in the other lists is carried."""
    harbor.world.delays = replace(harbor.world.delays, arm_delete=5)
    faults: list[str] = []

    def act() -> None:
        beside.write(harbor, "tag", "late")
        faults.append(
            harbor.fault(
                "arm", {"status": 403}, method="GET", path=f"harbor/{below}", times=2 * readings
            )
        )

    ended = beside.type_beside(harbor, MOVE, "delete-source", act, events=("started",))

    told(ended, f"could not be looked for: {words}")
    assert moved.resource(harbor)["tags"]["late"] == "mine"


@pytest.mark.parametrize("region", ["westeurope", "eastus"])
def test_a_resource_that_others_make_while_the_source_is_gone_is_not_taken(
    harbor: Stage, region: str
) -> None:
    """Neither in the target's region nor in the old one; the way on is a command for each."""
    body = {
        "location": region,
        "identity": {"type": "SystemAssigned"},
        "properties": {"agentPublicKeyCertificate": seeds.public_key()},
        "tags": {"whose": "theirs"},
    }

    def act() -> None:
        status, answer = arm.ask(harbor, "PUT", arm.HARBOR, body, version="2024-01-01")
        assert status in (200, 201), answer

    ended = beside.type_beside(harbor, MOVE, "remove-agents", act, events=("done",))
    code = "target-taken" if region == "westeurope" else "InvalidResourceLocation"
    run = moved.stopped(ended, code)
    assert "arcctl delete -n harbor -g edge --azure-only" in ended.err
    assert moved.resource(harbor)["tags"] == {"whose": "theirs"}

    harbor.well("delete -n harbor -g edge --azure-only --yes")
    assert harbor.type(f"resume {run} {moved.GIVEN}").code == 0
    assert (moved.region(harbor), moved.asleep(harbor)) == ("westeurope", [])


@pytest.mark.parametrize("odd", [{"value": [{}]}, {"value": [], "error": {"code": "Partial"}}])
@pytest.mark.parametrize("kind", ["roleAssignments", "policyAssignments", "policyExemptions"])
def test_a_list_with_something_nameless_is_no_list(
    harbor: Stage, kind: str, odd: dict[str, Any]
) -> None:
    """What has no id cannot be told from what belongs to others: refused, nothing changed."""
    path = f"connectedClusters/harbor/{AUTHORIZATION}/{kind}$"
    harbor.fault("arm", {"status": 200, "body": odd}, method="GET", path=path, times=None)
    ended = harbor.type(MOVE)
    harbor.within(harbor.world.faults.remove)

    assert ended.code in (1, 5), ended.err
    assert (moved.region(harbor), moved.asleep(harbor)) == ("eastus", [])
