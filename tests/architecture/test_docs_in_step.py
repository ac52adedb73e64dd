"""Pages say what the code says."""

from __future__ import annotations

import ast
import json
import re

from arcctl.errors import ExitCode
from arcctl.sandbox.faults import WIRE_ACTIONS, Faults
from tests.architecture.source import ARCCTL, ROOT, dotted, modules, texts
from tests.docs.pages import pages


def test_generated_pages_are_in_step() -> None:
    """What the pages say of each command is what the command says of itself."""
    wrong = {
        str(path.relative_to(ROOT))
        for path, text in pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }

    assert wrong == set(), "try: python -m tests.docs --write"


def test_exit_codes_are_documented() -> None:
    """docs/reference/exit-codes.md has a row for each exit code, and for no other."""
    page = (ROOT / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", page, re.MULTILINE)

    assert {name: int(number) for number, name in rows} == {each.name: each for each in ExitCode}


def test_error_codes_are_documented() -> None:
    """docs/reference/errors.md has one line for every code that arcctl may print."""
    rows = documented()

    assert len(rows) == len(set(rows))
    assert sorted(raised() - set(rows)) == []


def test_documented_error_codes_exist() -> None:
    """No line of docs/reference/errors.md is about a code that the source does not know."""
    source = "".join(module.text for module in modules("arcctl"))

    assert [code for code in documented() if f'"{code}"' not in source] == []


def documented() -> list[str]:
    """The codes that have a line."""
    page = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE)


def raised() -> set[str]:
    """Every code that the source writes down: code="…", default_code = "…", or a table's entry."""
    found: set[str] = set()
    for module in modules("arcctl"):
        if not module.path.startswith("arcctl/sandbox/azure/"):
            found |= {code for node in module.nodes for code in codes(node)}
    return found


def codes(node: ast.AST) -> set[str]:
    """The codes that stand in one place of the source."""
    if isinstance(node, ast.keyword) and node.arg == "code":
        return constants(node.value)
    if isinstance(node, ast.Assign) and dotted(node.targets[0]).endswith("_code"):
        return constants(node.value)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value} if re.fullmatch(r"AZK8S\d{4}", node.value) else set()
    return set()


def constants(node: ast.AST) -> set[str]:
    """The texts of an expression: one, or those of both branches of an if."""
    if isinstance(node, ast.IfExp):
        return constants(node.body) | constants(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def test_the_faults_of_the_page_are_plans() -> None:
    """Each fault that docs/reference/sandbox.md shows is one that the sandbox takes."""
    page = (ROOT / "docs" / "reference" / "sandbox.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    plans = [json.loads(line) for block in blocks for line in block.splitlines()]
    queue = Faults()

    assert [queue.add(plan).action for plan in plans] == [plan["action"] for plan in plans]
    assert {name for plan in plans for name in plan["action"]} >= WIRE_ACTIONS - {"body", "headers"}


def test_modules_that_pages_name_exist() -> None:
    """A page that sends the reader to a module of a room sends them to one that is there."""
    rooms = "|".join(path.name for path in ARCCTL.iterdir() if path.is_dir())
    named = {
        (page, place)
        for page, text in texts().items()
        if page.startswith("docs/")
        for place in re.findall(rf"`((?:{rooms})/[\w/]+\.py)`", text)
    }

    assert named
    assert sorted(each for each in named if not (ARCCTL / each[1]).exists()) == []


def test_links_between_pages_lead_somewhere() -> None:
    """Each relative link of README and docs is to a file that is there."""
    links = {
        (page, (ROOT / page).parent / link)
        for page, text in texts().items()
        if page.endswith(".md")
        for link in re.findall(r"\]\(((?!https?:)[^)#]+)", text)
    }

    assert sorted(page for page, target in links if not target.exists()) == []
