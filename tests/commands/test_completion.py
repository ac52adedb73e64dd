"""The shell completes verbs and options."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.commands.program import typed

if TYPE_CHECKING:
    from pathlib import Path


def asked(*words: str, **environ: str) -> str:
    """What the program answers to the shell."""
    done = subprocess.run(
        [sys.executable, "-m", "arcctl", *words],
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


SCRIPTS = [
    ("bash", "_ARCCTL_COMPLETE=complete_bash", ".bash_completions/arcctl.sh"),
    ("zsh", "_ARCCTL_COMPLETE=complete_zsh", ".zfunc/_arcctl"),
    ("fish", "_ARCCTL_COMPLETE=complete_fish", ".config/fish/completions/arcctl.fish"),
]
POWER_SHELL = '$Env:_ARCCTL_COMPLETE = "complete_powershell"'


@pytest.mark.parametrize(
    ("shell", "call"),
    [*(each[:2] for each in SCRIPTS), ("powershell", POWER_SHELL), ("pwsh", POWER_SHELL)],
)
def test_the_script_of_the_named_shell_is_shown(shell: str, call: str) -> None:
    """Whatever shell it is named in; it calls the program by its name."""
    script = asked("--show-completion", shell)

    assert call in script
    assert "arcctl" in script


@pytest.mark.parametrize(("shell", "call", "place"), SCRIPTS)
def test_the_script_is_put_where_the_shell_reads_it(
    home: Path, shell: str, call: str, place: str
) -> None:
    """And nothing goes to stdout, which some shells would run."""
    assert asked("--install-completion", shell) == ""
    assert call in (home / place).read_text(encoding="utf-8")


def test_a_shell_that_nobody_knows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """With those that are known."""
    assert typed("--show-completion tcsh") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "error  no completion for tcsh" in err
    assert "bash, zsh, fish, powershell, pwsh" in err


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("arcctl sh", ["show"]),
        ("arcctl connect --enable-w", ["--enable-workload-identity", "--enable-wi"]),
    ],
)
def test_verbs_and_options_are_offered(words: str, offered: list[str]) -> None:
    """What begins like the last word."""
    answer = asked(
        _ARCCTL_COMPLETE="complete_bash",
        COMP_WORDS=words,
        COMP_CWORD=str(len(words.split()) - 1),
    )

    assert answer.split() == offered
