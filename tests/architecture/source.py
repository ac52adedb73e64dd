"""The project's own files, read once: what the rules of this folder look at."""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
ARCCTL = ROOT / "arcctl"
TEXTS = {".py", ".md", ".toml", ".yaml", ".yml", ".tpl", ".json", ".mod", ""}
LEFT_OUT = {".git", ".nox", ".venv", "LICENSE", "__pycache__", "dist"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One Python file: its path from the root, and its text; its syntax is looked at once."""

    path: str
    text: str

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of its syntax tree."""
        return list(ast.walk(ast.parse(self.text)))

    @cached_property
    def names(self) -> set[str]:
        """Dotted names as they are written in it: pytest.skip, monkeypatch.setattr."""
        return {name for node in self.nodes if (name := dotted(node))}

    def functions(self) -> list[Function]:
        """Every function and method in it, nested ones too."""
        return [node for node in self.nodes if isinstance(node, Function)]


@cache
def modules(*folders: str) -> list[Module]:
    """The Python files below these folders of the root."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return [module(path) for path in paths]


@cache
def module(path: Path) -> Module:
    """One of them, the same for all who ask."""
    return Module(str(path.relative_to(ROOT)), path.read_text())


@cache
def texts() -> dict[str, str]:
    """Every text file that belongs to the project, by its path from the root."""
    found: dict[str, str] = {}
    for place, folders, files in os.walk(ROOT):
        # Whole environments lie below what is left out, so it is not walked through at all.
        folders[:] = [each for each in folders if ours(each)]
        paths = (Path(place, each) for each in files if ours(each))
        readable = (path for path in paths if path.is_file() and path.suffix in TEXTS)
        found |= {str(path.relative_to(ROOT)): path.read_text() for path in readable}
    return found


def ours(name: str) -> bool:
    """Whether a file or folder belongs to the project, and no tool put it there for itself."""
    return name not in LEFT_OUT and not name.endswith(("_cache", ".egg-info"))


def dotted(node: ast.AST) -> str:
    """The name that a node is, with those that it hangs on; "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (stem := dotted(node.value)):
        return f"{stem}.{node.attr}"
    return ""
