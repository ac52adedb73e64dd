"""How a move reports its end: to a person, and as a Markdown file for whoever comes later."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError, UsageError
from arcctl.model import plain_file
from arcctl.model.duration import spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.model.report import Changed, Report
    from arcctl.views.console import Console

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHOWN = 12
_WORD = 15


def moved(console: Console, report: Report, file: str = "") -> None:
    """Say how the move ended, and write the report to its file and to stdout.

    The file comes first, because stdout may take nothing more.
    """
    console.say(sentence(report))
    try:
        if file:
            store(report, file)
    finally:
        _write_out(console, report)


def _write_out(console: Console, report: Report) -> None:
    if console.output is None:
        with console.ending():
            console.out.write("".join(f"{line}\n" for line in _lines(report)))
    else:
        console.result(report.to_document())


def sentence(report: Report) -> str:
    """Return the one sentence of the end."""
    gap = f"without management for {spoken(report.unmanaged)}"
    where = f"{report.target.name} ({report.target.group}) is in {report.to_region}"
    did, where = ("Moved back", f"{where} again") if report.back else ("Moved", where)
    if report.clean:
        return f"{did}: {where}, and {_kept(report)}; {gap}."
    return f"{did}, but not everything is as it was ({_amiss(report)}): {where}; {gap}."


def _amiss(report: Report) -> str:
    several = (
        (report.let_go, ("child", "children"), "let go"),
        (report.differences, ("difference", "differences"), "found"),
        (report.left, ("thing", "things"), "left to do"),
    )
    return ", ".join(
        f"{len(each)} {words[len(each) > 1]} {state}" for each, words, state in several if each
    )


def _kept(report: Report) -> str:
    """Say what was lost, and no more than is known."""
    if report.not_looked:
        lost = ", less what the plan named as lost" if report.lost else ""
        return f"all that was looked at is there{lost}, but not everything could be looked at"
    return (
        "only what the plan named was lost"
        if report.lost
        else "nothing was lost that a move can carry"
    )


def _lines(report: Report) -> Iterator[str]:
    yield from _some("carried", report.carried)
    yield from _some("restored", [_shortened(each) for each in report.restored])
    yield from _some("carried late", [_shortened(each) for each in report.late])
    yield from _some("changed", [_shortened(_told(each)) for each in report.changed])
    yield from _some("differs", report.differences)
    yield from _some("not looked at", report.not_looked)
    yield from _some("let go", report.let_go)
    yield from _some("lost", report.lost)
    yield from _some("accepted", report.accepted)
    yield from _some("waived", report.waived)
    yield from _some("files", report.files)
    yield from _some("by hand", report.reminders)
    yield from _some("to do", report.left)
    yield from _some("in the cluster", [report.kept] if report.kept else [])


def _some(word: str, several: tuple[str, ...] | list[str]) -> Iterator[str]:
    """Yield a dozen lines at most: who wants all of them asks for JSON or the file."""
    for number, each in enumerate(several[:_SHOWN]):
        yield f"  {word if number == 0 else '':<{_WORD}}{each}"
    if len(several) > _SHOWN:
        yield f"  {'':<{_WORD}}… and {len(several) - _SHOWN} more"


def _told(change: Changed) -> str:
    return f"{change.subject}: {change.before or 'none'} → {change.after or 'none'}"


def _shortened(text: str) -> str:
    """Cut GUIDs as people say them; the file and JSON have them whole."""
    return _GUID.sub(lambda found: f"{found[0][:4]}…", text)


def place(file: str) -> str:
    """Return the whole path of a report; raise UsageError where no file can be written there."""
    path = Path(file).expanduser().absolute()
    try:
        plain_file.try_to_write(path)
    except OSError as error:
        raise UsageError(
            f"cannot write the report to {file}",
            code="file",
            why=error.strerror or str(error),
            hints=f"ls -ld {path.parent}",
        ) from error
    return str(path)


def store(report: Report, path: str) -> None:
    """Write the report as Markdown; a file that cannot be written does not undo a move."""
    try:
        plain_file.write(Path(path), markdown(report), 0o666)
    except OSError as error:
        raise ArcctlError(
            f"the report cannot be written to {path}",
            code="report-file",
            why=(error.strerror or str(error), "the run has ended; what it did is done"),
            hints=f"arcctl history {report.run}",
        ) from error


def markdown(report: Report) -> str:
    """Return the report as a page."""
    sections = (
        ("Carried", report.carried, "Found again in the target, as it was in the source."),
        (
            "Restored",
            report.restored,
            "Went with the source, was put back, and was found again as it was.",
        ),
        (
            "Carried late",
            report.late,
            "Written by others after the plan was made, and taken along.",
        ),
        ("Changed", tuple(map(_told, report.changed)), "Another now, as was to be expected."),
        ("Different", report.differences, "Not found again, or not as it was."),
        (
            "Not looked at",
            report.not_looked,
            "Nobody could look at it: this report says nothing of it.",
        ),
        ("Terraform and Bicep", report.files, "What a file of the cluster must say from now on."),
        ("Left to do", report.left, "What this move could not do itself."),
        ("To be done by hand", report.reminders, "Noted by the plan; no move can do it."),
        ("Let go", report.let_go, "Lost: let go with `--waive-child`, and not put back."),
        ("Lost", report.lost, "Named by the plan, and not carried."),
        ("Accepted", report.accepted, "Findings that were accepted with `--accept`."),
        ("Waived", report.waived, "Secrets that were not given, with `--waive-secret`."),
    )
    parts = [
        f"# {_heading(report)}\n",
        f"{sentence(report)}\n",
        f"- run: `{report.run}`\n- source: `{report.source.path}`\n- target: `{report.target.path}`\n",
        *_circumstances(report),
        *(f"{each}.\n" for each in (report.kept, report.last_look) if each),
    ]
    for title, several, meaning in sections:
        if several:
            items = "".join(f"- {each}\n" for each in several)
            parts.append(f"## {title}\n\n{meaning}\n\n{items}")
    if report.steps:
        rows = "".join(f"| {step} | {spoken(seconds)} |\n" for step, seconds in report.steps)
        parts.append(f"## Time\n\n| step | time |\n|---|---|\n{rows}")
    return "\n".join(parts)


def _heading(report: Report) -> str:
    if report.back:
        return f"{report.target.name}: back to {report.to_region}"
    return f"{report.source.name}: from {report.from_region} to {report.to_region}"


def _circumstances(report: Report) -> Iterator[str]:
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    known = (("ended", report.made_at), ("by", report.who), ("versions", versions))
    if any(value for _, value in known):
        yield "".join(f"- {name}: {value}\n" for name, value in known if value)
