"""The commands as Typer knows them."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def callbacks() -> dict[str, Callable[..., Any]]:
    """What a person can type, by its words: `show`, `sandbox up`, and what is called for it."""
    program: Any = typer.main.get_command(importlib.import_module("arcctl.app").app)
    return dict(walk(program.commands, ""))


def walk(members: dict[str, Any], prefix: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The commands among the members of a group, and those of the groups among them."""
    for name, member in members.items():
        if hasattr(member, "commands"):
            yield from walk(member.commands, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", inspect.unwrap(member.callback)


def parameters(callback: Callable[..., Any]) -> set[str]:
    """The names of what a command takes."""
    return set(inspect.signature(callback).parameters)
