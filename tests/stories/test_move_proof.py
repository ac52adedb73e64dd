"""The proof at the end of a move: what the plan named as lost is repeated, and no answer is taken alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml
from tests import arm
from tests.stories import beside, moved, moving

if TYPE_CHECKING:
    from tests.stage import Stage

EXTENSIONS = f"{arm.HARBOR}/{arm.CHILDREN}/extensions"
BELOW = f"{arm.HARBOR}/providers/Microsoft.KubernetesRuntime/storageClasses/fast"


@pytest.mark.parametrize("what", ["resource", "child"])
def test_one_answer_that_lags_behind_is_no_difference(harbor: Stage, what: str) -> None:
    """What is different is read again, as what is missing is."""

    def act() -> None:
        path, version = (arm.HARBOR, "2024-01-01")
        if what == "child":
            path, version = EXTENSIONS, "2025-03-01"
        body = arm.ask(harbor, "GET", path, version=version)[1]
        if what == "child":
            monitor = next(each for each in body["value"] if each["name"] == "monitor")
            monitor["properties"]["configurationSettings"] = {}
        else:
            body["tags"] = {}
        where = f"{path.rpartition('/providers/')[2]}$"
        harbor.fault("arm", {"status": 200, "body": body}, method="GET", path=where, times=1)

    ended = beside.type_beside(harbor, moved.MOVE, "prove", act, events=("started",))

    assert ended.code == 0, ended.err


def test_a_difference_that_lasts_is_told(harbor: Stage) -> None:
    """Read again, it is still there."""

    def act() -> None:
        arm.ask(harbor, "PATCH", arm.HARBOR, {"tags": {"theirs": "x"}}, version="2024-01-01")

    ended = beside.type_beside(harbor, moved.MOVE, "prove", act, events=("started",))

    assert (ended.code, "resource tags: was" in ended.err) == (5, True), ended.err


def test_roles_that_do_not_follow_are_told_as_planned(harbor: Stage) -> None:
    """Without `--reassign-identities` nobody gives them again, and the plan has said so."""
    moving.granted(harbor)
    harbor.world.delays = replace(harbor.world.delays, arm_delete=5)

    ended = harbor.well(moved.MOVE)

    [line] = ended.data["lost"]
    assert line == "1 role of these identities elsewhere: at edge"
    assert "nothing was lost" not in ended.err
    assert "and only what the plan named was lost" in ended.err


def test_what_lies_below_the_cluster_is_told_as_planned(harbor: Stage) -> None:
    """No move can carry it."""
    harbor.seed(providers={"Microsoft.KubernetesRuntime": "Registered"})
    body = {"properties": {"typeProperties": {"type": "Native"}}}
    assert arm.ask(harbor, "PUT", BELOW, body, version="2024-03-01")[0] in (200, 201)

    ended = harbor.well(moved.MOVE)

    assert "storageClasses/fast" in " ".join(ended.data["lost"]), ended.data
    assert "nothing was lost" not in ended.err


def test_a_waived_secret_is_told_as_planned(harbor: Stage) -> None:
    """It is not set, by decision."""
    few = json.loads(json.dumps(moving.SECRETS))
    del few["extensions/monitor"]["amalogs.secret.key"]
    path = harbor.folder / "few.yaml"
    path.write_text(yaml.safe_dump(few))
    path.chmod(0o600)
    waive = "--waive-secret extensions/monitor/amalogs.secret.key"

    ended = harbor.well(f"{moving.MOVE} --protected-settings few.yaml {waive}")

    said = "secret extensions/monitor/amalogs.secret.key: waived: it will not be set"
    assert ended.data["lost"] == [said]
    assert "nothing was lost" not in ended.err


def test_what_the_plan_notes_is_in_the_report_and_nothing_contradicts(harbor: Stage) -> None:
    """What no move carries is said so; an association that was never made is not asked for."""
    harbor.world.delays = replace(harbor.world.delays, arm_delete=5)
    kind = "Microsoft.AzureKeyVaultSecretsProvider"
    arm.put_child(harbor, "extensions", "vault", moving.extension(kind))

    plan = harbor.well(f"{moved.MOVE} --dry-run").data
    ended = harbor.well(moved.MOVE)

    noted = [each for each in plan["rows"] if each["code"] == "region-settings"]
    assert "association" not in str(plan["rows"])
    [history] = [each for each in plan["rows"] if each["code"] == "history"]
    assert history["subject"].endswith("which no move can carry")
    said = [f"{each['subject']}: {each['detail']}" for each in noted if each["fate"] == "noted"]
    assert [each for each in said if "vault" in each]
    assert ended.data["reminders"] == said
    assert "and nothing was lost that a move can carry;" in ended.err
