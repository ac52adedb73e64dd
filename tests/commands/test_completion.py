"""The shell completes verbs and options."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


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


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shells_script_is_shown(shell: str) -> None:
    """It calls the program by its name, wherever it was started from."""
    script = asked("--show-completion", shell)

    assert "_ARCCTL_COMPLETE=complete_" in script
    assert "arcctl" in script


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
