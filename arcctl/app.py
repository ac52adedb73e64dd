"""Assembles the commands, and turns any error into one message and one exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from arcctl import __version__
from arcctl.commands import connect, delete, inventory, sandbox
from arcctl.errors import ArcctlError, ExitCode, Interrupted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

HELP = """Connect Kubernetes clusters to Azure Arc, see whether they are alive, remove them.

Data goes to stdout, everything else to stderr. Try it offline: arcctl sandbox demo
"""

app = typer.Typer(
    name="arcctl",
    help=HELP,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("connect")(connect.connect)
app.command("show")(inventory.show)
app.command("list")(inventory.list_clusters)
app.command("delete")(delete.delete)
app.add_typer(sandbox.app, name="sandbox")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"arcctl {__version__}")
        raise typer.Exit


@app.callback()
def main_options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Take what stands before the verb."""


def run(arguments: Sequence[str]) -> ExitCode | int:
    """Run one command line and return its exit code."""
    debug = "--debug" in arguments
    try:
        ended = app(list(arguments), standalone_mode=False)
    except ArcctlError as error:
        return _complain(error, debug=debug)
    except (KeyboardInterrupt, typer.Abort):
        return _complain(Interrupted("stopped; the same command goes on from here"), debug=debug)
    except Exception as error:  # noqa: BLE001 - the one place where nothing may pass
        return _unexpected(error, debug=debug)
    return ended if isinstance(ended, int) else ExitCode.DONE


def _unexpected(error: Exception, *, debug: bool) -> ExitCode | int:
    """Usage errors are Typer's to word; anything else is a fault of arcctl."""
    if hasattr(error, "exit_code") and hasattr(error, "show"):
        error.show()
        return int(error.exit_code)
    if isinstance(error, BrokenPipeError):
        return ExitCode.DONE
    if isinstance(error, OSError):
        return _complain(_of_this_machine(error), debug=debug)
    fault = ArcctlError(
        f"arcctl met something it did not expect: {type(error).__name__}",
        code="AZK8S0001",
        hints="run it again with --debug and report what it prints",
    )
    fault.__cause__ = error
    return _complain(fault, debug=debug)


def _of_this_machine(error: OSError) -> ArcctlError:
    where = f": {error.filename}" if error.filename else ""
    found = ArcctlError(
        f"this machine could not do it{where}", code="os", why=error.strerror or str(error)
    )
    found.__cause__ = error
    return found


def _complain(error: ArcctlError, *, debug: bool) -> ExitCode:
    import os

    from arcctl.views.console import complain, traceback_of

    complain(error, sys.stderr, no_colour="NO_COLOR" in os.environ)
    if debug:
        sys.stderr.write(traceback_of(error))
    return error.exit_code


def main() -> NoReturn:
    """Be the program."""
    raise SystemExit(int(run(sys.argv[1:])))
