"""What `troubleshoot` has found, and what to do with what it has collected."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from arcctl.model.duration import spoken
from arcctl.views import output
from arcctl.views.check import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from arcctl.model.evidence import Evidence
    from arcctl.views.console import Console

_RAW = "it is NOT redacted: whoever reads it reads what the logs and helm's values hold"
_REDACTED = (
    "secrets were taken out as far as they can be known; look into it before you hand it over"
)


def write_evidence(console: Console, found: Sequence[Evidence]) -> None:
    """Write what is wrong to people or the document to scripts, and say where everything lies."""
    console.progress.close()
    for each in found:
        if console.output is None:
            bad = each.examination.bad(warnings=True)
            console.out.writelines(f"{line}\n" for one in bad for line in lines_of(one))
            console.out.write(f"{each.examination.sentence}.\n")
            console.out.flush()
        console.say("\n".join(_said(each)))
    console.say(f"Collected in {spoken(time.monotonic() - console.opened)}.")
    if console.output is not None:
        documents = [each.to_document() for each in found]
        _write(console, documents[0] if len(documents) == 1 else documents)


def _said(found: Evidence) -> Iterator[str]:
    if found.incomplete:
        told = ", ".join(each.title for each in found.incomplete)
        yield f"incomplete: {told}; the index says what is missing and why"
    yield f"archive  {found.archive}"
    yield f"index    {found.index}"
    yield f"         {_REDACTED if found.redacted else _RAW}"
    yield "         attach the archive to a support request; nothing has been sent anywhere"


def _write(console: Console, document: Any) -> None:
    query, chosen = console.settings.flags.query, console.output or "json"
    if chosen == "table" and not query:
        several = document if isinstance(document, list) else [document]
        rows = [{"name": each["name"]} | check for each in several for check in each["checks"]]
        return output.write(rows, console.out, chosen, row=_row)
    return output.write(document, console.out, chosen, query=query)


def _row(check: dict[str, Any]) -> dict[str, Any]:
    return {
        "Name": check["name"],
        "Check": check["check"],
        "Verdict": check["verdict"],
        "Detail": check["detail"],
    }
