"""A plan as a person judges it: what goes where, what is lost, where nothing can be taken back."""

from __future__ import annotations

from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from arcctl.model.duration import spoken
from arcctl.model.plan import Fate
from arcctl.views import output

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arcctl.model.plan import Plan, Row, SecretStatus
    from arcctl.views.console import Console
    from arcctl.views.shown import Stream

_WIDTH = 80
_TEXT = 13  # the column at which text begins, behind the word for the fate
_DETAIL = 26  # how far behind that a detail begins, where the subject is short enough
_MOST = 12
_UNCHANGED = "nothing has been changed yet"
# Fates that are told in one breath, and what stands between their subjects.
_JOINED = {Fate.CARRIED: ", ", Fate.RESTORED: " · "}
_WORDS = {Fate.BLOCKS: "✗ blocks", Fate.NOTED: "note"}
_FROM = {
    "file": "from the file",
    "environment": "from the environment",
    "cluster": "from the cluster",
    "missing": "missing",
    "waived": "waived: it will not be set",
    "surplus": "given, and needed nowhere",
    "misnamed": "given, under a name that fits nothing",
}


def write_plan(console: Console, plan: Plan) -> None:
    """Write a plan in the format that was asked for; a table holds its rows."""
    query, chosen = console.settings.flags.query, console.output
    if chosen is None:
        return write(plan, console.out)
    document = plan.to_document()
    if chosen == "table" and not query:
        return output.write(document["rows"], console.out, chosen, row=_table_row)
    return output.write(document, console.out, chosen, query=query)


def _table_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return a line of the table."""
    fate = "accepted" if row["accepted"] else row["fate"]
    return {"Fate": fate, "What": row["subject"], "Detail": row["detail"], "Code": row["code"]}


def write(plan: Plan, out: Stream) -> None:
    """Write it for people, 80 columns wide; only commands are never broken."""
    for line in (*_told(plan), "", _last(plan)):
        out.write(f"{line.rstrip()}\n")


def _told(plan: Plan) -> Iterator[str]:
    yield from (_head(plan), "", *_rows(plan), "", *_steps(plan))


def _head(plan: Plan) -> str:
    source, target = plan.source, plan.target
    if source == target:
        title = f"Move {source.name} ({source.group}) from {plan.from_region} to {plan.to_region}"
    else:
        there = target.group
        if source.subscription.casefold() != target.subscription.casefold():
            there = f"{there}, subscription {target.subscription}"
        title = (
            f"Move {source.name} ({source.group}, {plan.from_region})"
            f" to {target.name} ({there}, {plan.to_region})"
        )
    gap = _WIDTH - len(title) - len(_UNCHANGED)
    return f"{title}{' ' * gap}{_UNCHANGED}" if gap >= 2 else f"{title}\n{_UNCHANGED}"


def _rows(plan: Plan) -> Iterator[str]:
    for fate in Fate:
        rows = [row for row in plan.having(fate) if not row.accepted]
        if fate is Fate.LOST:
            yield from _labelled("secrets", list(_secrets(plan.secrets)))
        if fate is Fate.BLOCKS:
            yield from _labelled("accepted", list(_each(plan.accepted, remedies=False)))
        label = _WORDS.get(fate, str(fate))
        if joined := _JOINED.get(fate):
            yield from _labelled(label, _flowing([row.subject for row in rows], joined))
        else:
            yield from _labelled(label, list(_each(rows)))


def _labelled(label: str, lines: Sequence[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"  {label if number == 0 else '':<{_TEXT - 2}}{line}"


def _flowing(subjects: Sequence[str], joined: str) -> list[str]:
    """Break only between subjects, which are kept whole by blanks that do not break."""
    text = joined.join(subject.replace(" ", "\0") for subject in subjects)
    return _wrapped(text, _WIDTH - _TEXT)


def _wrapped(text: str, width: int) -> list[str]:
    """Break lines, but neither at `old → new` nor at a blank that must not break."""
    return [line.replace("\0", " ") for line in _lines(text.replace(" → ", "\0→\0"), width)]


def _lines(text: str, width: int) -> list[str]:
    return wrap(text, width, break_on_hyphens=False)


def _each(rows: Sequence[Row], *, remedies: bool = True) -> Iterator[str]:
    shown = rows if len(rows) <= _MOST + 1 else rows[:_MOST]
    for row in shown:
        yield from _beside(row.subject, row.detail)
        for remedy in row.remedy if remedies else ():
            yield f"  {remedy}"
    if len(rows) > len(shown):
        yield f"… and {len(rows) - len(shown)} more: -o json shows all"


def _beside(subject: str, detail: str) -> list[str]:
    """Put the detail beside a short subject, and beneath a long one."""
    room = _WIDTH - _TEXT
    if not detail:
        return _wrapped(subject, room)
    if len(subject) + 2 <= _DETAIL and len(detail) <= room - _DETAIL:
        return [f"{subject:<{_DETAIL}}{detail}"]
    if len(subject) + 3 + len(detail) <= room:
        return [f"{subject}   {detail}"]
    return [*_wrapped(subject, room), *(f"  {line}" for line in _wrapped(detail, room - 2))]


def _secrets(statuses: Sequence[SecretStatus]) -> Iterator[str]:
    """Name few, count many; what is missing stands among what blocks."""
    known = [each for each in statuses if each.origin != "missing"]
    for origin, group in groupby(sorted(known, key=lambda each: each.origin), lambda e: e.origin):
        several = [f"{each.child}/{each.name}" for each in group]
        if len(several) > _MOST // 2:
            yield f"{len(several)} secrets, {_FROM[origin]}"
        else:
            yield from (line for name in several for line in _beside(name, _FROM[origin]))


def _steps(plan: Plan) -> Iterator[str]:
    number = 0
    titles = [len(step.title) for step in plan.steps if not step.no_return]
    width = max(titles, default=0)
    for step in plan.steps:
        if step.no_return:
            yield f"  {f'── {step.title} ──':<{width + 5}}{step.note}"
        else:
            number += 1
            yield f" {number:>2} {step.title:<{width}}   {step.note}"


def _last(plan: Plan) -> str:
    if count := len(plan.blocking):
        many = f"{count} things block" if count > 1 else "1 thing blocks"
        return f"{many} this move; nothing was changed."
    return f"Nothing blocks this move. It takes about {spoken(max(60, plan.seconds))}."


def show(console: Console, plan: Plan) -> None:
    """Show it to the person who decides, or to a pipeline's log; whoever reads events has none.

    Whether it is blocked is left to the error that follows.
    """
    flags = console.settings.flags
    console.progress.close()
    if not flags.only_show_errors and flags.progress not in ("json", "none"):
        for line in (*_told(plan), "", *([] if plan.blocking else [_last(plan)])):
            console.err.write(f"{line.rstrip()}\n")
