"""A move that is closed with its agents at zero says what wakes them, and those commands work."""

from __future__ import annotations

import shlex
import shutil
from typing import TYPE_CHECKING

import pytest
from tests import arm
from tests.stories import beside, moved, moving
from tests.stories.refusals import DENIED, refused
from tests.stories.symptoms import merge

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

MOVE = f"{moving.MOVE} --protected-settings secrets.yaml --accept locked-itself"
BLOCKED = (
    "connect -n harbor -g edge --yes",
    "delete -n harbor -g edge --yes",
    f"{moving.MOVE} --protected-settings secrets.yaml",
    "config apply -n harbor -g edge --file asleep/configuration --protected-settings secrets.yaml --yes",
)


@pytest.fixture
def closed(harbor: Stage) -> tuple[Stage, Ended, str]:
    """A move that has stopped at a lock with all agents at zero, and that a person has closed."""
    beside.write(harbor, "lock", "mine")
    harbor.fault("arm", DENIED, method="DELETE", path="/locks/mine$", times=None)
    run = moved.stopped(harbor.type(MOVE), "AuthorizationFailed")
    harbor.within(harbor.world.faults.remove)
    shutil.rmtree(harbor.folder / "asleep", ignore_errors=True)
    ended = harbor.type(f"history {run} --close --yes --export asleep")
    assert ended.code == 5, ended.err
    return harbor, ended, (harbor.folder / "asleep" / "README.md").read_text()


def in_the_readme(readme: str, program: str) -> list[str]:
    """The commands of this program that stand on lines of their own."""
    lines = [each.strip() for each in readme.splitlines()]
    return [each for each in lines if each.startswith(f"{program} ")]


def typed(stage: Stage, line: str) -> None:
    """Do what `kubectl scale -n SPACE --replicas=COUNT deployment NAMES` does."""
    kubectl, scale, _, space, count, kind, *names = shlex.split(line)
    assert (kubectl, scale, kind) == ("kubectl", "scale", "deployment"), line
    replicas = int(count.removeprefix("--replicas="))
    for name in names:
        stage.within(
            lambda name=name: merge(stage, "deployments", space, name, spec={"replicas": replicas})
        )


def test_it_does_not_say_that_other_commands_work(closed: tuple[Stage, Ended, str]) -> None:
    """Four of them are refused as long as no agent runs, and `check` names what wakes them."""
    stage, ended, readme = closed

    for line in BLOCKED:
        assert stage.type(line).code in (1, 5), line
    refused(stage.type(BLOCKED[0]), "cluster-unproved")
    check = stage.type("check -n harbor -g edge")

    assert "Other commands may work on the cluster again" not in ended.err
    assert "Its agents are scaled to zero, and other commands refuse the cluster" in ended.err
    for command in (*ended.data["asleep"]["wake"], ended.data["asleep"]["heal"]):
        assert command in ended.err
        assert f"      {command}\n" in readme
    [finding] = [each for each in check.data["findings"] if each["code"] == "agents-asleep"]
    assert [each for each in finding["remedy"] if "arcctl resume" in each] == []


def test_agents_are_woken_with_kubectl(closed: tuple[Stage, Ended, str]) -> None:
    """Each command of the README, with the counts that were; then all is as it was."""
    stage, _, readme = closed

    for line in in_the_readme(readme, "kubectl"):
        typed(stage, line)

    assert moved.asleep(stage) == []
    for line in (BLOCKED[3], BLOCKED[0], f"{BLOCKED[2]} --accept locked-itself"):
        stage.well(line)
    lock = f"{arm.HARBOR}/providers/Microsoft.Authorization/locks/mine"
    assert arm.ask(stage, "DELETE", lock, version="2020-05-01")[0] in (200, 204)
    stage.well(BLOCKED[1])


def test_agents_are_brought_back_by_connect(closed: tuple[Stage, Ended, str]) -> None:
    """Those of namespace azure-arc, with a person's word; then other commands work."""
    stage, ended, readme = closed
    heal = ended.data["asleep"]["heal"]

    stage.well(f"{heal.removeprefix('arcctl ')} --yes")

    assert heal in in_the_readme(readme, "arcctl")
    assert heal == "arcctl connect -n harbor -g edge -l eastus --skip-cluster-check"
    assert moved.asleep(stage) == ["fluxconfig-agent", "fluxconfig-controller"]
    assert moved.resource(stage)["tags"] == {"team": "edge", "site": "pier7"}
    stage.well(BLOCKED[0])
