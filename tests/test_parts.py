"""Parts of a campaign: what is drawn by a seed, and that nothing is lost between parts."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.leavings import leavings, sweep
from tests.parts import Part, part

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [f"tests/matrix/test_cuts.py::test_a_cut[{number}]" for number in range(103)]


@pytest.mark.parametrize("count", [1, 4, 7, 200])
def test_all_parts_together_are_the_whole(count: int) -> None:
    """Each case is in one part, and no part is longer than another by more than one."""
    parts = [Part(number, count, "3f2a").of(NAMES) for number in range(1, count + 1)]

    assert sorted(name for each in parts for name in each) == sorted(NAMES)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_part_is_the_same_each_time_and_another_with_another_seed() -> None:
    """What failed can be played again, in whatever order it was collected; commits differ."""
    drawn = Part(1, 4, "3f2a").of(NAMES)

    assert Part(1, 4, "3f2a").of(NAMES[::-1]) == drawn
    assert Part(1, 4, "3f2b").of(NAMES) != drawn


def test_numbers_are_dealt_without_a_gap() -> None:
    """Two hundred seeds of chaos in three parts follow each other."""
    parts = [Part(number, 3, "3f2a").numbers(200) for number in (1, 2, 3)]

    assert [len(each) for each in parts] == [67, 67, 66]
    assert parts[0].stop == parts[1].start
    assert parts[1].stop == parts[2].start


@pytest.mark.parametrize("text", ["", "1", "0/4", "5/4", "a/b", "-1/4", "1/4/2"])
def test_what_is_no_part_is_refused(text: str) -> None:
    """Before anything is played."""
    with pytest.raises(argparse.ArgumentTypeError, match="a part is written 1/4"):
        part(text, "")


def test_what_a_test_left_in_the_temporary_folder_is_found(tmp_path: Path) -> None:
    """Pytest's own folder is no such thing."""
    for name in ("pytest-of-someone", "arcctl-helm-1", "tmpx7"):
        (tmp_path / name).mkdir()

    assert leavings(tmp_path) == ["arcctl-helm-1", "tmpx7"]


def test_what_a_run_that_is_gone_has_left_is_swept(tmp_path: Path) -> None:
    """A run that goes on keeps its folder."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait(60)
    for process in (gone.pid, os.getpid()):
        (tmp_path / f"arcctl-tests-{process}-x7").mkdir()

    sweep(tmp_path)

    assert [each.name for each in tmp_path.iterdir()] == [f"arcctl-tests-{os.getpid()}-x7"]
