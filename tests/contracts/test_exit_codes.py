"""What a process can tell from arcctl's end (design 6)."""

from __future__ import annotations

import re
from pathlib import Path

from arcctl.errors import ArcctlError, ExitCode

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "exit-codes.md"


def test_the_numbers_never_change() -> None:
    """Pipelines depend on them."""
    assert {code.name: int(code) for code in ExitCode} == {
        "DONE": 0,
        "FAILED": 1,
        "USAGE": 2,
        "NOT_FOUND": 3,
        "ACCESS": 4,
        "FINDINGS": 5,
        "STOPPED": 6,
        "INTERRUPTED": 130,
    }


def test_each_number_but_zero_has_an_error() -> None:
    """None is reserved in vain."""
    raised = {kind.exit_code for kind in [ArcctlError, *ArcctlError.__subclasses__()]}

    assert raised == set(ExitCode) - {ExitCode.DONE}


def test_the_page_about_them_is_complete() -> None:
    """Every code has its row in the reference."""
    rows = re.findall(r"^\| *`?(\d+)`? *\|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(map(int, rows)) == sorted(map(int, ExitCode))
