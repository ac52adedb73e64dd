"""The page that says what is in the folder and what is wrong: plain HTML, no scripts, all escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from arcctl import __version__
from arcctl.model.finding import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arcctl.model.evidence import Collected, Evidence, File
    from arcctl.model.finding import Finding

NAME = "index.html"
_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em}
table{border-collapse:collapse;width:100%}td,th{border-top:1px solid #ccc;padding:.3em .6em;
text-align:left;vertical-align:top}code{background:#f3f3f3;padding:0 .2em}.fail{color:#b00}
.warn{color:#960}.skip{color:#666}.pass{color:#060}"""
_REDACTED = (
    "Secrets were taken out as far as they can be known: the values of the agents' Secrets, and"
    " whatever looks like a key, a password or a token. Read it before you hand it over."
)
_RAW = (
    "This was NOT redacted: logs, events, helm values and manifests are as they were found."
    " Contents of Secrets and private keys are left out all the same."
)


def page(evidence: Evidence, notes: Sequence[str]) -> str:
    """Return the whole page; `notes` are what a reader should know about all of it."""
    cluster = evidence.examination.cluster
    title = f"{cluster.name} ({cluster.group}), {evidence.taken}"
    body = [
        f"<h1>{escape(title)}</h1>",
        (
            f"<p><strong>{escape(evidence.examination.sentence)}.</strong>"
            f" {escape(evidence.examination.report.summary)}.</p>"
        ),
        *(f"<p>{escape(note)}</p>" for note in (_said_of_secrets(evidence), *notes)),
        f"<p><code>{escape(cluster.path)}</code><br>arcctl {escape(__version__)}</p>",
        *_wrong(evidence),
        *_peers(evidence),
        *_files(evidence.pieces),
    ]
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
    )
    return "\n".join([head, *body, "</body></html>", ""])


def _said_of_secrets(evidence: Evidence) -> str:
    return _REDACTED if evidence.redacted else _RAW


def _wrong(evidence: Evidence) -> Iterator[str]:
    yield "<h2>What is wrong</h2>"
    bad = evidence.examination.bad(warnings=True)
    if not bad:
        yield "<p>No question found anything.</p>"
    for each in bad:
        yield from _finding(each)


def _finding(found: Finding) -> Iterator[str]:
    mark = "failed" if found.verdict is Verdict.FAIL else "note"
    head = f"{mark}: {escape(found.sentence)} <code>{escape(found.code)}</code>"
    yield f'<h3 class="{found.verdict}">{head}</h3>'
    for text in (found.detail, *(found.error.why if found.error else ())):
        yield f"<p>{escape(text)}</p>"
    if found.remedy:
        steps = "".join(f"<li><code>{escape(each)}</code></li>" for each in found.remedy)
        yield f"<ul>{steps}</ul>"


def _peers(evidence: Evidence) -> Iterator[str]:
    yield "<h2>Checks, as az calls them</h2><table>"
    for each in evidence.checks:
        yield (
            f'<tr><td><code>{escape(each.key)}</code></td><td class="{each.verdict}">'
            f"{each.verdict}</td><td>{escape(each.detail)}</td></tr>"
        )
    yield "</table>"


def _files(pieces: Sequence[Collected]) -> Iterator[str]:
    yield "<h2>What was collected</h2><table><tr><th>piece</th><th>files</th><th>missing</th></tr>"
    for each in pieces:
        files = "<br>".join(map(_link, each.files))
        gaps = "<br>".join(map(escape, each.gaps))
        yield (
            f"<tr><td>{escape(each.title)}<br>{escape(each.detail)}</td>"
            f"<td>{files}</td><td>{gaps}</td></tr>"
        )
    yield "</table>"


def _link(file: File) -> str:
    cut = f" ({escape(file.cut)})" if file.cut else ""
    return f'<a href="{quote(file.path)}">{escape(file.path)}</a>, {file.size:,} bytes{cut}'
