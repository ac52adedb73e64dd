"""Finds a value in text however it is spelled there: escaped once or more, encoded, wrapped, cut.

What escapes characters (JSON, URLs, XML, YAML, Python) is undone in the text, level by level, and
each level is searched; what turns a value into other letters (base64, hex) is done to the value.
"""

from __future__ import annotations

import base64
import json
import re
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    Span = tuple[int, int]

SHORTEST = 6
"""Nothing shorter is looked for"""

_LEVELS = 4
_LONG, _CUT = 16, 12
_TRIGGERS = ("\\", "%", "&", "''")
_FEW = 64
_ESCAPE = re.compile(
    r"\\u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\(?:u(?P<four>[0-9a-fA-F]{4})|U(?P<eight>[0-9a-fA-F]{8})|x(?P<two>[0-9a-fA-F]{2}))"
    r"|\\(?P<letter>[\"'/\\nrtbf0])"
    r"|\\\r?\n[ \t]*(?P<fold>)"
    r"|(?P<percent>(?:%[0-9a-fA-F]{2})+)"
    r"|&(?:\#[xX](?P<hex>[0-9a-fA-F]{1,6})|\#(?P<decimal>[0-9]{1,7})|(?P<name>amp|lt|gt|quot|apos));"
    r"|(?P<quote>'')"
)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "0": "\0"}
_NAMES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ENDS = re.compile(r"…|\.\.\.|[\"'\s)\]}.,;]*\Z")
_BREAK = re.compile(r"\s*[\r\n]\s*")
_URL_SAFE = str.maketrans("+/", "-_")


class Finder:
    """Looks for some values; `harmless` tells of a spelling that anyone may read."""

    def __init__(
        self, values: Iterable[str], harmless: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._by_start: dict[str, list[str]] = {}
        for value in values:
            for spelled in spellings(value):
                if len(spelled) >= SHORTEST and not harmless(spelled):
                    self._by_start.setdefault(spelled[:SHORTEST], []).append(spelled)
        for each in self._by_start.values():
            each.sort(key=len, reverse=True)
        self._starts = re.compile(_alternatives(self._by_start))

    def without(self, text: str, instead: str) -> str:
        """Return the text with `instead` in every place where a value stands."""
        found = self._found(text)
        if not found:
            return text
        parts, done = [], 0
        for start, end in found:
            parts += [text[done:start], instead]
            done = end
        return "".join((*parts, text[done:]))

    def _found(self, text: str) -> list[Span]:
        """Return where, in order, those that touch made one."""
        spans = list(self._spans(text))
        level, back = text, _Way()
        for _ in range(_LEVELS):
            if not _may_be_escaped(level):
                break
            undone, way = _undone(level)
            if undone == level:
                break
            level, back = undone, way.then(back)
            spans += [back.span(each) for each in self._spans(level)]
        return _joined(spans)

    def _spans(self, text: str) -> Iterator[Span]:
        at = 0
        while found := self._starts.search(text, at):
            start = found.start()
            end = max(_end(text, start, each) for each in self._by_start[found.group()])
            if end:
                yield start, end
            at = end or start + 1


def spellings(value: str) -> set[str]:
    """Return a value and what other letters it may be turned into.

    Base64 in each of its alignments, since the value may stand within what was encoded.
    """
    found = {value, " ".join(value.split()), value.replace(" ", "+")}
    found |= {each.upper() for each in found}
    raw = value.encode("utf-8", "surrogateescape")
    found |= {raw.decode("latin-1"), raw.hex(), raw.hex().upper()}
    for _ in range(_LEVELS):
        found |= {_undone(each)[0] for each in found if _may_be_escaped(each)}
    escaped = json.dumps(value)[1:-1]
    wide = value.encode("utf-16-le", "surrogatepass")
    for encoded in {raw, escaped.encode(), wide}:
        found |= set(_in_base64(encoded))
    return found


def _in_base64(raw: bytes) -> Iterator[str]:
    """Yield those letters that depend on these bytes alone, whatever stands around them."""
    for before in range(3):
        letters = base64.b64encode(bytes(before) + raw).decode()
        sure = letters[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        for each in (sure, *(() if before else (letters, letters.rstrip("=")))):
            yield each
            yield each.translate(_URL_SAFE)


def _may_be_escaped(text: str) -> bool:
    return any(each in text for each in _TRIGGERS)


def _alternatives(starts: Collection[str]) -> str:
    """Return a pattern for any of these; of many, it begins with a choice of single letters."""
    if len(starts) <= _FEW:
        return "|".join(map(re.escape, sorted(starts))) or r"(?!)"
    rest: dict[str, list[str]] = {}
    for each in sorted(starts):
        rest.setdefault(each[0], []).append(re.escape(each[1:]))
    return "|".join(f"{re.escape(one)}(?:{'|'.join(each)})" for one, each in rest.items())


def _end(text: str, start: int, spelled: str) -> int:
    """Return where this spelling ends that begins at `start`; 0 where it is not there.

    Line breaks within it do not count. A long one may be cut where the text ends.
    """
    if text.startswith(spelled, start):
        return start + len(spelled)
    at, seen = start, 0
    while seen < len(spelled):
        if at < len(text) and text[at] == spelled[seen]:
            at, seen = at + 1, seen + 1
        elif broken := _BREAK.match(text, at):
            if spelled[seen].isspace() or broken.end() == len(text):
                break
            at = broken.end()
        else:
            break
    if seen == len(spelled):
        return at
    cut = len(spelled) >= _LONG and seen >= _CUT and _ENDS.match(text, at)
    return at if cut else 0


def _undone(text: str) -> tuple[str, _Way]:
    """Undo one level of escapes; return the text, and the way back from it."""
    way = _Way()
    parts: list[str] = []
    at = length = 0
    for found in _ESCAPE.finditer(text):
        plain = text[at : found.start()]
        parts.append(plain)
        way.plain(length, at)
        length += len(plain)
        at = found.start()
        for letter, width in _meant(found):
            parts.append(letter)
            way.escape(length, at, width)
            length += len(letter)
            at += width
        at = found.end()
    parts.append(text[at:])
    way.plain(length, at)
    return "".join(parts), way


def _meant(found: re.Match[str]) -> Iterator[tuple[str, int]]:
    """Yield each letter that an escape stands for, with the width of what it is written with."""
    kind, said = str(found.lastgroup), found.group(str(found.lastgroup))
    if kind == "percent":
        for letter in bytes.fromhex(said.replace("%", "")).decode("utf-8", "replace"):
            yield letter, 3 * (len(letter.encode()) if letter != "\ufffd" else 1)
        return
    yield _letter(kind, said, found), len(found.group())


def _letter(kind: str, said: str, found: re.Match[str]) -> str:
    if kind == "low":
        pair = bytes.fromhex(found.group("high") + said)
        return pair.decode("utf-16-be")
    if kind in ("four", "eight", "two", "hex", "decimal"):
        code = int(said, 10 if kind == "decimal" else 16)
        return chr(code) if code <= 0x10FFFF else "\ufffd"
    if kind == "letter":
        return _LETTERS.get(said, said)
    if kind == "name":
        return _NAMES[said]
    return "'" if kind == "quote" else ""


class _Way:
    """From places in an undone text back to those in the text that was written."""

    def __init__(self) -> None:
        self._here: list[int] = [0]
        self._there: list[tuple[int, int]] = [(0, 0)]
        self._before: _Way | None = None

    def plain(self, here: int, there: int) -> None:
        """From `here` on each letter is one."""
        self._here.append(here)
        self._there.append((there, 0))

    def escape(self, here: int, there: int, width: int) -> None:
        """The letter `here` is written with so many."""
        self._here.append(here)
        self._there.append((there, width))

    def then(self, before: _Way) -> _Way:
        """Go this way, and then the one before it."""
        self._before = before
        return self

    def span(self, span: Span) -> Span:
        """Return where that stands in the text that was written first."""
        start, end = self._back(span[0]), self._back(span[1] - 1, after=True)
        return self._before.span((start, end)) if self._before else (start, end)

    def _back(self, here: int, *, after: bool = False) -> int:
        at = bisect_right(self._here, here) - 1
        there, width = self._there[at]
        if width:
            return there + (width if after else 0)
        return there + here - self._here[at] + (1 if after else 0)


def _joined(spans: list[Span]) -> list[Span]:
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
