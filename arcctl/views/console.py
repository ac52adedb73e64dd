"""The two streams: data on stdout, people on stderr.

All text for people leaves through `Shown`, or through `shown` where colours go with it: there the
secrets that the command knows are taken out, and nothing that others wrote can act on a terminal.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO, cast

from arcctl.errors import UsageError
from arcctl.model import machine
from arcctl.model.blocking import await_input, interruptible
from arcctl.model.scrub import scrubbed
from arcctl.views import output
from arcctl.views.progress import JsonLines, Lines, Living, Progress, Silent, Told
from arcctl.views.shown import Shown, shown
from arcctl.views.streams import Steady, divert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.errors import ArcctlError
    from arcctl.settings import Settings
    from arcctl.views.output import Row
    from arcctl.views.shown import Stream


class Console:
    """What a command may say, and how it asks."""

    def __init__(self, settings: Settings) -> None:
        output.require_readable(settings.flags.query)
        self.settings = settings
        self.opened = time.monotonic()
        steady = Steady(settings.streams.stderr)
        self._out: Stream = Shown(settings.streams.stdout)
        self.progress: Progress = _progress(settings, steady)
        events = self.progress
        self.err: Stream = Told(events, steady) if isinstance(events, JsonLines) else Shown(steady)

    @property
    def out(self) -> Stream:
        """Where data goes; a list that is being drawn ends first, so that nothing runs into it."""
        self.progress.close()
        return self._out

    @out.setter
    def out(self, stream: Stream) -> None:
        self._out = stream

    @property
    def output(self) -> str | None:
        """The format that was asked for; without one JSON in a pipe, None (human) on a terminal."""
        if self.settings.output:
            return self.settings.output
        return None if self._out.isatty() and not self.settings.flags.query else "json"

    def say(self, sentence: str) -> None:
        """Say one sentence to people."""
        self.progress.close()
        if not self.settings.flags.only_show_errors:
            self.err.write(f"{sentence}\n")

    @property
    def can_ask(self) -> bool:
        """Whether somebody is there to answer."""
        return self.settings.streams.stdin.isatty() and self.err.isatty()

    def ask(self, question: str, option: str = "--yes") -> bool:
        """Ask yes or no; UsageError where nobody is there to answer, with the option that does."""
        self.progress.close()
        if not self.can_ask:
            raise UsageError(
                "this needs a yes, and there is no terminal to ask at",
                code="no-terminal",
                why=question,
                hints=f"add {option}",
            )
        return self._answer(f"{question} [y/N] ").lower() in ("y", "yes")

    def ask_for(self, question: str, name: str) -> bool:
        """Ask for a name to be typed in; UsageError where nobody is there to answer."""
        self.progress.close()
        if not self.can_ask:
            raise UsageError(
                "this needs a name typed in, and there is no terminal to ask at",
                code="no-terminal",
                why=question,
                hints="add --yes",
            )
        return self._answer(f"{question}\nType its name to go on: ") == name

    def _answer(self, question: str) -> str:
        with interruptible():
            self.err.write(question)
            self.err.flush()
            with suppress(OSError, ValueError):  # no file, so nothing that a signal must end
                await_input(self.settings.streams.stdin.fileno())
            return self.settings.streams.stdin.readline().strip()

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Write the result of a change that is made: a reader who is gone does not unmake it."""
        try:
            yield
            self.out.flush()
        except BrokenPipeError:
            if not nobody_reads(self.settings.streams.stdout):
                raise
        except OSError as error:
            error.filename = error.filename or "stdout"
            why = ("what was asked for is done; only its result could not be written",)
            raise machine.explained(error, why=why) from error

    def result(self, value: Any, *, row: Row | None = None) -> None:
        """Write what came of a change that is made, where data was asked for; as `output.write`.

        A query that does not fit it unmakes nothing: that is said, and the whole of it is written.
        """
        query, chosen = self.settings.flags.query, self.output
        if chosen is None:
            return
        with self.ending():
            try:
                output.write(value, self.out, chosen, query=query, row=row)
            except UsageError as error:
                why = "; ".join(error.why)
                self.err.write(
                    f"{error.message}: {why}. The work is done; all of its result follows.\n"
                )
                output.write(value, self.out, chosen, row=row)

    def close(self) -> None:
        """Leave the terminal as it was found."""
        self.progress.close()


def _progress(settings: Settings, err: Steady) -> Progress:
    kind = settings.flags.progress
    if kind not in (None, "auto", "json", "plain", "none"):
        raise UsageError(f"unknown --progress: {kind}", why="one of auto, plain, json, none")
    if kind == "json":
        return JsonLines(err)
    if kind == "none" or settings.flags.only_show_errors:
        return Silent()
    if kind == "plain" or _plain(settings) or not err.isatty():
        return Lines(Shown(err))
    from rich.console import Console as RichConsole

    return Living(RichConsole(file=cast("TextIO", err), highlight=False, _environ=settings.environ))


def _plain(settings: Settings) -> bool:
    """Whether a list that redraws itself would be in the way: of a log, or of a simple terminal."""
    logging = settings.flags.verbose or settings.flags.debug
    return settings.in_ci or logging or settings.environ.get("TERM") == "dumb"


def nobody_reads(out: TextIO) -> bool:
    """Tell whether it is stdout that broke, and if so keep Python from saying it once more."""
    import select

    try:
        stdout = out.fileno()
    except (OSError, ValueError):
        return False  # no file at all
    broken = select.poll()
    broken.register(stdout, 0)
    if not broken.poll(0):
        return False
    divert(out)
    return True


def complain(error: ArcctlError, err: TextIO, *, no_colour: bool) -> None:
    """Print an error: what happened, why, and what to type next."""
    red, dim, plain = (
        ("", "", "") if no_colour or not err.isatty() else ("\33[31m", "\33[2m", "\33[0m")
    )
    code = shown(error.code)
    err.write(f"{red}error{plain}  {shown(error.message)}   {dim}[{code}]{plain}\n")
    for line in (line for why in error.why for line in shown(why).splitlines()):
        err.write(f"       {line}\n")
    for number, hint in enumerate(error.hints):
        err.write(f"{'try  ' if number == 0 else '     '}  {shown(hint)}\n")
    err.flush()


def complain_as_event(error: ArcctlError, err: Stream, *, debug: bool) -> None:
    """Write an error as one line of JSON, where events are read."""
    JsonLines(err).tell(
        "error",
        {
            "code": error.code,
            "exit": int(error.exit_code),
            "message": error.message,
            "why": list(error.why),
            "hints": list(error.hints),
            **({"traceback": traceback_of(error)} if debug else {}),
        },
    )


def traceback_of(error: BaseException) -> str:
    """Return the traceback for `--debug`, without local values, and without secrets."""
    import traceback

    return scrubbed(shown("".join(traceback.format_exception(error))))
