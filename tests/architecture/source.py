"""The project's own files, read once: what the rules of this folder look at."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
ARCCTL = ROOT / "arcctl"
TEXTS = {".py", ".md", ".toml", ".yaml", ".yml", ".tpl", ".json", ".mod", ""}
LEFT_OUT = {".git", ".nox", ".venv", "LICENSE", "__pycache__", "dist"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Module(NamedTuple):
    """One Python file: its path from the root, its text, its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    def functions(self) -> list[Function]:
        """Every function and method in it, nested ones too."""
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]


@cache
def modules(*folders: str) -> list[Module]:
    """The Python files below these folders of the root."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return [
        Module(str(path.relative_to(ROOT)), path.read_text(), ast.parse(path.read_text()))
        for path in paths
    ]


@cache
def texts() -> dict[str, str]:
    """Every text file that belongs to the project, by its path from the root."""
    files = (path for path in ROOT.rglob("*") if path.is_file() and path.suffix in TEXTS)
    ours = ((path.relative_to(ROOT), path) for path in files)
    return {
        str(short): path.read_text()
        for short, path in ours
        if not LEFT_OUT.intersection(short.parts) and not cached(short)
    }


def cached(path: Path) -> bool:
    """Whether a tool put it there for itself: .mypy_cache and the like."""
    return any(part.endswith(("_cache", ".egg-info")) for part in path.parts)


def names_in(node: ast.AST) -> set[str]:
    """Dotted names as they are written below `node`: pytest.skip, monkeypatch.setattr."""
    found = (each for each in ast.walk(node) if isinstance(each, ast.Attribute | ast.Name))
    return {ast.unparse(each) for each in found}
