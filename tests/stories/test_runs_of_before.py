"""Runs, plans and manifests that an earlier arcctl has left: taken up, taken back, or refused well.

They were recorded from the commit that `before/README.md` names, each in the world it was cut in.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.flow.runner import names_of
from arcctl.model.bundle import Bundle
from arcctl.model.run import PUT_CHILD, named_now, parse
from arcctl.operations.moving import sequence
from arcctl.operations.moving.request import MoveRequest
from tests import arm
from tests.stories import moving
from tests.stories.moved import (
    CHILDREN,
    GIVEN,
    asleep,
    changes_beyond,
    kept_in_cluster,
    resource,
    running,
)
from tests.stories.recorded import FOLDER, plant, plant_run, run_of
from tests.stories.refusals import refused

if TYPE_CHECKING:
    from tests.stage import Stage

    World = dict[str, Any]

HARBOR2 = f"{arm.HARBOR}2"
LOCK = f"{arm.HARBOR}/providers/Microsoft.Authorization/locks/keep"
DELETED = f"arm DELETE {arm.HARBOR}"
REVERSIBLE = ["quiet", "renamed-quiet", "locked-quiet"]
PASSED = [
    "locked-passed",
    "source-deleted",
    "agents-removed",
    "target-made",
    "children-half-sent",
    "locks-put-back",
]
LIKE_OTHERS = ["agents-removed", "target-made", "children-half-sent"]
"""Taken back as `source-deleted` and `locks-put-back` are, so not in every run of the tests."""
# The world is planted today, so that its heartbeat comes hours after the run's quieting.
SURE = "--skip-cluster-check"
MOVES = [*REVERSIBLE, *PASSED, "turned"]
# Begun by the recorded version, and missing in the list that its journals have.
UNLISTED = ["link-gateway", "restart-identity", "until-agent-state", "quiet-target"]


def begin(stage: Stage, name: str, *, here: bool = True) -> str:
    """Plant a run, here or as it is seen from another machine, and return its name."""
    plant(stage, name)
    if here:
        plant_run(stage, name)
    moving.secrets_file(stage)
    return run_of(name)


@pytest.fixture
def before(quick: Stage) -> World:
    """What harbor was and had before any of these runs began."""
    plant(quick, "connected")
    return looked(quick)


def looked(stage: Stage) -> World:
    """What no move may change, whatever it is called afterwards."""
    hanging = moving.hanging(stage)
    return {
        "workloads": running(stage),
        "secrets": moving.protected(stage),
        "settings": {key: each for key, each in hanging.items() if key != "roles"},
        "roles": [(who, role) for who, role, _ in hanging["roles"]],
    }


def whole(stage: Stage, before: World, where: str, cluster: str = arm.HARBOR) -> None:
    """Assert that the cluster is there with all it had, and that no trace of the run is left."""
    found = resource(stage, cluster)
    assert (found["location"], found["tags"]) == (where, {"team": "edge", "site": "pier7"})
    assert found["properties"]["connectivityStatus"] == "Connected"
    states = {
        key: each["properties"]["provisioningState"]
        for key, each in arm.children(stage, cluster).items()
    }
    assert states == dict.fromkeys(CHILDREN, "Succeeded")
    assert (running(stage), moving.protected(stage)) == (before["workloads"], before["secrets"])
    if cluster == arm.HARBOR:
        assert looked(stage) == before
    assert (asleep(stage), kept_in_cluster(stage)) == ([], [])


def level(stage: Stage) -> str:
    """The level of harbor's lock; nothing where it has none."""
    status, lock = arm.ask(stage, "GET", LOCK, version="2020-05-01")
    return str(lock["properties"]["level"]) if status == 200 else ""


def deletions(stage: Stage) -> list[str]:
    """What was deleted in Azure, in its order."""
    return [each for each in changes_beyond(stage) if each.startswith("arm DELETE")]


@pytest.mark.parametrize("name", ["quiet", "children-half-sent", "turned", "applying"])
def test_they_are_in_the_history(quick: Stage, name: str) -> None:
    """The one that is open in the cluster, and those that this machine remembers, step by step."""
    run, ended = begin(quick, name), plant_run(quick, "moved").name

    told = {each["run"]: each for each in quick.well("history -o json").data}
    steps = quick.well(f"history {run}").out

    assert (told[run]["outcome"], told[run]["there"]) == ("unfinished", True)
    assert (told[ended]["outcome"], told[ended]["there"]) == ("moved", False)
    assert ("extensions/flux" if name == "applying" else "hold-secrets") in steps


@pytest.mark.parametrize(("name", "here"), [(each, at % 2 > 0) for at, each in enumerate(MOVES)])
def test_a_move_is_finished(quick: Stage, before: World, name: str, here: bool) -> None:
    """On its machine or on another; whatever was done already, nothing is lost."""
    run = begin(quick, name, here=here)

    ended = quick.well(f"resume {run} --take-over {GIVEN} {SURE}")

    if name == "locked-passed":
        # There the recorded version took it off; this one does so before, and knows both.
        assert deletions(quick)[:2] == [f"arm DELETE {LOCK}", DELETED]
    target = HARBOR2 if name == "renamed-quiet" else arm.HARBOR
    whole(quick, before, "eastus" if name == "turned" else "westeurope", target)
    assert (ended.data["clean"], ended.data["left"]) == (True, [])
    assert (level(quick) == "CanNotDelete") is name.startswith("lock")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(each, marks=[pytest.mark.matrix] if each in LIKE_OTHERS else [])
        for each in MOVES
    ],
)
def test_a_move_is_taken_back(quick: Stage, before: World, name: str) -> None:
    """Undone, or moved back: harbor is where it was, with all it had."""
    run = begin(quick, name)

    quick.well(f"rollback {run} --yes {GIVEN} {SURE}")

    whole(quick, before, "eastus")
    assert resource(quick, HARBOR2) == {}
    assert (level(quick) == "CanNotDelete") is name.startswith("lock")
    if name in [*REVERSIBLE, "locked-passed"]:
        assert DELETED not in deletions(quick)


def test_what_was_changed_since_stops_it(quick: Stage) -> None:
    """The second look compares with the plan that was kept then, and finds what is new."""
    run = begin(quick, "locked-quiet")
    status, _ = arm.ask(
        quick, "PATCH", arm.HARBOR, {"tags": {"team": "harbour"}}, version="2024-01-01"
    )
    assert status == 200

    ended = quick.type(f"resume {run} {GIVEN} {SURE}")

    assert (ended.code, "[plan-outdated]" in ended.err) == (5, True), ended.err
    assert "resource: tags changed" in ended.err
    assert DELETED not in deletions(quick)
    assert resource(quick)["tags"] == {"team": "harbour"}
    assert (asleep(quick), kept_in_cluster(quick)) == ([], [])
    assert level(quick) == "CanNotDelete"


def test_a_stored_plan_says_that_it_is_too_old(quick: Stage) -> None:
    """`plan-old`, and not a word of damage; nothing is asked of Azure to be changed."""
    plant(quick, "connected")
    moving.secrets_file(quick)
    shutil.copy(FOLDER / "plan.json", quick.folder / "old-plan.json")

    ended = quick.type(f"{moving.MOVE} {GIVEN} --plan old-plan.json")

    refused(ended, "plan-old", exit_code=2, said="plan again")
    assert "damaged" not in ended.err
    assert changes_beyond(quick) == []


def test_a_step_that_nobody_knows_is_refused(quick: Stage) -> None:
    """A run that another version has taken further: nothing is guessed."""
    run = begin(quick, "quiet", here=False)
    journal = plant_run(quick, "quiet") / "journal.jsonl"
    entry = {"at": "2026-01-01T00:00:00.000Z", "kind": "begun", "step": "paint-it-blue"}
    with journal.open("a") as file:
        file.write(f"{json.dumps(entry)}\n")

    ended = quick.type(f"resume {run} {GIVEN} {SURE}")

    assert (ended.code, "[steps-renamed]" in ended.err) == (6, True), ended.err
    assert "paint-it-blue" in ended.err
    assert DELETED not in deletions(quick)


@pytest.mark.parametrize("name", [*MOVES, "moved"])
def test_every_step_of_then_is_known(name: str) -> None:
    """By its name of then or by the one that it was given since: what may have been begun."""
    folder = FOLDER / name / run_of(name)
    record = parse((folder / "journal.jsonl").read_text(), name)
    bundle = Bundle.from_document(json.loads((folder / "bundle.json").read_text()))
    request = MoveRequest.from_document(record.header.request)
    known = {*names_of(sequence.steps(request, bundle)), PUT_CHILD}

    at = record.entries[0]
    entries = [replace(at, step=step) for step in (*record.header.steps, *UNLISTED)]
    named = {each.step.partition(" ")[0] for each in named_now((*entries, *record.entries))}
    facts = {each.step for each in record.entries if each.kind in ("fact", "turned")}

    assert named - known - facts - {"", "point-of-no-return", "document:report"} == set()


# ── children ──


def test_an_apply_is_finished(quick: Stage) -> None:
    """The children of the manifest of then are all there."""
    run = begin(quick, "applying")

    ended = quick.well(f"resume {run} {GIVEN} {SURE}")

    assert ended.data["differences"] == []
    assert applied(quick) == dict.fromkeys(CHILDREN, "Succeeded")
    assert kept_in_cluster(quick) == []


def test_an_apply_is_taken_back(quick: Stage) -> None:
    """The run is over, and what was applied stays, which is said."""
    run = begin(quick, "applying")

    ended = quick.well(f"rollback {run} --yes")

    assert "extensions/flux stay as applied" in ended.err
    assert (list(applied(quick)), kept_in_cluster(quick)) == (["extensions/flux"], [])


def test_an_exported_manifest_is_still_applied(quick: Stage) -> None:
    """And the cluster is then equal to it."""
    plant(quick, "bare")
    moving.secrets_file(quick)
    shutil.copy(FOLDER / "harbor.yaml", quick.folder / "harbor.yaml")

    quick.well(f"config apply -n harbor -g edge --file harbor.yaml --yes {GIVEN}")

    assert applied(quick) == dict.fromkeys(CHILDREN, "Succeeded")
    quick.well("config diff harbor.yaml edge/harbor")


def applied(stage: Stage) -> dict[str, str]:
    """The children that Azure has, and their states."""
    found = arm.children(stage)
    return {key: each["properties"]["provisioningState"] for key, each in found.items()}
