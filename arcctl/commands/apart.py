"""A file that a command writes is none of those that it reads."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import typer

_WRITTEN = frozenset({"plan_out", "report", "output_file"})
_READ = frozenset({
    "kube_config", "manifest", "plan", "private_key", "protected_settings", "proxy_cert",
})  # fmt: skip


def require_apart(ctx: typer.Context, given: Mapping[str, Any]) -> None:
    """Raise UsageError where one file is to be written and is named by another option as well."""
    named = {name: Path(given[name]) for name in (*_WRITTEN, *_READ) if given.get(name)}
    for one, other in combinations(sorted(named, key=_READ.__contains__), 2):
        if one in _WRITTEN and _is_same(named[one], named[other]):
            from arcctl.errors import UsageError

            options = {each.name: each.opts[0] for each in ctx.command.params}
            raise UsageError(
                f"{options[one]} and {options[other]} name the same file, {named[one]}",
                why=f"{options[one]} would overwrite it",
                hints=f"name another file with {options[one]} FILE",
            )


def _is_same(one: Path, other: Path) -> bool:
    try:
        if one.exists() and not one.is_file():  # a terminal, or nothing at all
            return False
        return one.resolve() == other.resolve() or one.samefile(other)
    except (OSError, ValueError, RuntimeError):
        return False  # one is not there, or opening it says why
