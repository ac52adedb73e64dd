"""Somebody else changes the cluster while it is moved: carried, refused, or named as lost.

Each kind of thing is written at each step; plain `nox` plays each kind once and each step once, the
matrix all of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests import arm, writes
from tests.stories import beside, moved, moving
from tests.stories.refusals import refused

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

BEFORE = ["tools-work", "hold-secrets", "quiet-agents", "look-again"]
AFTER = [
    "remove-agents", "create-target", "install-agents", "until-connected", "put-flux", "put-extensions",
    "put-configurations", "settle-children", "restore-attached", "prove",
]  # fmt: skip
ALL = [(kind, step) for kind in writes.WRITES for step in (*BEFORE, "delete-source", *AFTER)]
FEW = {
    *((kind, "quiet-agents") for kind in writes.WRITES),
    *((kind, "delete-source") for kind in writes.WRITES),
    *(("tag", step) for step in (*BEFORE, *AFTER)),
    *(("extension", step) for step in ("look-again", "create-target", "prove")),
}
MARK = "late"


def elder(stage: Stage) -> None:
    """A cluster of Flux's first generation, which cannot live beside the second."""
    stage.well(moving.CONNECT)
    settings = {"amalogs.useAADAuth": "true"}
    monitor = moving.extension("microsoft.azuremonitor.containers", configurationSettings=settings)
    arm.put_child(stage, "extensions", "monitor", monitor)


@pytest.fixture
def harbor(quick: Stage) -> Stage:
    """Harbor with its children."""
    quick.after(moving.connected)
    moving.secrets_file(quick)
    return quick


def judged(stage: Stage, ended: Ended, *, agreed: bool) -> str:
    """Assert that the end is true, and say which it is."""
    assert stage.world.crashes == []
    there = beside.is_there(stage, MARK)
    if ended.code == 5 and "[plan-outdated]" in ended.err:
        assert (moved.region(stage), moved.asleep(stage), there) == ("eastus", [], agreed)
        assert moved.kept_in_cluster(stage) == []
        return "refused"
    if ended.code == 6:
        if "[ScopeLocked]" in ended.err:
            path = f"{arm.HARBOR}/{writes.AUTHORIZATION}/locks/{MARK}"
            assert arm.ask(stage, "DELETE", path, version="2020-05-01")[0] == 200
            agreed = False
        again = stage.type(f"resume {moved.GIVEN}")
        assert again.code in (0, 5), again.err
        ended = again
    assert moved.region(stage) == "westeurope", ended.err
    if not agreed or there:
        assert ended.code in (0, 5), ended.err
        return "carried"
    assert ended.code == 5, f"lost, and not said: {ended.err}\n{ended.out}"
    assert MARK in ended.err + ended.out
    return "named"


@pytest.mark.parametrize(
    ("kind", "step"),
    [pytest.param(*each, marks=() if each in FEW else pytest.mark.matrix) for each in ALL],
)
def test_what_others_write_beside_a_move_is_never_lost_silently(
    harbor: Stage, kind: str, step: str
) -> None:
    """Whatever it is, and whenever; before the second look the move is refused."""
    answers: list[int] = []
    line = moved.MOVE
    if kind == "source control":
        harbor.after(elder)
        line = f"{moving.MOVE} --accept source-control-retired"
    if step == "delete-source":
        # Longer than a look takes on a busy machine: what has gone with its resource cannot be seen.
        harbor.world.delays = replace(harbor.world.delays, arm_delete=5)
    ended = beside.type_beside(
        harbor, line, step, lambda: answers.append(beside.write(harbor, kind, MARK))
    )
    agreed = answers[0] in (200, 201, 202)
    end = judged(harbor, ended, agreed=agreed)

    if step in BEFORE:
        assert (agreed, end) == (True, "refused")
    elif step == "delete-source" and agreed:
        assert end in ("carried", "named")


def test_the_second_look_asks_azure_anew(harbor: Stage) -> None:
    """Nothing of the plan is remembered: each list and the resource are requested again."""
    counted: dict[str, list[str]] = {}

    def take(name: str) -> None:
        counted[name] = harbor.requests("arm")

    ended = beside.type_beside(harbor, moved.MOVE, "look-again", lambda: take("before"))
    assert ended.code == 0, ended.err
    since = harbor.requests("arm")[len(counted["before"]) :]
    before_delete = since[: since.index(f"DELETE {arm.HARBOR}")]
    for below in (
        "",
        *(f"/{arm.CHILDREN}/{kind}" for kind in arm.VERSIONS),
        f"/{writes.AUTHORIZATION}/roleAssignments",
        f"/{writes.AUTHORIZATION}/locks",
        f"/{writes.AUTHORIZATION}/policyAssignments",
        "/providers/Microsoft.Insights/diagnosticSettings",
    ):
        assert f"GET {arm.HARBOR}{below}" in before_delete
    assert not [each for each in before_delete if not each.startswith(("GET", "POST"))]


def test_deleting_is_the_next_thing_after_the_look_even_with_a_lock(harbor: Stage) -> None:
    """The lock that was accepted is taken off before the look."""
    harbor.seed(locks=[{"on": "edge/harbor", "name": "keep"}])
    counted: list[int] = []

    def done() -> None:
        counted.append(len(harbor.requests("arm")))

    line = f"{moved.MOVE} --accept locked-itself"
    ended = beside.type_beside(harbor, line, "look-again", done, events=("done",))
    assert ended.code == 0, ended.err
    assert harbor.requests("arm")[counted[0]] == f"DELETE {arm.HARBOR}"


def test_a_refused_move_puts_the_lock_back(harbor: Stage) -> None:
    """Nothing is changed: lock, agents and Lease are as before."""
    harbor.seed(locks=[{"on": "edge/harbor", "name": "keep"}])
    line = f"{moved.MOVE} --accept locked-itself"
    ended = beside.type_beside(
        harbor, line, "look-again", lambda: beside.write(harbor, "tag", MARK)
    )
    assert judged(harbor, ended, agreed=True) == "refused"
    assert "tags changed" in ended.err
    path = f"{arm.HARBOR}/{writes.AUTHORIZATION}/locks/keep"
    assert arm.ask(harbor, "GET", path, version="2020-05-01")[0] == 200


def test_replan_takes_the_new_world(harbor: Stage) -> None:
    """What was written meanwhile is moved as well."""
    ended = beside.type_beside(
        harbor, f"{moved.MOVE} --replan", "quiet-agents", lambda: beside.write(harbor, "tag", MARK)
    )
    assert ended.code == 0, ended.err
    assert moved.resource(harbor)["tags"] == {"team": "edge", "site": "pier7", MARK: "mine"}
    assert moved.region(harbor) == "westeurope"


def test_replan_wants_no_secret_that_nobody_has_given(harbor: Stage) -> None:
    """What blocks the new plan stops the move, and nothing is changed."""
    body = moving.extension(
        "microsoft.azuremonitor.containers",
        configurationProtectedSettings={"amalogs.secret.key": "x"},
    )
    ended = beside.type_beside(
        harbor,
        f"{moved.MOVE} --replan",
        "quiet-agents",
        lambda: arm.put_child(harbor, "extensions", MARK, body),
    )
    refused(ended, "secret-missing", exit_code=5, said="nothing was changed")
    assert (moved.region(harbor), moved.asleep(harbor)) == ("eastus", [])


def test_a_person_is_shown_what_is_new_and_asked_again(harbor: Stage) -> None:
    """Written while the first question stands; the second yes is for the new plan."""

    def answer(number: int) -> str:
        if number == 1:
            beside.write(harbor, "extension", MARK)
        return "y"

    ended, questions = beside.converse(harbor, moved.MOVE.replace(" --yes", ""), answer)
    assert (ended.code, questions) == (0, 2), ended.err
    assert f"extensions/{MARK}: new" in ended.err
    assert f"extensions/{MARK}" in arm.children(harbor)
    assert moved.region(harbor) == "westeurope"


def test_a_person_who_says_no_then_has_changed_nothing(harbor: Stage) -> None:
    """The agents are awake, and no run is left."""

    def answer(number: int) -> str:
        if number == 1:
            beside.write(harbor, "role", MARK)
        return "y" if number == 1 else "n"

    ended, questions = beside.converse(harbor, moved.MOVE.replace(" --yes", ""), answer)
    assert (ended.code, questions) == (130, 2), ended.err
    assert "role assignments: changed" in ended.err
    assert (moved.region(harbor), moved.asleep(harbor)) == ("eastus", [])
    assert moved.kept_in_cluster(harbor) == []


def test_a_cluster_that_others_delete_meanwhile_leaves_agents(harbor: Stage) -> None:
    """While a person reads the newer plan; what remains is said, with the commands for it."""

    def answer(number: int) -> str:
        if number == 1:
            beside.write(harbor, "role", MARK)
        else:
            arm.ask(harbor, "DELETE", arm.HARBOR, version="2024-01-01")
            harbor.within(harbor.world.azure.operations.settle)
        return "y"

    ended, _ = beside.converse(harbor, moved.MOVE.replace(" --yes", ""), answer)

    assert "its agents are still in this cluster" in ended.err, ended.err
    assert "arcctl delete -n harbor -g edge --cluster-only" in ended.err
    assert moved.kept_in_cluster(harbor) == []


def test_a_child_that_begins_to_change_blocks(harbor: Stage) -> None:
    """It cannot settle while the agents are asleep."""
    harbor.world.delays = replace(harbor.world.delays, child_put=30)

    def touch() -> None:
        path = f"{arm.HARBOR}/{arm.CHILDREN}/extensions/monitor"
        found = arm.ask(harbor, "GET", path, version="2025-03-01")[1]
        body = {key: found[key] for key in ("identity", "properties")}
        body["properties"]["configurationProtectedSettings"] = moving.SECRETS["extensions/monitor"]
        assert arm.ask(harbor, "PUT", path, body, version="2025-03-01")[0] in (200, 201)

    ended = beside.type_beside(harbor, moved.MOVE, "quiet-agents", touch)
    refused(ended, "plan-outdated", exit_code=5, said="extensions/monitor: ")
    assert moved.asleep(harbor) == []


def test_a_run_that_cannot_wake_its_agents_is_left_to_be_taken_up(harbor: Stage) -> None:
    """Exit 6, with the commands; both of them end it."""

    def write() -> None:
        beside.write(harbor, "tag", MARK)
        harbor.fault("kubernetes", {"status": 403}, method="PATCH", path="/deployments/", times=40)

    ended = beside.type_beside(harbor, moved.MOVE, "look-again", write)
    run = moved.stopped(ended, "kube-forbidden")
    harbor.within(harbor.world.faults.remove)
    back = harbor.type(f"rollback {run}")
    assert back.code == 0, back.err
    assert (moved.region(harbor), moved.asleep(harbor)) == ("eastus", [])
    assert beside.is_there(harbor, MARK)


def test_a_resumed_run_looks_again_as_well(harbor: Stage) -> None:
    """It may have lain for days; the move is taken back, and no run is left."""
    forbidden = {"status": 403}
    harbor.fault("kubernetes", forbidden, method="PATCH", path="/deployments/", times=40)
    run = moved.stopped(harbor.type(moved.MOVE), "kube-forbidden")
    harbor.within(harbor.world.faults.remove)
    assert beside.write(harbor, "tag", MARK) == 200

    refused(harbor.type(f"resume {run} {moved.GIVEN}"), "plan-outdated", exit_code=5)
    assert (moved.region(harbor), moved.asleep(harbor)) == ("eastus", [])
    assert moved.kept_in_cluster(harbor) == []
    assert beside.is_there(harbor, MARK)


@pytest.mark.parametrize("kind", ["tag", "extension", "role", "lock", "diagnostics"])
def test_a_target_that_others_use_is_not_deleted_on_the_way_back(harbor: Stage, kind: str) -> None:
    """It was made by this run; what others have put to it meanwhile was not."""
    depot = arm.HARBOR.replace("/harbor", "/depot")

    def write() -> None:
        assert beside.write(harbor, kind, MARK, depot) in (200, 201, 202)
        beside.write(harbor, "tag", "other")

    line = f"{moved.MOVE} --target-name depot"
    ended = beside.type_beside(harbor, line, "quiet-agents", write)

    refused(
        ended,
        "plan-outdated",
        exit_code=5,
        said="edge/depot is left in Azure: this run has made it",
    )
    assert (moved.region(harbor), moved.asleep(harbor)) == ("eastus", [])
    assert beside.is_there(harbor, MARK)
    assert moved.resource(harbor, depot)


def test_an_unused_target_is_deleted_on_the_way_back(harbor: Stage) -> None:
    """Nobody but this run has touched it."""
    line = f"{moved.MOVE} --target-name depot"
    ended = beside.type_beside(
        harbor, line, "look-again", lambda: beside.write(harbor, "tag", MARK)
    )

    refused(ended, "plan-outdated", exit_code=5)
    assert not moved.resource(harbor, arm.HARBOR.replace("/harbor", "/depot"))


@pytest.mark.parametrize("verb", ["rollback", "resume"])
def test_what_others_put_to_the_target_survives_the_way_back(harbor: Stage, verb: str) -> None:
    """Behind the point of no return the target is given up again: what it has more goes back too."""
    harbor.fault(
        "arm",
        {"operation_fails": {"code": "ExtensionOperationFailed", "message": "no memory"}},
        method="PUT",
        path="/extensions/monitor$",
        times=None,
    )

    def write() -> None:
        for kind in ("tag", "role", "configuration"):
            assert beside.write(harbor, kind, f"{MARK}{kind[:3]}") in (200, 201, 202)

    run = moved.stopped(
        beside.type_beside(harbor, moved.MOVE, "settle-children", write), "children-failed"
    )
    harbor.within(harbor.world.faults.remove)
    ended = harbor.type(f"{verb} {run} {moved.GIVEN} --yes")

    assert ended.code in (0, 5), ended.err
    assert moved.region(harbor) == ("eastus" if verb == "rollback" else "westeurope")
    for kind in ("tag", "role", "configuration"):
        there = beside.is_there(harbor, f"{MARK}{kind[:3]}")
        assert there or f"{MARK}{kind[:3]}" in ended.err + ended.out, (kind, ended.err)


@pytest.mark.parametrize(
    "line",
    [
        "upgrade -n harbor -g edge",
        "enable-features -n harbor -g edge --features cluster-connect",
        "update -n harbor -g edge --auto-upgrade false --yes",
        "delete -n harbor -g edge --yes",
        "connect -n harbor -g edge -l eastus --skip-prechecks --yes",
        "move -n harbor -g edge --target-region northeurope --skip-prechecks --yes",
        "move -n harbor -g edge --target-region northeurope --dry-run",
    ],
)
def test_another_command_sees_that_a_move_is_under_way(harbor: Stage, line: str) -> None:
    """As what it is: not as a run that has stopped part-way. For a move it is a finding: exit 5."""
    said: list[Ended] = []

    def other() -> None:
        said.append(harbor.type_apart(line))

    ended = beside.type_beside(harbor, moved.MOVE, "create-target", other)
    assert ended.code == 0, ended.err
    code = 5 if line.startswith("move") else 1
    refused(said[0], "run-in-progress", exit_code=code, said="a move of harbor is under way on ")
    assert "stopped part-way" not in said[0].err
