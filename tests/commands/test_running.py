"""The one entrance: words, environment and streams go in, an exit code comes out."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from arcctl.app import run
from arcctl.model.surroundings import Streams
from tests import inside


def typed(line: str, environ: dict[str, str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command line with an environment of its own."""
    out, err = io.StringIO(), io.StringIO()
    code = run(line.split(), environ, Streams(io.StringIO(), out, err))
    return int(code), out.getvalue(), err.getvalue()


@pytest.mark.parametrize("line", ["--version", "--help", "show --help", "--show-completion bash"])
def test_what_is_asked_for_goes_to_the_stream_that_was_given(
    line: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Help included, which Typer writes; the process's own streams stay silent."""
    code, out, err = typed(line, {"HOME": str(home)})

    assert (code, err) == (0, "")
    assert "arcctl" in out
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("line", ["", "sho", "show --name", "show -n har/bor -g edge"])
def test_a_mistake_is_told_on_the_stream_that_was_given(
    line: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever finds it: Typer or arcctl."""
    code, out, err = typed(line, {"HOME": str(home)})

    assert (code, out) == (2, "")
    assert err
    assert capsys.readouterr() == ("", "")


def test_the_environment_is_the_one_that_was_given(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the process itself has in its environment means nothing."""
    monkeypatch.setenv("ARCCTL_OUTPUT", "of-the-process")

    _, _, err = typed("show -n harbor -g edge", {"HOME": str(home), "ARCCTL_OUTPUT": "given"})

    assert err.startswith("error  unknown output format: given")


def test_a_command_inside_the_tests_leaves_the_process_as_it_was(tmp_path: Path) -> None:
    """Environment and working folder are its own while it runs, and the process's again after."""
    before = dict(os.environ), Path.cwd()
    command = inside.Command(["show", "-n", "harbor"], {"HOME": str(tmp_path)}, tmp_path)
    with inside.FREE:
        code = command.run(60)

    assert (code, command.out.getvalue()) == (2, "")
    assert command.err.getvalue().startswith("error  which resource group?")
    assert (dict(os.environ), Path.cwd()) == before
