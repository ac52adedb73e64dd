"""Codes, questions and the page about them say the same."""

from __future__ import annotations

import ast
import re

from arcctl.checks.move import questions
from arcctl.checks.move.codes import CODES
from arcctl.checks.move.looking import Unseen
from arcctl.model.plan import Fate
from tests.architecture.source import ROOT, modules
from tests.checks.move.sights import Told, codes

VERDICTS = {"carried", "restored", "changes", "lost", "blocks", "noted"}
PAGE = (ROOT / "docs" / "reference" / "plan.md").read_text(encoding="utf-8")


def used() -> dict[str, set[str]]:
    """Every code that the source gives to a row, with the verdicts it is given by."""
    found: dict[str, set[str]] = {}
    for call in calls():
        for each in ast.walk(call.args[0]):
            if isinstance(each, ast.Constant):
                found.setdefault(str(each.value), set()).add(ast.unparse(call.func))
    return found


def calls() -> list[ast.Call]:
    """Every place where a row is made."""
    homes = ("arcctl/checks/move/", "arcctl/operations/moving/")
    nodes = [
        node
        for module in modules("arcctl")
        if module.path.startswith(homes)
        for node in module.nodes
    ]
    return [
        node
        for node in nodes
        if isinstance(node, ast.Call) and ast.unparse(node.func) in VERDICTS and node.args
    ]


def test_every_code_is_known_and_used() -> None:
    """A row has a code of the list, and the list has no code that no row has."""
    by_table = {"extensions", "flux", "source-control", "policy-assignments", "policy-exemptions"}

    assert used().keys() | by_table == CODES.keys()


def test_what_blocks_is_marked_as_such() -> None:
    """A code by which a row blocks says so, and no other."""
    blocking = {code for code, verdicts in used().items() if "blocks" in verdicts}

    assert blocking == {code.name for code in CODES.values() if code.blocks}


def test_the_page_lists_every_code() -> None:
    """docs/reference/plan.md has a line for each, with its meaning and whether it may pass."""
    stops = re.findall(r"^\| `([\w-]+)` \| (yes|no) \| ([^|]+) \| [^|]+\. \|$", PAGE, re.MULTILINE)
    tells = re.findall(
        r"^\| `([\w-]+)` \| ([^|]+) \|$", PAGE.partition("## The file")[0], re.MULTILINE
    )
    fates = {str(fate) for fate in Fate}

    assert stops == [
        (code.name, "yes" if code.acceptable else "no", code.meaning)
        for code in CODES.values()
        if code.blocks
    ]
    assert [each for each in tells if each[0] not in fates] == [
        (code.name, code.meaning) for code in CODES.values() if not code.blocks
    ]


def test_the_page_says_what_the_report_repeats() -> None:
    """Each place in the report, with the codes of the rows that are told there again."""
    part = PAGE.partition("## What the report repeats")[2].partition("\n## ")[0]
    lines = re.findall(r"^\| ([\w ]+) \| (`.+) \|$", part, re.MULTILINE)
    told = {place: re.findall(r"`([\w-]+)`", codes) for place, codes in lines}
    known = {code.report for code in CODES.values() if code.report}

    assert told == {
        place: [code.name for code in CODES.values() if code.report == place] for place in known
    }


def test_the_page_explains_every_fate() -> None:
    """A row's fate is a word of the page."""
    assert all(f"| `{fate}` |" in PAGE for fate in Fate)


async def test_a_healthy_move_is_blocked_by_nothing() -> None:
    """All questions together find what changes and what is lost, and no more."""
    rows = await questions.rows_of(Told())

    assert set(codes(list(rows))) == {
        "certificate-key",
        "declared",
        "identity",
        "firewall",
        "history",
        "unmanaged",
        "diagnostics-later",
    }
    assert [row.fate for row in rows] == sorted((row.fate for row in rows), key=list(Fate).index)


async def test_what_was_not_seen_is_said() -> None:
    """It blocks where it would be lost unseen, and is noted where it is only worth knowing."""
    sight = Told()
    sight.unseen["roles"] = Unseen("role assignments", "not permitted", needed=True)
    sight.unseen["runtime"] = Unseen("services", "not permitted", needed=False)
    rows = await questions.rows_of(sight)
    found = {row.code: row.fate for row in rows if row.code in ("unseen", "unlooked")}

    assert found == {"unseen": Fate.BLOCKS, "unlooked": Fate.NOTED}
