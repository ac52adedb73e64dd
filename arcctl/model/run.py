"""What is written down of a run: a header, and what happened, one line of JSON each.

The format is `arcctl.journal/1` (`docs/reference/journal.md`). A last line that was cut in the
middle of writing is tolerated; damage anywhere else makes the whole copy worthless.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from arcctl.errors import Refusal
from arcctl.model.bounded import read_json
from arcctl.model.run_shape import wrong_entry, wrong_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FORMAT = "arcctl.journal/1"
_FAMILY, _NUMBER = "arcctl.journal/", 1
_DIGITS = 9

PUT_CHILD = "put"
"""Of each child that is sent, `put KIND/NAME` is begun, beside the step that sends them"""
HERE_ONLY = "hereOnly"
"""Marks the ending of a copy whose cluster was taken for gone, or was not proved to be the run's"""
RENAMED: dict[str, str] = {}
"""What earlier versions called a step: old name → the name it has now. No name has changed yet."""

Kind = Literal["opened", "begun", "done", "failed", "undone", "fact", "passed", "turned", "ended"]


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened.

    `at` is the moment (ISO 8601, UTC), `step` the step's name, or the fact's; `detail` is JSON.
    """

    at: str
    kind: Kind
    step: str = ""
    detail: Any = None


@dataclass(frozen=True, slots=True)
class Header:
    """What a run is: `arcctl` is the version that opened it, `request` what was asked, as JSON."""

    run: str
    verb: str
    arcctl: str
    cluster: str
    request: Mapping[str, Any] = field(default_factory=dict)
    steps: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One copy of a journal; `torn` when its last line was only half written."""

    header: Header
    entries: tuple[Entry, ...] = ()
    torn: bool = False

    @property
    def started(self) -> str:
        """When the run was opened; empty where nothing was written yet."""
        return self.entries[0].at if self.entries else ""

    @property
    def ending(self) -> Entry | None:
        """The entry that closed the run, or None while it is unfinished."""
        return next((each for each in reversed(self.entries) if each.kind == "ended"), None)

    @property
    def no_return(self) -> bool:
        """Whether the point of no return lies behind."""
        return any(each.kind == "passed" for each in self.entries)

    def reopened(self) -> Record:
        """Return the copy without an ending that was only this machine's: its cluster is there."""
        if self.ending and (self.ending.detail or {}).get(HERE_ONLY):
            return replace(
                self, entries=tuple(each for each in self.entries if each != self.ending)
            )
        return self

    @property
    def changed(self) -> bool:
        """Whether a step was begun that has not been undone since."""
        return bool(begun(self.entries))

    @property
    def outcome(self) -> str:
        """How it ended (`done`, `rolled back`, …), or that it is `unfinished`."""
        if self.ending:
            return str((self.ending.detail or {}).get("outcome", ""))
        return "unfinished" if self.changed else "nothing changed yet"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as `history` tells of it: `here` on this machine, `there` in the cluster.

    `seconds` is None while it is unfinished; `entries` are all that were written.
    """

    run: str
    verb: str = ""
    cluster: str = ""
    started: str = ""
    ended: str = ""
    seconds: float | None = None
    outcome: str = ""
    changed: tuple[tuple[str, str], ...] = ()
    here: bool = False
    there: bool = False
    entries: tuple[Entry, ...] = ()

    @classmethod
    def of(cls, record: Record, *, here: bool, there: bool) -> RunRecord:
        """Sum up a journal; `changed` are the steps that changed something, with their details."""
        header, ending = record.header, record.ending
        still = set(begun(record.entries))
        done = {each.step: str(each.detail or "") for each in record.entries if each.kind == "done"}
        return cls(
            header.run,
            header.verb,
            header.cluster,
            record.started,
            ending.at if ending else "",
            _between(record.started, ending.at) if ending else None,
            record.outcome,
            tuple((step, detail) for step, detail in done.items() if step in still),
            here,
            there,
            record.entries,
        )

    def to_document(self) -> dict[str, Any]:
        """Return it as plain JSON, without the entries."""
        changed = [{"step": step, "detail": detail} for step, detail in self.changed]
        document = asdict(self) | {"changed": changed}
        del document["entries"]
        return document


def _between(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def begun(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Return the names of the steps that were begun and not undone since, oldest first."""
    found: dict[str, None] = {}
    for each in entries:
        if each.kind == "begun":
            found.setdefault(each.step)
        elif each.kind == "undone":
            found.pop(each.step, None)
    return tuple(found)


def durations(entries: Sequence[Entry]) -> dict[str, float]:
    """Return how many seconds each step took, in all attempts of the last direction together."""
    turns = [at for at, each in enumerate(entries) if each.kind == "turned"]
    since: dict[str, str] = {}
    found: dict[str, float] = {}
    for each in entries[turns[-1] + 1 :] if turns else entries:
        if each.kind == "begun" and not each.step.startswith(f"{PUT_CHILD} "):
            since[each.step] = each.at
        elif each.kind in ("done", "failed") and each.step in since:
            taken = _between(since.pop(each.step), each.at)
            found[each.step] = round(found.get(each.step, 0.0) + taken, 3)
    return found


def named_now(entries: Iterable[Entry], renamed: Mapping[str, str] = RENAMED) -> tuple[Entry, ...]:
    """Return the entries with the names that their steps have in this version."""
    return tuple(
        replace(each, step=renamed[each.step]) if each.step in renamed else each for each in entries
    )


def line(entry: Entry) -> str:
    """Write one entry as a line, without what is empty."""
    return _dumped({key: value for key, value in asdict(entry).items() if value not in ("", None)})


def first_line(header: Header) -> str:
    """Write the line that begins every copy."""
    return _dumped({"format": FORMAT} | asdict(header))


def text(header: Header, entries: Iterable[Entry]) -> str:
    """Write a whole journal."""
    return "".join((first_line(header), *map(line, entries)))


def _dumped(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def parse(written: str, where: str) -> Record:
    """Read one copy; `where` names it to people.

    Raise Refusal: `journal-damaged`, or `journal-newer` with the version that wrote it.
    """
    lines = written.split("\n")
    tail = lines.pop()  # empty, unless the last line was cut
    values = [_parsed(each, where, number) for number, each in enumerate(lines, 1)]
    if not values:
        raise _damaged(where, 1)
    header = _header(values[0], where)
    entries = tuple(_entry(each, where, number) for number, each in enumerate(values[1:], 2))
    return Record(header, entries, torn=bool(tail))


def _parsed(text: str, where: str, number: int) -> dict[str, Any]:
    try:
        value = read_json(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise _damaged(where, number)
    return value


def _header(value: dict[str, Any], where: str) -> Header:
    family, _, number = str(value.get("format", "")).rpartition("/")
    if f"{family}/" != _FAMILY or not number.isdecimal() or len(number) > _DIGITS:
        raise _damaged(where, 1)
    if int(number) > _NUMBER:
        raise Refusal(
            f"{where} was written by arcctl {value.get('arcctl', 'of a newer version')}",
            code="journal-newer",
            why=f"its format is {value['format']}; this version reads up to {FORMAT}",
            hints="take it up with that version of arcctl, or a newer one",
        )
    if wrong := wrong_header(value):
        raise _damaged(where, 1, wrong)
    known = {key: value[key] for key in Header.__dataclass_fields__}
    return Header(**{**known, "steps": tuple(known["steps"])})


def _entry(value: dict[str, Any], where: str, number: int) -> Entry:
    if value.get("kind") not in get_args(Kind):
        raise _damaged(where, number)
    if wrong := wrong_entry(value):
        raise _damaged(where, number, wrong)
    return Entry(value["at"], value["kind"], value.get("step") or "", value.get("detail"))


def _damaged(where: str, number: int, wrong: str = "") -> Refusal:
    why = f"line {number} is not what arcctl wrote{f': {wrong}' if wrong else ''}"
    return Refusal(f"{where} is damaged", code="journal-damaged", why=why)


def agreed(copies: Mapping[str, Record]) -> Record:
    """Return the longest of these copies, by the place where each lies.

    Raise Refusal `journal-diverged` where one is not the beginning of the other: two machines
    have gone on from the same point, and neither knows all that was changed.
    """
    longest = max(copies, key=lambda where: len(copies[where].entries))
    best = copies[longest]
    for where, copy in copies.items():
        same = copy.header == best.header
        if not same or copy.entries != best.entries[: len(copy.entries)]:
            raise _diverged(longest, where, copies)
    return best


def _diverged(one: str, other: str, copies: Mapping[str, Record]) -> Refusal:
    pairs = zip(copies[one].entries, copies[other].entries, strict=False)
    common = next(
        (at for at, (a, b) in enumerate(pairs) if a != b),
        min(len(copies[one].entries), len(copies[other].entries)),
    )
    return Refusal(
        f"the copies of {copies[one].header.run} tell different stories",
        code="journal-diverged",
        why=(
            *(
                f"{where}: {len(copies[where].entries)} entries, last at "
                f"{copies[where].entries[-1].at if copies[where].entries else 'no time'}"
                for where in (one, other)
            ),
            f"they agree on the first {common}: two machines have gone on from there",
        ),
        hints="see which one is right, and move the other away",
    )
