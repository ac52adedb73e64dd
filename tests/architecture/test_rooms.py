"""Eight rooms, each explained by one sentence that stands in two places (design 3)."""

from __future__ import annotations

import ast
import re

from tests.architecture.source import ARCCTL, ROOT, modules

MAY_EXIT = {
    "arcctl/app.py",
    "arcctl/__main__.py",
    "arcctl/sandbox/__main__.py",
    "arcctl/sandbox/relay/__main__.py",
}
EXITS = {"SystemExit", "sys.exit", "os._exit", "exit", "quit"}


def test_the_page_and_the_rooms_say_the_same() -> None:
    """The sentence in a folder's docstring is the one in docs/architecture.md."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    written = dict(re.findall(r"^\| `(\w+)/` \| (.+?) \|$", page, re.MULTILINE))
    said = {
        folder.parent.name: ast.get_docstring(ast.parse(folder.read_text()))
        for folder in ARCCTL.glob("*/__init__.py")
    }

    assert written == said


def test_one_place_exits() -> None:
    """Only app.py, and the doors to a process, end it; everything else raises its own errors."""
    guilty = {
        module.path: sorted(found)
        for module in modules("arcctl")
        if module.path not in MAY_EXIT and (found := module.names & EXITS)
    }

    assert guilty == {}
