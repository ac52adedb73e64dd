"""The program as Typer assembled it, and one command line of it run inside the test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer.main
from arcctl.app import app, run

if TYPE_CHECKING:
    from typer.core import TyperCommand, TyperOption

PROGRAM: Any = typer.main.get_command(app)


def command(verb: str) -> TyperCommand:
    """The command behind a verb."""
    found: TyperCommand = PROGRAM.commands[verb]
    return found


def options(verb: str) -> dict[str, TyperOption]:
    """Its options by each of their spellings."""
    return {name: each for each in command(verb).params for name in each.opts}


def read(verb: str, *words: str) -> dict[str, Any]:
    """What a command is called with when these words are typed."""
    with command(verb).make_context(verb, list(words)) as context:
        given = context.params.items()
        return {name: _plain(value) if isinstance(value, tuple) else value for name, value in given}


def _plain(values: tuple[str, ...]) -> list[str] | None:
    """What Typer makes of many values before it calls the command."""
    return list(values) or None


def typed(line: str) -> int:
    """The exit code of a command line that needs no world."""
    return int(run(line.split()))
