"""A run that has stopped part-way is named first, by whatever command looks at the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.stories.beside import type_beside
from tests.stories.half_done import half_done
from tests.stories.moved import GIVEN, MOVE, region, stopped
from tests.stories.refusals import changes, refused
from tests.terminal import typed_at_a_terminal

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

PLAN = f"move -n harbor -g edge --target-region westeurope --dry-run {GIVEN}"
HARBOR = "/connectedClusters/harbor$"


@pytest.fixture
def quiet(harbor: Stage) -> tuple[Stage, str]:
    """A move that has stopped before its point of no return, with the agents scaled to zero."""
    path = "/deployments/clusterconnect-agent$"
    harbor.fault("kubernetes", {"status": 200, "body": {}}, method="PATCH", path=path, times=None)
    run = stopped(harbor.type(f"{MOVE} --onboarding-timeout 3"), "agents-not-quiet")
    harbor.within(harbor.world.faults.remove)
    return harbor, run


def test_everybody_names_it_first(quiet: tuple[Stage, str]) -> None:
    """The plan blocks, `check` advises nothing that would be refused, `show` notes it."""
    stage, run = quiet

    upgraded = stage.type("upgrade -n harbor -g edge")
    assert f"arcctl resume {run} --protected-settings FILE" in upgraded.err
    plan = stage.type(PLAN)
    again = stage.type(MOVE)
    check = stage.type("check -n harbor -g edge")
    before = stage.type("check -n harbor -g edge --before move --target-region westeurope")
    show = stage.well("show -n harbor -g edge")

    assert (plan.code, "[run-unfinished]" in plan.err) == (5, True), plan.err
    assert plan.data["rows"][0]["code"] == "run-unfinished"
    assert f"arcctl resume {run}" in plan.data["rows"][0]["remedy"]
    assert "[run-unfinished]" in again.err
    assert f"try    arcctl resume {run}" in again.err
    assert (check.code, check.data["findings"][0]["code"]) == (5, "run-unfinished")
    remedies = [step for each in check.data["findings"] for step in each["remedy"]]
    assert [each for each in remedies if each.startswith("arcctl connect")] == []
    assert before.data["findings"][0]["code"] == "run-unfinished"
    assert f"arcctl resume {run}" in show.err


def test_a_dry_run_says_what_comes_next_before_the_point_of_no_return(
    quiet: tuple[Stage, str],
) -> None:
    """Forward and back, and what will be asked; nothing is changed by asking."""
    stage, run = quiet
    stage.within(stage.world.journal.clear)

    forward = stage.well("resume --dry-run").data
    given = stage.well(f"resume {run} --dry-run {GIVEN}").data
    back = stage.well(f"rollback {run} --dry-run").data

    assert (forward["run"], forward["noReturn"]) == (run, False)
    assert any("delete" in each for each in forward["next"])
    assert any("extensions/monitor" in each for each in forward["asks"])
    assert given["asks"] == []
    assert (back["way"], back["next"][0][:6]) == ("undoes what was done", "undo: ")

    assert changes(stage) == []
    stage.well("rollback --yes")


def test_a_dry_run_says_what_comes_next_behind_it(harbor: Stage) -> None:
    """On a terminal in words; the way back asks for a yes."""
    harbor.fault("arm", {"deny_policy": True}, method="PUT", path=HARBOR, times=None)
    run = stopped(harbor.type(MOVE), "RequestDisallowedByPolicy")
    harbor.within(harbor.world.faults.remove)

    seen = typed_at_a_terminal(harbor, "resume --dry-run")
    back = harbor.well(f"rollback --dry-run {GIVEN}").data

    assert "behind the point of no return" in seen.out
    assert "asks for --protected-settings FILE with extensions/monitor" in seen.out
    assert back["asks"] == ["a yes: harbor is made again in eastus"]
    assert (region(harbor), run in harbor.well("history").out) == ("", True)


def test_what_needs_the_resource_names_the_run_while_it_is_nowhere(harbor: Stage) -> None:
    """Behind the point of no return: that there is no such cluster is only half of it."""
    harbor.fault("arm", {"deny_policy": True}, method="PUT", path=HARBOR, times=None)
    run = stopped(harbor.type(MOVE), "RequestDisallowedByPolicy")
    harbor.within(harbor.world.faults.remove)
    (harbor.folder / "none.yaml").write_text("format: arcctl.configuration/1\nchildren: []\n")

    for line in (
        "update -n harbor -g edge --tags a=b",
        "config apply -n harbor -g edge --file none.yaml --yes",
    ):
        refused(harbor.type(line), "run-unfinished", said=f"arcctl resume {run}")


def test_a_dry_run_names_only_what_is_still_to_come(harbor: Stage) -> None:
    """What was passed is not passed again, and what was never made is not deleted."""
    harbor.fault("arm", {"deny_policy": True}, method="PUT", path=HARBOR, times=None)
    run = stopped(harbor.type(MOVE), "RequestDisallowedByPolicy")
    harbor.within(harbor.world.faults.remove)

    on = harbor.well(f"resume {run} --dry-run {GIVEN}").data["next"]
    back = harbor.well(f"rollback {run} --dry-run {GIVEN}").data["next"]
    ended = harbor.well(f"rollback {run} --yes {GIVEN} --report back.md")

    assert on[0] == "create edge/harbor in westeurope"
    assert back[0] == "create edge/harbor in eastus"
    assert "point of no return" not in on + back
    assert "Moved back: harbor (edge) is in eastus again" in ended.err
    assert ended.data["back"] is True
    page = (harbor.folder / "back.md").read_text()
    assert page.startswith("# harbor: back to eastus\n")
    assert "| install the agents |" in page
    assert "install-agents" not in page


def test_a_dry_run_with_nothing_open_is_exit_three(quick: Stage) -> None:
    """And one of an apply names what is sent."""
    run = half_done(quick)

    ahead = quick.well(f"resume {run} --dry-run").data
    quick.well("resume")
    ended = quick.well(f"resume {run} --dry-run").data

    assert ahead["next"] == ["send extensions/flux, if it is not as it should be"]
    assert ended["way"].startswith("nothing: it has ended (applied)")
    refused(quick.type("resume --dry-run"), "nothing-open", exit_code=3)
    refused(quick.type("rollback --dry-run"), "nothing-open", exit_code=3)


def test_everybody_names_a_living_run_as_what_it_is(harbor: Stage) -> None:
    """It is under way, and has not stopped: nobody advises to resume it."""
    said: list[Ended] = []

    def look() -> None:
        more = ("", " --before move --target-region northeurope", " --before upgrade")
        said.extend(harbor.type_apart(f"check -n harbor -g edge{each}") for each in more)
        said.append(harbor.type_apart("show -n harbor -g edge"))

    ended = type_beside(harbor, MOVE, "look-again", look)
    check, move, upgrade, show = said

    assert ended.code == 0, ended.err
    for each in (check, move):
        assert each.data["findings"][0]["code"] == "run-in-progress", each.out
    codes = {each["code"]: each for each in upgrade.data["findings"]}
    assert codes["run-in-progress"]["verdict"] == "fail"
    assert "run-unfinished" not in {
        code for code, each in codes.items() if each["verdict"] == "fail"
    }
    assert "is under way: arcctl history" in show.err
    assert "arcctl resume" not in show.err
