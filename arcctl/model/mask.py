"""Takes secrets out of text by their value, whatever layer made the text.

Each command has one `Mask`. A `Secret` tells it its value when it is made, so nobody has to
remember to; what is secret and plain text (a kubeconfig's token) is added by whoever reads it.
Text for people, events, errors, journal and logs pass through it at their one exit; results on
stdout are masked leaf by leaf, so that JSON stays JSON. A value shorter than six characters may be
any word or number; it is hidden in its own field only.
"""

from __future__ import annotations

import re
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from arcctl.model.scrub import HIDDEN
from arcctl.model.spelling import SHORTEST, Finder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PROTECTED = re.compile(r"protected_?settings$", re.IGNORECASE)
_LONG_LINE = 40  # of a key in PEM: a single line of it is as good as the whole


class Mask:
    """The secrets that one command knows; used from several threads."""

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._clear: set[str] = set()
        self._finder: Finder | None = None
        self._lock = threading.Lock()

    def add(self, *values: str) -> None:
        """Know these values from now on; blanks around them do not count."""
        new = {value.strip() for value in values} - self._values - {""}
        if new:
            with self._lock:
                self._values |= new
                self._finder = None

    def show(self, *words: str) -> None:
        """Know that these are said in the clear: names, regions, settings that anyone may read.

        A secret of the same value is hidden in its own field only.
        """
        new = {word.strip().casefold() for word in words} - self._clear
        if new:
            with self._lock:
                self._clear |= new
                self._finder = None

    def text(self, text: str) -> str:
        """Return the text without any secret known by now."""
        if not self._values:
            return text
        return self._finding().without(text, HIDDEN)

    def document(self, value: Any, *, own: bool = False) -> Any:
        """Return plain JSON with the secrets taken out of its strings; keys stay.

        Below a name such as `configurationProtectedSettings` (`own`) short and plain values are
        hidden too.
        """
        if isinstance(value, dict):
            return {
                key: self.document(each, own=own or bool(_PROTECTED.search(str(key))))
                for key, each in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.document(each, own=own) for each in value]
        if own and str(value).strip() in self._values:
            return HIDDEN
        return self.text(value) if isinstance(value, str) else value

    def _finding(self) -> Finder:
        with self._lock:
            if self._finder is None:
                self._finder = Finder(self._hidden(), lambda each: each.casefold() in self._clear)
            return self._finder

    def _hidden(self) -> Iterator[str]:
        for value in self._values:
            if len(value) < SHORTEST or value.casefold() in self._clear:
                continue
            yield value
            yield from (line for line in _lines(value) if not self._is_shown(line))

    def _is_shown(self, line: str) -> bool:
        """Tell whether a line of a key is a part of its public half, which anyone may read."""
        return any(line.casefold() in word for word in self._clear)


def texts_of(value: Any) -> Iterator[str]:
    """Yield every string, number and truth value of plain JSON, as text."""
    if isinstance(value, dict):
        for each in value.values():
            yield from texts_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_of(each)
    elif value is not None:
        yield str(value)


def _lines(value: str) -> list[str]:
    return [line for line in value.splitlines() if len(line) >= _LONG_LINE]


_mask: ContextVar[Mask] = ContextVar("mask")
_latest = Mask()


def begin(secrets: Iterable[str] = ()) -> Mask:
    """Open the mask of a command that knows these from its environment."""
    global _latest
    _latest = Mask()
    _latest.add(*secrets)
    _mask.set(_latest)
    return _latest


def current() -> Mask:
    """Return the mask of the command that runs here."""
    return _mask.get(_latest)
