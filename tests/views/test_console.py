"""Two streams: data on stdout, people on stderr (design 6)."""

from __future__ import annotations

import io
import os
import pty
import sys
from typing import TYPE_CHECKING

import pytest
from arcctl.errors import ArcctlError, Refusal, UsageError
from arcctl.model import mask
from arcctl.model.scrub import secrets_of
from arcctl.settings import Flags, Settings
from arcctl.views.console import Console, complain, traceback_of
from arcctl.views.progress import JsonLines, Lines, Silent
from tests.views.screens import golden

if TYPE_CHECKING:
    from collections.abc import Mapping

REFUSAL = Refusal(
    "this cluster is already connected as depot (group edge, subscription Edge, westeurope)",
    code="AZK8S0403",
    why="its agents are healthy; connecting it as harbor would tear that down",
    hints=("arcctl show -n depot -g edge", "arcctl move -n depot -g edge --target-name harbor"),
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def console(environ: Mapping[str, str] | None = None, **flags: object) -> Console:
    """A console of a command with these flags."""
    given = Flags(**flags)  # type: ignore[arg-type] # the tests say which
    return Console(Settings(environ=environ or {}, flags=given, output=given.output))


def complained(error: ArcctlError, err: io.StringIO, *, no_colour: bool = False) -> str:
    """What a person reads of an error."""
    complain(error, err, no_colour=no_colour)
    return err.getvalue()


def test_an_error_says_what_why_and_what_next() -> None:
    """In three parts that stand below each other."""
    text = complained(REFUSAL, io.StringIO())

    assert text == golden("refusal", text)


def test_every_line_of_a_reason_is_indented() -> None:
    """What helm says has many lines."""
    text = complained(ArcctlError("no", why="one\ntwo"), io.StringIO())

    assert text == "error  no   [failed]\n       one\n       two\n"


def test_an_error_is_red_only_where_that_is_wanted() -> None:
    """On a terminal, without NO_COLOR; the words are the same."""
    coloured = complained(REFUSAL, Terminal())

    assert coloured.startswith("\33[31merror\33[0m  ")
    assert complained(REFUSAL, Terminal(), no_colour=True) == complained(REFUSAL, io.StringIO())


def test_a_traceback_keeps_no_secret() -> None:
    """Neither those of the environment nor what looks like one."""
    environ = {"AZURE_CLIENT_SECRET": "marked-one", "HTTPS_PROXY": "http://me:marked-two@proxy"}
    try:
        raise ValueError("marked-one, then marked-two, then Bearer marked-three")
    except ValueError as error:
        mask.begin(secrets_of(environ))
        text = traceback_of(error)

    assert "marked" not in text.partition("ValueError:")[2]
    assert "test_console.py" in text


@pytest.mark.parametrize(
    ("flags", "environ", "kind"),
    [
        ({}, {}, Lines),
        ({}, {"CI": "true"}, Lines),
        ({"progress": "plain"}, {}, Lines),
        ({"progress": "auto"}, {}, Lines),
        ({"progress": "json"}, {}, JsonLines),
        ({"progress": "json", "only_show_errors": True}, {}, JsonLines),
        ({"progress": "none"}, {}, Silent),
        ({"only_show_errors": True}, {}, Silent),
    ],
)
def test_progress_is_as_it_was_asked_for(
    flags: dict[str, object], environ: dict[str, str], kind: type
) -> None:
    """Without a terminal, lines; nothing with --only-show-errors."""
    assert isinstance(console(environ, **flags).progress, kind)


def test_an_unknown_progress_is_refused() -> None:
    """With the list of those there are."""
    with pytest.raises(UsageError, match="unknown --progress: loud"):
        console(progress="loud")


def test_a_sentence_goes_to_people(capsys: pytest.CaptureFixture[str]) -> None:
    """To stderr, and not at all where only errors are wanted."""
    console().say("Connected.")
    console(only_show_errors=True).say("Hidden.")

    assert capsys.readouterr() == ("", "Connected.\n")


@pytest.mark.parametrize(
    ("flags", "output"), [({}, "json"), ({"output": "tsv"}, "tsv"), ({"query": "name"}, "json")]
)
def test_a_pipe_gets_json(flags: dict[str, object], output: str) -> None:
    """Unless another format was asked for."""
    assert console(**flags).output == output


def test_without_a_terminal_a_question_is_a_usage_error() -> None:
    """It says what was asked, and what to add."""
    with pytest.raises(UsageError, match="no terminal") as refused:
        console().ask("Delete harbor?")

    assert refused.value.why == ("Delete harbor?",)
    assert refused.value.hints == ("add --yes",)


@pytest.mark.parametrize(
    ("typed", "yes"),
    [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("yep\n", False)],
)
def test_only_yes_means_yes(typed: str, yes: bool) -> None:
    """An empty line is a no."""
    leader, follower = pty.openpty()
    real, sys.stdin = sys.stdin, os.fdopen(follower, encoding="utf-8")
    try:
        os.write(leader, typed.encode())
        asking = console()
        asking.err = Terminal()
        assert asking.ask("Delete harbor?") is yes
    finally:
        sys.stdin.close()
        sys.stdin = real
        os.close(leader)

    assert asking.err.getvalue() == "Delete harbor? [y/N] "
