"""Tests are sentences, nothing is patched, nothing is put off (design rules 4 and 12)."""

from __future__ import annotations

import ast
import re

import pytest
from tests.architecture.source import Module, modules, texts

FORBIDDEN = {
    "monkeypatch.setattr": "the seam is the wire",
    "mocker.patch": "the seam is the wire",
    "pytest.skip": "a test that does not run proves nothing",
    "pytest.xfail": "a test that may fail proves nothing",
    "pytest.importorskip": "a test that does not run proves nothing",
    "pytest.mark.skip": "a test that does not run proves nothing",
    "pytest.mark.skipif": "a test that does not run proves nothing",
    "pytest.mark.xfail": "a test that may fail proves nothing",
}
# Written so that these lines do not find themselves; examples live in the home of somebody.
MACHINE_PATH = re.compile(
    r"(?<![\w.])/(?:work|root)/[\w.]|/(?:home|Users)/(?!somebody\b)\w|/tmp/(?:dev|venv)\b"
)
PUT_OFF = re.compile(r"\b(?:TO[D]O|FIX[M]E|NotImplemented[E]rror)\b")

TESTS = modules("tests")


def test_every_test_is_a_sentence() -> None:
    """Each test says in one line, with a full stop, what is true."""
    said = {
        f"{module.path}: {each.name}": ast.get_docstring(each) or ""
        for module in TESTS
        for each in module.functions()
        if each.name.startswith("test_")
    }

    assert [name for name, text in said.items() if not re.fullmatch(r"[^\n]+[.!?]", text)] == []


def test_nothing_is_patched_or_skipped() -> None:
    """No test replaces a part of what it tests, and every test runs."""
    used = {module.path: module.names & FORBIDDEN.keys() for module in TESTS}
    mocks = [module.path for module in TESTS if imports(module, "unittest")]

    assert {path: names for path, names in used.items() if names} == {}
    assert mocks == []


def imports(module: Module, package: str) -> bool:
    """Whether it imports that package or a part of it."""
    lines = (node for node in module.nodes if isinstance(node, ast.Import | ast.ImportFrom))
    names = {getattr(line, "module", None) or alias.name for line in lines for alias in line.names}
    return any(name.partition(".")[0] == package for name in names)


def test_every_assertion_can_fail() -> None:
    """No test asserts a constant."""
    asserted = [
        (module.path, node.test)
        for module in TESTS
        for node in module.nodes
        if isinstance(node, ast.Assert)
    ]

    assert [path for path, node in asserted if isinstance(node, ast.Constant)] == []


@pytest.mark.parametrize(
    "pattern", [MACHINE_PATH, PUT_OFF], ids=["no machine's paths", "nothing put off"]
)
def test_files_speak_of_the_project_alone(pattern: re.Pattern[str]) -> None:
    """No file names a place on somebody's machine, or promises what is not there."""
    found = {path: pattern.findall(text) for path, text in texts().items()}

    assert {path: hits for path, hits in found.items() if hits} == {}
