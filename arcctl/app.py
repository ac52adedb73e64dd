"""Assembles the commands, and turns any error into one message and one exit code."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import typer
from typer.completion import completion_init  # type: ignore[attr-defined] # only there

from arcctl import __version__
from arcctl.commands.verbs import VERBS, Verbs
from arcctl.errors import ArcctlError, ExitCode, Interrupted, UsageError
from arcctl.model.keys import generate
from arcctl.model.surroundings import Streams, Surroundings, fill_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import NoReturn, TextIO

    from arcctl.model.keys import KeyPair

HELP = """Connect Kubernetes clusters to Azure Arc, see whether they are alive, move or remove them.

Data goes to stdout, everything else to stderr. Try it offline: arcctl sandbox demo
"""

app = typer.Typer(
    name="arcctl",
    cls=Verbs,
    help=HELP,
    no_args_is_help=True,
    add_completion=False,  # Typer's options guess the shell, and take no other
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

completion_init()
_OURS = ("ARCCTL_", "AZURE_", "ARM_")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"arcctl {__version__}")
        raise typer.Exit


def _install_completion(shell: str | None) -> None:
    if shell is not None:
        from arcctl.commands.shells import install

        name, path = install(shell)
        typer.echo(f"{name} will complete arcctl's words in new terminals: {path}", err=True)
        raise typer.Exit


def _show_completion(shell: str | None) -> None:
    if shell is not None:
        from arcctl.commands.shells import script

        typer.echo(script(shell))
        raise typer.Exit


@app.callback()
def main_options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
    install_completion: str = typer.Option(
        None,
        callback=_install_completion,
        metavar="[SHELL]",
        help="Let this shell, or bash, zsh, fish, powershell or pwsh, complete words and names.",
    ),
    show_completion: str = typer.Option(
        None,
        callback=_show_completion,
        metavar="[SHELL]",
        help="Print the script that does so.",
    ),
) -> None:
    """Take what stands before the verb."""


def run(
    words: Sequence[str],
    environ: Mapping[str, str] | None = None,
    streams: Streams | None = None,
    make_key: Callable[[], KeyPair] = generate,
) -> ExitCode | int:
    """Run one command line and return its exit code.

    The environment and the streams are the process's own where none are given. A new pair takes up
    to two seconds of a core: whoever types many lines may have some ready for `make_key`.
    """
    environ = os.environ if environ is None else environ
    around = Surroundings(environ, streams or Streams(), make_key, _wants_events(words))
    debug = "--debug" in words
    with ExitStack() as kept:
        if streams:  # Typer writes its help to Python's own
            kept.enter_context(redirect_stdout(streams.stdout))
            kept.enter_context(redirect_stderr(streams.stderr))
        return _ended(words, around, debug=debug)


def _wants_events(words: Sequence[str]) -> bool:
    return "--progress=json" in words or ("--progress", "json") in pairwise(words)


def _ended(words: Sequence[str], around: Surroundings, *, debug: bool) -> ExitCode | int:
    try:
        _require_text(words, around.environ)
        ended = app(list(words), prog_name="arcctl", standalone_mode=False, obj=around)
        _send(around.streams.stdout)
    except ArcctlError as error:
        return _complain(error, around, debug=debug)
    except typer.Abort as error:
        if isinstance(error.__cause__, EOFError):  # Typer takes the end of any file for a person's
            return _unexpected(error.__cause__, around, debug=debug)
        return _complain(Interrupted("stopped"), around, debug=debug)
    except KeyboardInterrupt:
        return _complain(Interrupted("stopped"), around, debug=debug)
    except Exception as error:  # noqa: BLE001 - the one place where nothing may pass
        if hasattr(error, "format_message"):  # Typer's own, whose class has moved between versions
            return _mistyped(error, error.format_message(), words, around)
        return _unexpected(error, around, debug=debug)
    return ended if isinstance(ended, int) else ExitCode.DONE


def _require_text(words: Sequence[str], environ: Mapping[str, str]) -> None:
    """Raise UsageError for bytes that are no UTF-8: neither Azure nor the journal could hold them."""
    ours = {f"the value of {name}": environ[name] for name in environ if name.startswith(_OURS)}
    for shown, text in ({_readable(each): each for each in words} | ours).items():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise UsageError(
                f"{shown} is not valid UTF-8",
                hints="check the encoding of the terminal or script, and type it again",
            ) from None


def _readable(word: str) -> str:
    return f"'{os.fsencode(word).decode('utf-8', 'backslashreplace')}'"


def _send(stdout: TextIO) -> None:
    """Send what is left of the data; most commands write it in one go, and it is still here."""
    try:
        stdout.flush()
    except OSError as error:
        error.filename = error.filename or "stdout"
        raise


def _mistyped(error: Exception, text: str, words: Sequence[str], around: Surroundings) -> ExitCode:
    """Say what Typer found wrong, in arcctl's words; a verb left out gets the help it asks for."""
    if text.startswith("Usage: "):
        typer.echo(text, file=around.streams.stderr)
        return ExitCode.USAGE
    message, _, advice = text.rstrip(".").partition(". ")
    if close := " or ".join(getattr(error, "possibilities", None) or ()):
        message, advice = message.partition(" (")[0], f"did you mean {close}?"
    where = getattr(getattr(error, "ctx", None), "command_path", None) or _verb(words)
    mistake = UsageError(
        _uncapitalised(message),
        why=_uncapitalised(advice) if advice else (),
        hints=f"{where} --help",
    )
    return _complain(mistake, around, debug=False)


def _verb(words: Sequence[str]) -> str:
    return f"arcctl {words[0]}" if words[0] in VERBS else "arcctl"


def _uncapitalised(text: str) -> str:
    return text[:1].lower() + text[1:]


def _unexpected(error: Exception, around: Surroundings, *, debug: bool) -> ExitCode:
    """A reader that went away is nobody's fault; anything else is this machine's or arcctl's."""
    from arcctl.views.console import nobody_reads

    if isinstance(error, BrokenPipeError) and nobody_reads(around.streams.stdout):
        return ExitCode.DONE
    if isinstance(error, OSError):
        return _complain(_of_this_machine(error), around, debug=debug)
    fault = ArcctlError(
        f"arcctl met something it did not expect: {type(error).__name__}",
        code="AZK8S0001",
        hints="run it again with --debug and report what it prints",
    )
    fault.__cause__ = error
    return _complain(fault, around, debug=debug)


def _of_this_machine(error: OSError) -> ArcctlError:
    from arcctl.model import machine

    found = machine.explained(error)
    found.__cause__ = error
    return found


def _complain(error: ArcctlError, around: Surroundings, *, debug: bool) -> ExitCode:
    from arcctl.views.console import complain, complain_as_event, nobody_reads, traceback_of
    from arcctl.views.streams import Steady, let_go

    err = cast("TextIO", Steady(around.streams.stderr))
    if around.events:
        complain_as_event(error, err, debug=debug)
    else:
        complain(error, err, no_colour="NO_COLOR" in around.environ)
    if debug and not around.events:
        err.write(traceback_of(error))
    # Or Python would find at its end what is left in stdout, and exit with 120.
    if not nobody_reads(around.streams.stdout):
        let_go(around.streams.stdout)
    return error.exit_code


def main() -> NoReturn:
    """Be the program."""
    fill_in()
    code = int(run(sys.argv[1:]))
    # All is said, and the code tells it. Whoever says stop while Python ends changes neither.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise SystemExit(code)
