"""A command whose output goes nowhere: to a stream that is closed, or to a disk that is full.

What was asked for is done all the same, and the exit code tells how it ended.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.stage import PATIENCE, Ended
from tests.stories.moved import GIVEN, region
from tests.stories.moving import MOVE

if TYPE_CHECKING:
    from tests.stage import Stage

CONNECT = "connect -n harbor -g edge -l westeurope --skip-prechecks"
MOVED = f"{MOVE} --secrets-from-cluster"


def typed(stage: Stage, line: str, where: str) -> Ended:
    """Type a line into a shell, its output redirected."""
    script = f"exec {shlex.quote(sys.executable)} -m arcctl {line} {where}"
    ran = subprocess.run(
        ["sh", "-c", script],
        env=stage.environment,
        cwd=stage.folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "Traceback" not in ran.stderr, ran.stderr
    assert "Exception ignored" not in ran.stderr, ran.stderr
    return Ended(ran.returncode, ran.stdout, ran.stderr)


@pytest.mark.parametrize("where", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
@pytest.mark.parametrize("line", ["list -o json", "--help", "show -n harbor -g edge -o table"])
def test_a_question_to_a_closed_stream_ends_well(connected: Stage, line: str, where: str) -> None:
    """As if it led nowhere; what the other stream gets is whole."""
    ended = typed(connected, line, where)

    assert ended.code == 0, ended.err
    assert bool(ended.out) == (">&-" not in where.replace("2>&-", ""))


@pytest.mark.parametrize("where", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_a_connect_without_a_stream_connects(quick: Stage, where: str) -> None:
    """And says so where it can."""
    quick.after(lambda _: None)
    ended = typed(quick, CONNECT, where)

    assert ended.code == 0, ended.err
    assert quick.well("show -n harbor -g edge -o json").data["connectivityStatus"] == "Connected"


@pytest.mark.parametrize("where", [">&-", "2>&-"])
def test_a_move_without_a_stream_moves(harbor: Stage, where: str) -> None:
    """Its end is the same."""
    dry = typed(harbor, f"{MOVED} --dry-run", where)
    ended = typed(harbor, MOVED, where)

    assert (dry.code, ended.code) == (0, 0), ended.err
    assert region(harbor) == "westeurope"


@pytest.mark.parametrize("output", ["", " -o json"])
def test_a_move_to_a_full_disk_has_written_its_report(harbor: Stage, output: str) -> None:
    """The file comes first, so only what stdout did not take is lost."""
    ended = typed(harbor, f"{MOVED} --report r.md{output}", ">/dev/full")

    assert ended.code == 1, ended.err
    assert "no space is left on the disk" in ended.err
    assert region(harbor) == "westeurope"
    assert "Moved: harbor (edge) is in westeurope" in (harbor.folder / "r.md").read_text("utf-8")


def test_a_resume_to_a_full_disk_has_written_its_report(harbor: Stage) -> None:
    """As the move itself."""
    fault = harbor.fault("arm", {"status": 400}, method="PUT", path="/harbor$", times=None)
    assert harbor.type(f"{MOVE} {GIVEN}").code == 6
    harbor.within(lambda: harbor.world.faults.remove(fault))
    ended = typed(harbor, f"resume {GIVEN} --report r.md", ">/dev/full")

    assert ended.code == 1, ended.err
    assert "Moved: harbor (edge) is in westeurope" in (harbor.folder / "r.md").read_text("utf-8")


@pytest.mark.parametrize("line", ["show -n harbor -g edge -o json", "list", "--help", "--version"])
def test_a_question_to_a_full_disk_fails_in_words(connected: Stage, line: str) -> None:
    """The answer is lost, so it is a failure."""
    ended = typed(connected, line, ">/dev/full")

    assert ended.code == 1, ended.err
    assert "no space is left on the disk" in ended.err


def test_a_connect_to_a_full_disk_says_that_it_is_done(quick: Stage) -> None:
    """Only its result is lost."""
    quick.after(lambda _: None)
    ended = typed(quick, CONNECT, ">/dev/full")

    assert ended.code == 1
    assert "no space is left on the disk" in ended.err
    assert "what was asked for is done" in ended.err
    assert quick.well("show -n harbor -g edge -o json").data["connectivityStatus"] == "Connected"


def test_a_full_disk_for_what_people_read_stops_nobody(connected: Stage) -> None:
    """Data and exit code are as ever."""
    ended = typed(connected, "list -o json", "2>/dev/full")

    assert ended.code == 0
    assert "harbor" in ended.out
