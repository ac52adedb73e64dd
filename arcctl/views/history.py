"""What runs there were, and how one that was taken up has ended."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcctl.model.duration import spoken
from arcctl.model.report import Report
from arcctl.views import output, reports, unreported
from arcctl.views.clusters import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arcctl.model.run import Entry, RunRecord
    from arcctl.views.console import Console

_MOVE = "move"
_FREE = "Other commands may work on the cluster again."
_WORDS = {
    "opened": "opened",
    "begun": "doing",
    "done": "done",
    "failed": "failed",
    "undone": "undone",
    "passed": "point of no return",
    "ended": "ended",
}


def taken_up(
    console: Console, record: RunRecord, result: Any, report_file: str = "", elsewhere: str = ""
) -> None:
    """Say how a run has ended, and write what its verb returned.

    `elsewhere` is where another machine wanted the report; nothing is written there.
    """
    if isinstance(result, Report):
        if elsewhere:
            console.say(
                f"The report is not written: {elsewhere} was not typed on this machine. "
                f"To write it: arcctl resume {record.run} --report FILE"
            )
        if report_file and not Path(report_file).parent.is_dir():
            console.say(f"The report is not written: {report_file} is no place on this machine.")
            report_file = ""
        return reports.moved(console, result, report_file)
    if report_file and record.verb == _MOVE:
        unreported.gone_back(report_file, record)
    where = record.cluster.rpartition("/")[2]
    taken = spoken(time.monotonic() - console.opened)
    console.say(f"{_capital(record.outcome)}: {record.verb} of {where} ({record.run}). {taken}.")
    document = result.to_document() if hasattr(result, "to_document") else result
    if document is not None:
        console.result(document)
    return None


def ahead(console: Console, document: Mapping[str, Any]) -> None:
    """Write what would come next; `document` is an outlook as JSON."""
    if console.output is not None:
        query = console.settings.flags.query
        return output.write(document, console.out, console.output, query=query)
    where = "behind" if document["noReturn"] else "before"
    lines = [f"{document['run']}   {document['way']}", f"  {where} the point of no return"]
    lines += [f"  {number:>2} {each}" for number, each in enumerate(document["next"], 1)]
    lines += [f"  asks for {each}" for each in document["asks"]]
    console.out.write("".join(f"{line}\n" for line in lines))
    return None


def exported(console: Console, document: Mapping[str, Any]) -> None:
    """Say what was written where; `document` is what an export returned, as JSON."""
    console.say(f"Saved in {document['folder']}: {_contents(document)}.")
    console.result(document)


def closed(console: Console, document: Mapping[str, Any]) -> None:
    """Say that a run is closed, and what that means; `document` is what closing returned, as JSON."""
    if saved := document["saved"]:
        console.say(f"Saved in {saved['folder']}: {_contents(saved)}.")
    console.say(f"Closed: {document['run']}{_what_now(document)}")
    console.result(document)


def _what_now(document: Mapping[str, Any]) -> str:
    run, asleep = document["run"], document["asleep"]
    if document["hereOnly"]:
        return (
            ", on this machine only. Nothing was changed in its cluster; if it comes back, it still "
            f"holds the run. To go on with it: arcctl resume {run}\n"
            f"To end it: arcctl history {run} --close"
        )
    return f". {_asleep(asleep) if asleep else _FREE}"


def _asleep(asleep: Mapping[str, Any]) -> str:
    wake = "; ".join(asleep["wake"])
    return (
        "Its agents are scaled to zero, and other commands refuse the cluster until they run again. "
        f"To scale them back: {wake}. Without kubectl, if you are certain that this is the right "
        f"cluster: {asleep['heal']}"
    )


def _contents(saved: Mapping[str, Any]) -> str:
    children = f"{saved['children']} extensions and configurations"
    return f"{children}, and commands for {counted(saved['attached'], 'thing')} that hung on it"


def write_runs(console: Console, records: Sequence[RunRecord]) -> None:
    """Write all runs, a line each."""
    chosen = console.output or "table"
    if not records and console.output is None:
        return console.say("No run is known here or in the cluster.")
    documents = [each.to_document() for each in records]
    query = console.settings.flags.query
    return output.write(documents, console.out, chosen, query=query, row=_row)


def write_run(console: Console, record: RunRecord) -> None:
    """Write one run, with everything that happened in it."""
    if console.output is None:
        console.out.write(_told(record))
        return
    document = record.to_document() | {"entries": [asdict(each) for each in record.entries]}
    query = console.settings.flags.query
    output.write(document, console.out, console.output, query=query, row=_row)


def _row(run: Mapping[str, Any]) -> dict[str, Any]:
    places = [word for word, key in (("here", "here"), ("cluster", "there")) if run[key]]
    return {
        "Run": run["run"],
        "Cluster": run["cluster"].rpartition("/")[2],
        "Started": run["started"][:19],
        "Outcome": run["outcome"],
        "Taken": "" if run["seconds"] is None else spoken(run["seconds"]),
        "Changes": len(run["changed"]),
        "Kept": " + ".join(places),
    }


def _told(record: RunRecord) -> str:
    taken = "" if record.seconds is None else f", {spoken(record.seconds)}"
    lines = [
        f"{record.run}   {record.outcome}{taken}",
        f"  {record.verb} of {record.cluster}",
        *(f"  {_entry(each)}" for each in record.entries if each.kind in _WORDS),
    ]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _entry(entry: Entry) -> str:
    detail = entry.detail
    if isinstance(detail, dict):
        detail = detail.get("outcome", "taken up" if detail.get("takenUp") else "")
    text = detail if isinstance(detail, str) else json.dumps(detail) if detail else ""
    return f"{entry.at[:19]}  {_WORDS[entry.kind]:<8} {entry.step:<20} {text}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
