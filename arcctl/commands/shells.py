"""The shells that can complete arcctl's words, and the script that teaches them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")
_NAMES = {"prog_name": "arcctl", "complete_var": "_ARCCTL_COMPLETE"}


def script(shell: str) -> str:
    """Return the script for a shell, "" for the one that asks; raise UsageError for a strange one."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined] # Typer's own

    return str(get_completion_script(shell=_known(shell), **_NAMES))


def install(shell: str) -> tuple[str, Path]:
    """Put the script where the shell reads it, as Typer does; return the shell and the file."""
    from typer.completion import install as put  # type: ignore[attr-defined] # Typer's own

    name, path = put(shell=_known(shell), **_NAMES)
    return name, path


def _known(shell: str) -> str:
    found = shell or _asking()
    if found not in SHELLS:
        raise UsageError(
            f"no completion for {found}" if found else "which shell?",
            why="one of " + ", ".join(SHELLS),
            hints="arcctl --show-completion bash",
        )
    return found


def _asking() -> str:
    """Return the name of the shell that has started this process, "" where that is no shell."""
    from typer.completion import _get_shell_name  # type: ignore[attr-defined] # Typer's own

    return str(_get_shell_name() or "")
