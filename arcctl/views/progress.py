"""What a run is doing, for a person at a terminal, for a pipeline's log, or for a program."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, assert_never

from arcctl.flow.events import Done, Event, Failed, Noted, Passed, Progressed, Started
from arcctl.model import mask
from arcctl.model.duration import spoken
from arcctl.model.readable import escaped
from arcctl.views.shown import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.console import Console, RenderableType
    from rich.live import Live

    from arcctl.views.shown import Stream

_TITLE = 16
_WIDEST = 90
_APART = 1.0  # seconds


class Progress(Protocol):
    """Hears every event, and is told when nothing more will come."""

    def __call__(self, event: Event) -> None: ...

    def close(self) -> None: ...


class Silent:
    """Says nothing; errors come another way."""

    def __call__(self, event: Event) -> None:
        """Hear, and say nothing."""

    def close(self) -> None:
        """Nothing is open."""


class Lines:
    """Plain lines with a clock, each printed once: for CI and for files.

    Of a step under way at most one line a second is printed; the last word is its end.
    """

    def __init__(self, err: Stream, clock: Callable[[], float] = time.monotonic) -> None:
        self._err = err
        self._clock = clock
        self._titles: dict[str, str] = {}
        self._said: set[str] = set()
        self._told: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        if isinstance(event, Progressed) and self._has_just_told(event.step):
            return
        text = self._line(event)
        if text and text not in self._said:
            self._said.add(text)
            self._err.write(f"{time.strftime('%H:%M:%S')}  {text}\n")
            self._err.flush()

    def _has_just_told(self, step: str) -> bool:
        now = self._clock()
        if now - self._told.get(step, now - _APART) < _APART:
            return True
        self._told[step] = now
        return False

    def _line(self, event: Event) -> str:
        match event:
            case Started(step, title):
                self._titles[step] = title
                return ""
            case Progressed(step, text):
                known = self._titles.get(step)
                return f"waiting  {known:<{_TITLE}} {text}" if known else ""
            case Done(_, _, "", _, True):
                return ""
            case Done(_, title, detail, seconds):
                return f"done     {title:<{_TITLE}} {detail}  {spoken(seconds)}" if title else ""
            case Failed(_, title, reason, seconds):
                return f"failed   {title:<{_TITLE}} {reason}  {spoken(seconds)}" if title else ""
            case Noted(text, warning):
                return f"{'warning' if warning else 'note':<8} {text}"
            case Passed(title, detail):
                return f"note     {title}: {detail}"
            case _:
                assert_never(event)

    def close(self) -> None:
        """Nothing is open."""


class JsonLines:
    """One event, one line of JSON on stderr; the names are those of `arcctl.flow.events`.

    Secrets are taken out of its strings, so the line stays JSON whatever they are.
    """

    def __init__(self, err: Stream) -> None:
        self._err = err

    def __call__(self, event: Event) -> None:
        self.tell(type(event).__name__.lower(), asdict(event))

    def tell(self, event: str, fields: dict[str, Any]) -> None:
        """Write one line of any kind."""
        line: dict[str, Any] = {"event": event, "time": time.time()}
        told = line | mask.current().document(fields)
        self._err.write(escaped(json.dumps(told, ensure_ascii=False)) + "\n")
        self._err.flush()

    def close(self) -> None:
        """Nothing is open."""


class Told:
    """A stream for people's text where events are read: each line of it is an event `said`."""

    def __init__(self, lines: JsonLines, bare: Stream) -> None:
        self._lines, self._bare = lines, bare
        self._begun = ""

    def write(self, text: str, /) -> int:
        """Take a part of a line, or several."""
        *whole, self._begun = f"{self._begun}{text}".split("\n")
        for line in whole:
            if line.strip():
                self._lines.tell("said", {"text": line})
        return len(text)

    def writelines(self, lines: Iterable[str], /) -> None:
        """Write several, as `write` does."""
        self.write("".join(lines))

    def flush(self) -> None:
        """Let what was written be seen, such as a question that ends no line."""
        if self._begun.strip():
            self.write("\n")
        self._bare.flush()

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        return self._bare.isatty()


def _fit_to_be_shown(event: Event) -> Event:
    texts = {
        each.name: shown(value)
        for each in fields(event)
        if isinstance(value := getattr(event, each.name), str)
    }
    return replace(event, **texts)  # type: ignore[arg-type] # of the fields that are text


@dataclass
class _Row:
    title: str
    text: str = ""
    state: str = "doing"
    begun: float = field(default_factory=time.monotonic)
    seconds: float | None = None
    notes: list[tuple[str, bool]] = field(default_factory=list)

    def stop(self) -> None:
        """What is still under way when the list is left has been stopped, and turns no more."""
        if self.state == "doing":
            self.state, self.seconds = "stopped", time.monotonic() - self.begun


class Living:
    """A list of steps that fills itself while a person watches.

    Text is made fit to be shown here, since rich's own colours lie below.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rows: dict[str, _Row] = {}
        self._live: Live | None = None

    def __call__(self, event: Event) -> None:
        match _fit_to_be_shown(event):
            case Started(step, title) if title:
                self._rows.setdefault(step, _Row(title))
            case Progressed(step, text) if step in self._rows:
                self._rows[step].text = text
            case Done(_, _, "", _, True):
                return  # nothing was to be done, and nothing is worth saying
            case Done(step, title, detail, seconds, already) if title:
                self._end(step, title, detail, seconds, "already" if already else "done")
            case Failed(step, title, reason, seconds) if title:
                self._end(step, title, reason, seconds, "failed")
            case Noted(text, warning):
                self._note(text, warning=warning)
            case Passed(title, detail):
                self._end("passed", title, detail, 0.0, "passed")
            case _:
                return  # a step without a title is not shown
        self._open()

    def _end(self, step: str, title: str, text: str, seconds: float, state: str) -> None:
        row = self._rows.setdefault(step, _Row(title))
        row.text, row.seconds, row.state = text, seconds, state

    def _note(self, text: str, *, warning: bool) -> None:
        """A note hangs below the step that was under way, or below a line of its own."""
        if not self._rows:
            self._rows[""] = _Row("", state="note")
        under = next((row for row in self._rows.values() if row.state == "doing"), None)
        (under or list(self._rows.values())[-1]).notes.append((text, warning))

    def _open(self) -> None:
        if self._live is None and self._rows:
            from rich.live import Live

            self._live = Live(
                get_renderable=self._draw, console=self._console, refresh_per_second=10
            )
            self._live.start()

    def _draw(self) -> RenderableType:
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 1))
        grid.width = min(self._console.width, _WIDEST)  # so that the times stand still
        grid.add_column(width=3, justify="right")
        grid.add_column(min_width=_TITLE)
        grid.add_column(ratio=1)
        grid.add_column(justify="right", width=8)
        for row in self._rows.values():
            if row.title:
                grid.add_row(*self._cells(row))
            for text, warning in row.notes:
                grid.add_row("", _word(warning=warning), Text(text), "")
        return grid

    def _cells(self, row: _Row) -> tuple[RenderableType, ...]:
        from rich.text import Text

        length = row.seconds if row.seconds is not None else time.monotonic() - row.begun
        taken = spoken(length) if length >= 0.05 else ""
        # Text, because a plain string would be read as markup: `[hidden]` would vanish.
        return (_symbol(row.state), Text(row.title), Text(row.text), taken)

    def close(self) -> None:
        """Leave the list as it stands; what comes later begins a new one."""
        if self._live is not None:
            for row in self._rows.values():
                row.stop()
            self._live.stop()
            self._live = None
        self._rows.clear()


@cache
def _spinner() -> RenderableType:
    """Return the one spinner: a new one each time would never turn."""
    from rich.spinner import Spinner

    return Spinner("dots")


_SYMBOLS = {
    "done": ("✓", "green"),
    "already": ("=", "green"),
    "failed": ("✗", "red"),
    "stopped": ("–", "yellow"),
    "passed": ("──", "bold"),
}


def _symbol(state: str) -> RenderableType:
    from rich.text import Text

    if state == "doing":
        return _spinner()
    symbol, style = _SYMBOLS[state]
    return Text(symbol, style=style)


def _word(*, warning: bool) -> RenderableType:
    from rich.text import Text

    return Text("  warning" if warning else "  note", style="yellow" if warning else "dim")
