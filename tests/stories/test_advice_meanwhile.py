"""While a run has the cluster no command advises what would harm the run, or would be refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.operations.checking.meanwhile import is_harmless
from tests.stories.beside import type_beside
from tests.stories.moved import GIVEN, MOVE, stopped
from tests.stories.test_move_unseen import gone, killed

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

HARBOR = "/connectedClusters/harbor$"
# Commands that a run in the middle of its work would suffer from, or that it keeps from working.
_HARMS = re.compile(
    r"kubectl (scale|rollout|set|edit|delete)|helm uninstall|--inside|az \w+ delete|"
    r"arcctl (connect|delete|move|update|upgrade|enable|disable|config apply)"
)


def advised(ended: Ended) -> list[str]:
    """All that a check advises, in its document and on stderr."""
    remedies = [step for each in ended.data["findings"] for step in each["remedy"]]
    return [*remedies, *ended.err.partition("try ")[2].splitlines()]


def harmful(ended: Ended) -> list[str]:
    """What of it would be in the run's way."""
    return [each for each in advised(ended) if _HARMS.search(each)]


def nowhere(stage: Stage) -> str:
    """Kill a move while Azure deletes the source, with its agents at zero; return the run."""
    killed(stage)
    gone(stage)
    found = stage.well("history -o json").data
    return str(found[0]["run"])


def half_there(stage: Stage) -> str:
    """Stop a move when the target is made and its children are not; return the run."""
    stage.fault("arm", {"status": 403}, method="PUT", path="/extensions/", times=None)
    ended = stage.type(MOVE)
    stage.within(stage.world.faults.remove)
    return stopped(ended, re.findall(r"\[([\w-]+)\]", ended.err)[-1])


def findings(ended: Ended) -> dict[str, Any]:
    """The findings of a check by their codes."""
    return {each["code"]: each for each in ended.data["findings"]}


@pytest.mark.parametrize("stop", [nowhere, half_there])
def test_check_advises_the_run_and_nothing_that_harms_it(harbor: Stage, stop: Any) -> None:
    """Agents that are woken while Azure deletes would take workloads away."""
    run = stop(harbor)

    ended = harbor.type("check -n harbor -g edge")

    assert ended.data["diagnosis"]["word"] == "run-unfinished"
    assert "connect again" not in ended.err + ended.out
    if stop is nowhere:
        assert findings(ended)["agents-asleep"]["verdict"] == "fail"
    assert harmful(ended) == []
    tried = [each.strip() for each in ended.err.partition("try ")[2].splitlines()]
    assert tried == [
        f"arcctl resume {run}",
        f"if it needs secrets again: arcctl resume {run} --protected-settings FILE",
        f"all the way back: arcctl rollback {run}",
    ]


@pytest.mark.parametrize("verb", ["connect", "delete", "upgrade", "move --target-region eastus"])
def test_nor_does_it_before_a_command(harbor: Stage, verb: str) -> None:
    """What the command would ask says nothing while the resource is elsewhere."""
    half_there(harbor)

    ended = harbor.type(f"check -n harbor -g edge --before {verb}")

    assert findings(ended)["run-unfinished"]["verdict"] == "fail"
    assert harmful(ended) == []


def test_a_plan_says_nothing_of_the_middle_of_a_run(harbor: Stage) -> None:
    """That harbor is in the target's region, and its children are not listed, is the run's work."""
    run = half_there(harbor)
    plan = f"move -n harbor -g edge --target-region westeurope --dry-run {GIVEN}"

    ended = harbor.type(plan)

    assert (ended.code, [each["code"] for each in ended.data["rows"]]) == (5, ["run-unfinished"])
    assert "nothing to move" not in ended.err + ended.out
    assert "--accept" not in ended.err + ended.out
    assert f"arcctl resume {run}" in ended.err


def test_a_plan_beside_a_living_move_says_nothing_of_its_middle_either(harbor: Stage) -> None:
    """It is under way: to wait for it is all that there is to do."""
    said: list[Ended] = []

    def look() -> None:
        plan = f"move -n harbor -g edge --target-region westeurope --dry-run {GIVEN}"
        said.append(harbor.type_apart(plan))
        said.append(harbor.type_apart("check -n harbor -g edge"))

    ended = type_beside(harbor, MOVE, "children-well", look)
    plan, check = said

    assert ended.code == 0, ended.err
    assert [each["code"] for each in plan.data["rows"]] == ["run-in-progress"]
    assert check.data["diagnosis"]["word"] == "run-in-progress"
    assert harmful(check) == []


def test_agents_that_a_run_has_removed_are_not_to_be_connected(harbor: Stage) -> None:
    """`show --agents` finds none, and names the run instead of a command that is refused."""
    harbor.fault("arm", {"deny_policy": True}, method="PUT", path=HARBOR, times=None)
    run = stopped(harbor.type(MOVE), "RequestDisallowedByPolicy")
    harbor.within(harbor.world.faults.remove)

    ended = harbor.type("show -n harbor -g edge --agents")

    assert "arcctl connect" not in ended.err
    assert run in ended.err


@pytest.mark.parametrize(
    ("remedy", "kept"),
    [
        ("arcctl resume move-1", True),
        ("kubectl describe nodes", True),
        ("in some minutes: arcctl config list -n harbor -g edge", True),
        ("allow mcr.microsoft.com and *.data.mcr.microsoft.com from the nodes", True),
        ("install helm 3.14 or newer, or name one: --helm FILE", True),
        ("kubectl scale -n azure-arc --replicas=1 deployment config-agent", False),
        ("if you are certain: arcctl connect -n harbor -g edge --skip-cluster-check", False),
        ("arcctl check -n harbor -g edge --inside", False),
        ("arcctl config apply -n harbor -g edge --file FILE", False),
        ("helm uninstall cluster-diagnostic-checks -n azure-arc-release", False),
        ("az role assignment create --role Reader", False),
    ],
)
def test_only_what_looks_is_harmless(remedy: str, *, kept: bool) -> None:
    """A command that nobody knows changes something."""
    assert is_harmless(remedy) is kept
