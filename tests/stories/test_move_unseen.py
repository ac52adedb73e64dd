"""What nobody could look at while a source was deleted: said at the end, and never taken for agreement."""

from __future__ import annotations

import os
import re
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import pytest
from tests import arm
from tests.stage import PATIENCE
from tests.stories import beside, moved, moving
from tests.stories.moments import at, until

if TYPE_CHECKING:
    from pathlib import Path

    from arcctl.sandbox.journal import Entry
    from tests.stage import Ended, Stage

DELETED = f"arm DELETE {arm.HARBOR}$"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
ROW = f"changes to harbor between {MOMENT} and {MOMENT}: "


@pytest.fixture
def harbor(quick: Stage) -> Stage:
    """Harbor with its children, which Azure deletes for longer than a look takes."""
    quick.after(moving.connected)
    moving.secrets_file(quick)
    quick.world.delays = replace(quick.world.delays, arm_delete=5)
    return quick


def killed(stage: Stage, line: str = moved.MOVE, moment: str = DELETED) -> None:
    """Kill a move when Azure has taken a request."""
    with stage.start(line) as process:
        at(stage, moment, "after", lambda: os.kill(process.pid, signal.SIGKILL))
        process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL
    stage.within(stage.world.witnesses.clear)


def journal(stage: Stage) -> str:
    """The run's journal on this machine."""
    found: list[Path] = list((stage.folder / "home").rglob("journal.jsonl"))
    return "".join(each.read_text(encoding="utf-8") for each in found)


def killed_once(stage: Stage, word: str) -> None:
    """Kill a move at its first request after this machine's journal has a word."""

    def look(_entry: Entry, _when: Literal["before", "after"]) -> bool:
        if process.poll() is None and word in journal(stage):
            os.kill(process.pid, signal.SIGKILL)
        return False

    with stage.start(moved.MOVE) as process:
        stage.within(lambda: stage.world.witnesses.append(look))
        process.communicate(timeout=PATIENCE)
    stage.within(stage.world.witnesses.clear)
    assert process.returncode == -signal.SIGKILL


def gone(stage: Stage) -> None:
    """Wait until Azure has deleted it."""

    def is_gone() -> bool:
        stage.within(stage.world.azure.operations.settle)
        return not moved.resource(stage)

    until(is_gone, "the source is gone")


def told(ended: Ended) -> None:
    """Assert that a move has ended well, and has said what nobody could look at."""
    assert ended.code == 0, ended.err
    assert "nothing was lost" not in ended.err
    assert "not everything could be looked at" in ended.err.splitlines()[-1], ended.err
    [row] = ended.data["notLookedAt"]
    assert re.match(ROW, row), row


def test_a_move_that_was_killed_while_azure_deleted_says_what_nobody_saw(
    harbor: Stage,
) -> None:
    """What was written then is lost, and the end does not claim otherwise."""
    killed(harbor)
    assert beside.write(harbor, "tag") == 200
    gone(harbor)

    ended = harbor.type(f"resume {moved.GIVEN} --report moved.md --take-over")

    assert not beside.is_there(harbor)
    told(ended)
    page = (harbor.folder / "moved.md").read_text(encoding="utf-8")
    assert re.search(f"## Not looked at\n\n.*\n\n- {ROW}", page), page
    assert "nothing was lost" not in page
    assert moved.kept_in_cluster(harbor) == []


def test_it_is_said_as_well_where_the_run_is_taken_up_twice(harbor: Stage) -> None:
    """The second time the source is gone as before, and the step that deletes it is done."""
    killed(harbor)
    gone(harbor)
    fault = harbor.fault("arm", {"status": 403}, method="PUT", path="/extensions/", times=None)
    stopped = harbor.type(f"resume {moved.GIVEN} --take-over")
    harbor.within(lambda: harbor.world.faults.remove(fault))
    assert stopped.code == 6, stopped.err

    told(harbor.type(f"resume {moved.GIVEN}"))


def test_a_way_back_says_it_too(harbor: Stage) -> None:
    """The source is made again as it was saved, without what nobody saw."""
    killed(harbor)
    beside.write(harbor, "tag")
    gone(harbor)

    ended = harbor.type(f"rollback {moved.GIVEN} --yes --take-over")

    assert moved.region(harbor) == "eastus", ended.err
    told(ended)


def test_a_source_that_others_delete_behind_the_mark_was_not_watched_either(harbor: Stage) -> None:
    """Between the second look and its end nobody has looked."""
    killed_once(harbor, '"passed"')
    assert harbor.requests("arm", "DELETE") == []
    assert arm.ask(harbor, "DELETE", arm.HARBOR, version="2024-01-01")[0] == 202
    gone(harbor)

    told(harbor.type(f"resume {moved.GIVEN} --take-over"))


def test_who_has_died_has_stopped_looking(harbor: Stage) -> None:
    """Killed after the look that sees what is written late: that is carried, and no more is known."""
    at(harbor, DELETED, "after", lambda: tag(harbor))
    killed_once(harbor, '"seen-while-deleting"')
    gone(harbor)

    ended = harbor.type(f"resume {moved.GIVEN} --take-over")

    told(ended)
    assert moved.resource(harbor)["tags"]["late"] == "mine"


def test_who_looks_to_the_end_says_until_when(harbor: Stage) -> None:
    """The last look is some seconds older than the end of the source."""
    ended = harbor.type(f"{moved.MOVE} --report moved.md")

    said = rf"harbor was looked at last at {MOMENT}, and was gone at {MOMENT}: "
    assert (ended.code, ended.data["notLookedAt"]) == (0, []), ended.err
    assert re.match(said, ended.data["lastLook"])
    assert re.search(said, (harbor.folder / "moved.md").read_text(encoding="utf-8"))


def test_a_look_of_the_process_that_goes_on_is_enough(harbor: Stage) -> None:
    """Killed in the midst of the deletion; the next one still sees the source."""
    harbor.world.delays = replace(harbor.world.delays, arm_delete=9)
    killed_once(harbor, '"seen-while-deleting"')
    at(harbor, "arm GET .*/connectedClusters/harbor$", "before", lambda: tag(harbor))

    ended = harbor.type(f"resume {moved.GIVEN} --take-over")

    assert (ended.code, ended.data["notLookedAt"]) == (0, []), ended.err
    assert moved.resource(harbor)["tags"]["late"] == "mine"


def tag(stage: Stage) -> None:
    """Let somebody write a tag, from within the sandbox's own loop."""
    found = stage.world.azure.store.get(arm.HARBOR)
    assert found
    found.body["tags"]["late"] = "mine"


def test_a_deletion_that_is_faster_than_the_first_look_is_told(harbor: Stage) -> None:
    """Gone before it can be read again: what was written in that moment is not known."""
    harbor.world.delays = replace(harbor.world.delays, arm_delete=0)
    at(harbor, DELETED, "before", lambda: tag(harbor))

    ended = harbor.type(f"{moved.MOVE} --report moved.md")

    told(ended)
    assert not beside.is_there(harbor)
    page = (harbor.folder / "moved.md").read_text(encoding="utf-8")
    assert re.search(f"## Not looked at\n\n.*\n\n- {ROW}", page), page


def test_a_way_back_that_deletes_so_fast_tells_it_too(harbor: Stage) -> None:
    """Once for each direction: both have deleted a resource."""
    harbor.world.delays = replace(harbor.world.delays, arm_delete=0)
    harbor.fault("arm", {"status": 403}, method="PUT", path="/extensions/monitor$", times=1)
    assert harbor.type(moved.MOVE).code == 6

    ended = harbor.type(f"rollback {moved.GIVEN} --yes")

    assert ended.code == 0, ended.err
    assert [bool(re.match(ROW, row)) for row in ended.data["notLookedAt"]] == [True, True]
