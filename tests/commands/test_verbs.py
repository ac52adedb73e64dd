"""Verbs are loaded when they are typed, and help speaks of them as they do themselves."""

from __future__ import annotations

import subprocess
import sys

import pytest
from arcctl.commands.verbs import VERBS
from tests.commands.program import command, typed


@pytest.mark.parametrize("verb", VERBS)
def test_a_summary_is_the_first_sentence_of_the_verbs_own_help(verb: str) -> None:
    """The summary is data, so that help need not load the verb."""
    own = " ".join((command(verb).help or "").split())

    assert own.startswith(VERBS[verb].summary)
    assert VERBS[verb].summary.endswith(".")


def test_help_lists_every_verb_with_its_summary(capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of their use, wrapped rather than cut off."""
    assert typed("--help") == 0
    text = " ".join(capsys.readouterr().out.partition("Commands:")[2].split())

    assert text == " ".join(f"{name} {verb.summary}" for name, verb in VERBS.items())


def test_help_loads_no_verb() -> None:
    """Neither the modules of the verbs nor what they share."""
    look = (
        "import sys; from arcctl.app import run; run(['--help']); "
        "print(*(name for name in sys.modules if name.startswith('arcctl.commands.')), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stderr.split() == ["arcctl.commands.verbs"]
