"""Nothing heavy at import, and no command that nobody awaits (design rules 1 and 8)."""

from __future__ import annotations

import inspect
import subprocess
import sys

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


def test_help_loads_nothing_heavy() -> None:
    """Asking for help imports Typer and arcctl's own commands, and none of the big libraries."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "arcctl", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}

    assert "typer" in imported
    assert {name for name in imported if name.partition(".")[0] in HEAVY} == set()


def test_no_command_is_a_bare_coroutine() -> None:
    """Typer would call an `async def` command, never await it, and exit 0."""
    found = callbacks()

    assert found
    assert [name for name, function in found.items() if inspect.iscoroutinefunction(function)] == []
