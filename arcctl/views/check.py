"""What `check` found, as a person reads it at night: the verdict, the cause, what to type."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from arcctl.model.finding import Verdict
from arcctl.views import output

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arcctl.model.examination import Examination
    from arcctl.model.finding import Finding
    from arcctl.views.console import Console
    from arcctl.views.shown import Stream

_MARKS = {Verdict.PASS: "✓", Verdict.WARN: "!", Verdict.FAIL: "✗", Verdict.SKIP: "–"}
_WIDTH = 80
_TEXT = 52  # the column at which a short detail begins
_DEEPER = "      "


def write_examination(console: Console, found: Examination) -> None:
    """Write it in the format that was asked for; a table holds its findings."""
    query, chosen = console.settings.flags.query, console.output
    if chosen is None:
        return write(found, console.out)
    document = found.to_document()
    if chosen == "table" and not query:
        return output.write(document["findings"], console.out, chosen, row=_row)
    return output.write(document, console.out, chosen, query=query)


def write_change(console: Console, found: Examination, before: Examination | None) -> None:
    """Write the first look whole; of a later one, people read what is new, and scripts all of it."""
    if before is None or console.output is not None:
        write_examination(console, found)
    else:
        write_news(found, before, f"{datetime.now():%H:%M:%S}", console.out)
    console.out.flush()


def write_news(found: Examination, before: Examination, time: str, out: Stream) -> None:
    """Write the findings that are others than before, and how things stand now."""
    out.write(f"\n{time}\n")
    for finding in found.changed_since(before):
        out.writelines(f"{line}\n" for line in lines_of(finding))
    out.write(f"{found.sentence}. {found.report.summary}.\n")


def _row(finding: dict[str, Any]) -> dict[str, Any]:
    return {
        "Category": finding["category"],
        "Check": finding["check"],
        "Verdict": finding["verdict"],
        "Code": finding["code"],
        "Detail": finding["detail"],
    }


def write(found: Examination, out: Stream) -> None:
    """Write all answers by category, and one sentence at the end."""
    for section in found.sections:
        out.write(f"{section.title}\n")
        for finding in _said_once(section.findings):
            out.writelines(f"{line}\n" for line in lines_of(finding))
    out.write(f"{found.sentence}. {found.report.summary}.\n")


def _said_once(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Let the last of several that were skipped for the same reason tell it for all of them."""
    for finding, after in zip_longest(findings, findings[1:]):
        if (
            after
            and finding.verdict is after.verdict is Verdict.SKIP
            and finding.detail == after.detail
        ):
            yield replace(finding, detail="")
        else:
            yield finding


def lines_of(finding: Finding) -> Iterator[str]:
    head = f"  {_MARKS[finding.verdict]} {finding.sentence}"
    if finding.verdict in (Verdict.PASS, Verdict.SKIP):
        yield from _beside(head, finding.detail)
        return
    code = f"[{finding.code}]"
    yield (
        f"{head:<{_WIDTH - len(code)}}{code}"
        if len(head) + len(code) < _WIDTH
        else f"{head} {code}"
    )
    yield from _deeper(finding.detail)
    for why in finding.error.why if finding.error else ():
        yield from _deeper(why)
    for remedy in finding.remedy:
        # A command is never broken, so that it can be copied.
        yield f"{_DEEPER}→ {remedy}"


def _beside(head: str, detail: str) -> Iterator[str]:
    """Put a short detail beside its sentence, a long one beneath it."""
    line = f"{head:<{_TEXT - 2}}  {detail}".rstrip()
    if len(line) <= _WIDTH and "\n" not in detail:
        yield line
        return
    yield head
    yield from _deeper(detail)


def _deeper(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from wrap(
            line, _WIDTH, initial_indent=_DEEPER, subsequent_indent=_DEEPER, break_on_hyphens=False
        )
