"""Fields of the source that somebody writes while Azure deletes it, and the target is there already."""

from __future__ import annotations

import subprocess
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests import arm
from tests.stories import beside, moved, moving

if TYPE_CHECKING:
    from tests.stage import Stage

DEPOT = arm.HARBOR.replace("/harbor", "/depot")
STORE = arm.HARBOR.replace("/resourceGroups/edge/", "/resourceGroups/store/")
TAGS = {"team": "edge", "site": "pier7"}


@pytest.fixture
def harbor(quick: Stage) -> Stage:
    """Harbor with its children, which Azure deletes for longer than a look takes."""
    quick.after(moving.connected)
    moving.secrets_file(quick)
    quick.world.delays = replace(quick.world.delays, arm_delete=5)
    return quick


@pytest.mark.parametrize(
    ("flag", "target"), [("--target-name depot", DEPOT), ("--target-group store", STORE)]
)
@pytest.mark.parametrize("kind", ["tag", "field"])
def test_a_field_that_is_written_late_is_carried(
    harbor: Stage, kind: str, flag: str, target: str
) -> None:
    """The target was made before the source went, so it is brought up to date: no difference."""
    ended = beside.type_beside(
        harbor,
        f"{moved.MOVE} {flag}",
        "delete-source",
        lambda: beside.write(harbor, kind),
        events=("started",),
    )
    now = moved.resource(harbor, target)

    assert "and carried: the resource's own fields" in ended.err, ended.err
    assert ended.code == 0, ended.err
    if kind == "tag":
        assert now["tags"] == {**TAGS, "late": "mine"}
    else:
        assert now["properties"]["distribution"].lower() == "k3s"


def test_a_tag_that_is_taken_away_late_is_taken_away(harbor: Stage) -> None:
    """From the target as well."""

    def act() -> None:
        body = {"tags": {"team": "edge"}}
        assert arm.ask(harbor, "PATCH", arm.HARBOR, body, version="2024-01-01")[0] == 200

    line = f"{moved.MOVE} --target-name depot"
    ended = beside.type_beside(harbor, line, "delete-source", act, events=("started",))

    assert ended.code == 0, ended.err
    assert moved.resource(harbor, DEPOT)["tags"] == {"team": "edge"}


def test_what_others_have_written_to_the_target_itself_stays(harbor: Stage) -> None:
    """A late field of the source does not write over the same field of the target."""

    def act() -> None:
        body = {"tags": {**TAGS, "late": "theirs", "more": "theirs"}}
        assert arm.ask(harbor, "PATCH", DEPOT, body, version="2024-01-01")[0] == 200
        beside.write(harbor, "tag")

    line = f"{moved.MOVE} --target-name depot"
    ended = beside.type_beside(harbor, line, "delete-source", act, events=("started",))

    assert (ended.code, "resource tags: was" in ended.err) == (5, True), ended.err
    assert moved.resource(harbor, DEPOT)["tags"] == {**TAGS, "late": "theirs", "more": "theirs"}


@pytest.mark.parametrize("kind", ["tag", "role"])
def test_what_is_written_shortly_before_it_is_gone_is_carried(harbor: Stage, kind: str) -> None:
    """The look is taken again and again for as long as Azure shows the source."""
    harbor.world.delays = replace(harbor.world.delays, arm_delete=9)
    written: list[int] = []

    def act() -> None:
        threading.Timer(4, lambda: written.append(beside.write(harbor, kind))).start()

    ended = beside.type_beside(harbor, moved.MOVE, "delete-source", act, events=("started",))

    assert written[0] in (200, 201)
    assert beside.is_there(harbor), ended.err


@pytest.mark.parametrize("refused", [False, True])
def test_a_target_that_azure_only_says_to_have_made_stops_the_move(
    harbor: Stage, *, refused: bool
) -> None:
    """Before anything is deleted: the source is as it was."""
    source = moved.resource(harbor)
    body = {
        **source,
        "id": DEPOT,
        "name": "depot",
        "location": "westeurope",
        "properties": {"provisioningState": "Succeeded", "agentPublicKeyCertificate": ""},
    }
    where = "connectedClusters/depot$"
    harbor.fault("arm", {"status": 201, "body": body}, method="PUT", path=where, times=1)
    if refused:
        harbor.fault("arm", {"deny_policy": True}, method="PUT", path=where, times=None)

    ended = harbor.type(f"{moved.MOVE} --target-name depot --onboarding-timeout 20")

    assert (ended.code, "[azure-not-done]" in ended.err) == (6, True), ended.err
    found = moved.resource(harbor)
    assert (found["location"], found["tags"]) == (source["location"], source["tags"])
    assert found["systemData"]["createdAt"] == source["systemData"]["createdAt"]
    assert moved.asleep(harbor) == []
    harbor.well("rollback --yes")


def test_what_helm_changes_of_the_agents_late_is_named(
    harbor: Stage,
) -> None:
    """az changes features so, and asks no Lease: what it took away must not come back in silence."""
    harbor.well("enable-features -n harbor -g edge --features azure-rbac")
    harbor.world.delays = replace(harbor.world.delays, arm_delete=9)
    done: list[int] = []

    def act() -> None:
        line = [str(harbor.helm), "rollback", "azure-arc", "1", "-n", "azure-arc-release"]
        run = subprocess.run(line, env=harbor.environment, capture_output=True, check=False)
        done.append(run.returncode)

    ended = beside.type_beside(harbor, moved.MOVE, "delete-source", act, events=("started",))

    assert done == [0]
    assert "changed by others after the second look" in ended.err, ended.err
    assert ended.code == 5
