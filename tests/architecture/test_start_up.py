"""Nothing heavy at import, and no command that nobody awaits (design rules 1 and 8)."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys

import pytest
from tests.architecture.source import ROOT
from tests.architecture.typed_commands import callbacks

HEAVY = {
    "aiohttp",
    "asyncio",
    "azure",
    "cryptography",
    "jmespath",
    "kubernetes",
    "msal",
    "pydantic",
    "pyhelm3",
    "requests",
    "rich",
    "urllib3",
    "yaml",
}


def imported_by(*words: str, **environ: str) -> set[str]:
    """What one command line of arcctl imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "arcctl", *words],
        cwd=ROOT,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


def test_help_loads_nothing_heavy() -> None:
    """Asking for help imports Typer and arcctl's own commands, and none of the big libraries."""
    imported = imported_by("--help")

    assert "typer" in imported
    assert {name for name in imported if name.partition(".")[0] in HEAVY} == set()


@pytest.mark.parametrize("line", ["arcctl sh", "arcctl connect --enable", "arcctl list -o y"])
def test_completing_what_is_known_loads_nothing_heavy(line: str) -> None:
    """Tab after a verb, a flag, or one of a few words is as quick as help."""
    at = str(len(line.split()) - 1)
    imported = imported_by(_ARCCTL_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=at)

    assert "typer" in imported
    assert {name for name in imported if name.partition(".")[0] in HEAVY} == set()


def test_no_command_is_a_bare_coroutine() -> None:
    """Typer would call an `async def` command, never await it, and exit 0."""
    found = callbacks()

    assert found
    assert [name for name, function in found.items() if inspect.iscoroutinefunction(function)] == []
