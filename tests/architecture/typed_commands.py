"""The commands as Typer knows them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def callbacks() -> dict[str, Callable[..., Any]]:
    """What a person can type, by its words: `show`, `sandbox up`, and what is called for it."""
    assembled = vars(importlib.import_module("arcctl.app")).values()
    [program] = [each for each in assembled if isinstance(each, typer.Typer)]
    return dict(walk(program, ""))


def walk(program: typer.Typer, prefix: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The commands of one Typer, then those of its groups."""
    for command in program.registered_commands:
        if command.callback:
            name = command.name or command.callback.__name__.replace("_", "-")
            yield f"{prefix}{name}", command.callback
    for group in program.registered_groups:
        if group.typer_instance:
            name = str(group.name or group.typer_instance.info.name)
            yield from walk(group.typer_instance, f"{prefix}{name} ")
