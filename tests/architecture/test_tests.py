"""Tests are sentences, nothing is patched, nothing is put off (design rules 4 and 12)."""

from __future__ import annotations

import ast
import re

import pytest
from tests.architecture.source import Module, modules, names_in, texts

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
# Written so that these lines do not find themselves.
MACHINE_PATH = re.compile(r"/(?:work|root|home|Users)/[\w.]|/tmp/(?:dev|venv)\b")
PUT_OFF = re.compile(r"\b(?:TO[D]O|FIX[M]E|NotImplemented[E]rror)\b")

by_path = pytest.mark.parametrize("module", modules("tests"), ids=lambda module: module.path)


@by_path
def test_every_test_is_a_sentence(module: Module) -> None:
    """Each test says in one line, with a full stop, what is true."""
    said = {
        each.name: ast.get_docstring(each) or ""
        for each in module.functions()
        if each.name.startswith("test_")
    }

    assert [name for name, text in said.items() if not re.fullmatch(r"[^\n]+[.!?]", text)] == []


@by_path
def test_nothing_is_patched_or_skipped(module: Module) -> None:
    """No test replaces a part of what it tests, and every test runs."""
    imported = {
        f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }

    assert names_in(module.tree) & FORBIDDEN.keys() == set()
    assert {name for name in imported if name.startswith("unittest")} == set()


@by_path
def test_every_assertion_can_fail(module: Module) -> None:
    """No test asserts a constant."""
    asserted = (node.test for node in ast.walk(module.tree) if isinstance(node, ast.Assert))

    assert [ast.unparse(node) for node in asserted if isinstance(node, ast.Constant)] == []


@pytest.mark.parametrize(
    "pattern", [MACHINE_PATH, PUT_OFF], ids=["no machine's paths", "nothing put off"]
)
def test_files_speak_of_the_project_alone(pattern: re.Pattern[str]) -> None:
    """No file names a place on somebody's machine, or promises what is not there."""
    found = {path: pattern.findall(text) for path, text in texts().items()}

    assert {path: hits for path, hits in found.items() if hits} == {}
