"""The next commands that arcctl prints, read as a shell and arcctl itself would read them."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import typer
from arcctl.app import app
from typer.main import get_command

if TYPE_CHECKING:
    from collections.abc import Iterable

_COMMAND = re.compile(r"(?:^|: )((?:arcctl|az|helm|kubectl|oc) .+)$")
_PROSE = re.compile(r"[,;] [a-z]| \(| (?:says|shows|names|writes|then|or) ")


def commands_in(hints: Iterable[str]) -> list[str]:
    """The commands among hints: each ends its line, alone or behind a colon."""
    found = [command.group(1) for hint in hints if (command := _COMMAND.search(hint))]
    return [each for line in found for each in line.split(" && ")]


def mistakes(hints: Iterable[str]) -> list[str]:
    """What a shell, or arcctl, would not take as it stands."""
    found = commands_in(hints)
    prose = [each for each in found if _PROSE.search(each)]
    return prose + [told for each in found if (told := _refused(each))]


def tried(err: str) -> list[str]:
    """What an error has printed behind `try`, a line each."""
    _, found, rest = f"\n{err}".rpartition("\ntry  ")
    lines = rest.splitlines() if found else []
    return [each.strip() for at, each in enumerate(lines) if at == 0 or each.startswith("     ")]


def _refused(line: str) -> str:
    words = shlex.split(line)
    if "…" in line:
        return f"{line}: an ellipsis is taken for a value"
    if words[0] != "arcctl" or words[-1] == "--help":
        return ""
    command: Any = get_command(app)
    context = typer.Context(command, **command.context_settings)
    left = words[1:]
    while hasattr(command, "commands"):
        command = command.commands[left.pop(0)]
    try:
        command.make_context(line, left, parent=context)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what would be printed
        return f"{line}: {error!r}"
    return ""
