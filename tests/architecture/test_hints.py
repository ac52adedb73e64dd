"""A hint can be pasted: its command stands alone, or ends the line behind a colon."""

from __future__ import annotations

import ast
import re
from itertools import product
from typing import TYPE_CHECKING

import pytest
from tests.architecture.source import modules
from tests.architecture.typed_commands import callbacks
from tests.stories.pasting import mistakes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.architecture.source import Module

# A verb tells a command from a sentence: `helm is too old`.
_VERBS = {
    "arcctl": "|".join({words.partition(" ")[0] for words in callbacks()}),
    "az": "[a-z]+",
    "helm": "history|list|registry|uninstall",
    "kubectl": "[a-z]+",
    "oc": "adm",
}
_PROGRAM = f"(?:^|: )(?:{'|'.join(f'{name} (?:{verbs})' for name, verbs in _VERBS.items())})"
_COMMAND = re.compile(f"{_PROGRAM}(?: |$)")
# An option alone, which `commands/retyping.py` completes where nothing stands behind it.
_OPTION = re.compile(r"(?:^|: |^add |^\0 )--[a-z-]+(?: [A-Z\0-]+)?, [a-z]")
# What a shell would take for a value: a word in capitals stands there instead.
_ELLIPSIS = re.compile(rf"(?:{_PROGRAM} |(?:^|: |with )--[a-z-]+[ =]|\bexport [A-Z_\0]+=).*…")
_HOLE = "\0"
# What may stand in it: a name, nothing, or what names a cluster.
_FILLED = ("X", "", "-n X -g X")


def test_a_command_ends_the_text_that_names_it() -> None:
    """What it is for stands before the colon: a shell would take words behind it as its own."""
    every = [(each, text) for each in modules("arcctl") for text in _texts(each)]
    spoilt = [f"{each.path}: {text}" for each, text in every if _is_spoilt(text)]

    assert len(every) > 1000
    assert spoilt == []


def _is_spoilt(text: str) -> bool:
    if _OPTION.search(text) or _ELLIPSIS.search(text):
        return True
    ways = product(_FILLED, repeat=text.count(_HOLE)) if _COMMAND.search(text) else ()
    found = [_mistakes(_filled(text, way)) for way in ways]
    return bool(found) and all(found)


def _mistakes(text: str) -> list[str]:
    # The beginning of a command may lack an option that is put behind it elsewhere.
    return [each for each in mistakes([text]) if "MissingParameter" not in each]


def _filled(text: str, way: tuple[str, ...]) -> str:
    left = iter(way)
    return re.sub(_HOLE, lambda _: next(left), text)


def _texts(module: Module) -> Iterator[str]:
    """Yield each literal of one line, with holes for what is filled in; docstrings are prose."""
    parts = {
        id(part)
        for node in module.nodes
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node
    }
    docs = {id(node.value) for node in module.nodes if isinstance(node, ast.Expr)}
    for node in module.nodes:
        text = _text(node) if id(node) not in parts | docs else ""
        if text and "\n" not in text:
            yield text


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(each) or _HOLE for each in node.values)
    return ""


@pytest.mark.parametrize(
    "text",
    [
        "arcctl move … --dry-run",
        "plan again: arcctl move … --dry-run",
        "export \0=…",
        "--token …",
        "az x --assignee …",
    ],
)
def test_an_ellipsis_stands_in_no_command(text: str) -> None:
    """Pasted it would be taken for a value."""
    assert _is_spoilt(text)
