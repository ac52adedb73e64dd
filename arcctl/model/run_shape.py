"""What a run's name and the lines of its journal look like; whoever reads one trusts nothing else.

A copy may come from anybody who can write into the cluster's namespace `arcctl`.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from arcctl.errors import NotFound, Refusal
from arcctl.model.shape import ANY, misfit

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# The Deployments that a run scales: Arc's own, and Arc's half of Flux.
_AGENT = re.compile(
    r"/apis/apps/v1/namespaces/(?:azure-arc|flux-system)/deployments/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
)
MOST_REPLICAS = 100
"""More than any agent has; whoever writes a journal must not fill a cluster with pods"""
_DOCUMENT = re.compile(r"[a-z][a-z0-9-]{0,30}")
DOCUMENT = "document:"
"""How the facts begin that hold the digest of a document"""

_HEADER = {"run": str, "verb": str, "arcctl": str, "cluster": str, "request": dict, "steps": [str]}
_ENTRY = {"at": str, "kind": str, "step?": str, "detail?": ANY}
_DIGEST = {"sha256": str, "parts": int}
_DETAILS: dict[str, Any] = {
    "opened": (None, {"kubernetes?": str, "documents?": {str: _DIGEST}}),
    "ended": {
        "outcome": str,
        "clean?": bool,
        "unfinished?": [str],
        "lost?": [str],
    },
}
_TEXT = (None, str)
_FACTS: dict[str, Any] = {
    "report-file": str,
    "waived-children": [str],
    "written-late": [str],
    "carried-late": [str],
    "late-fields": {str: {str: [ANY]}},
    "seen-while-deleting": (bool, str),
    "unread-while-deleting": {str: [str]},
    "revision-of-agents": int,
    "target": {str: str},
    "deleted-unseen": [{"cluster": str, "from": str, "to": str}],
    "locks-taken-off": [str],
    "left-to-do": [str],
    "replicas": {str: int},
    "workloads": {str: str},
    "agents-awake": [str],
    "last-heard": (None, str),
    "principals": {str: (None, str)},
    "namespaces-of-old-agents": {str: str},
    "namespaces-of-old-agents-back": {str: str},
}


def is_name(run: object) -> bool:
    """Tell whether a run may be called that: what a label and a folder can bear."""
    return isinstance(run, str) and bool(_NAME.fullmatch(run))


def named(run: str) -> str:
    """Return the name of a run; raise NotFound `run-unknown` where none can be called that."""
    if not is_name(run):
        raise NotFound(
            f"no run is called {run}",
            code="run-unknown",
            why="a run's name has lower-case letters, digits and hyphens, at most 63",
            hints="arcctl history",
        )
    return run


def wrong_header(value: dict[str, Any]) -> str:
    """Say what is odd about a journal's first line; "" for nothing."""
    wrong = misfit(value, _HEADER)
    if not wrong and not is_name(value["run"]):
        return "no run can be called what it says"
    return wrong


def wrong_entry(value: dict[str, Any]) -> str:
    """Say what is odd about any other line; "" for nothing."""
    wrong = misfit(value, _ENTRY)
    if wrong:
        return wrong
    if not _is_moment(value["at"]):
        return "at is no moment"
    kind, step, detail = value["kind"], value.get("step") or "", value.get("detail")
    if kind in ("fact", "turned"):
        return _wrong_fact(step, detail)
    return misfit(detail, _DETAILS.get(kind, _TEXT), "detail") or _wrong_documents(detail)


@contextmanager
def as_written(what: str) -> Iterator[None]:
    """Read in the block what a run has kept; Refusal `document-damaged` where it is of another shape."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Refusal(
            f"{what} is not what arcctl wrote",
            code="document-damaged",
            why=f"{type(error).__name__}: {error}",
            hints="arcctl history",
        ) from error


def _wrong_fact(name: str, detail: Any) -> str:
    if name.startswith(DOCUMENT):
        wrong = _wrong_documents({"documents": {name.removeprefix(DOCUMENT): detail}})
        return wrong or misfit(detail, _DIGEST, "detail")
    wrong = misfit(detail, _FACTS.get(name, ANY), "detail")
    return wrong or (_wrong_replicas(detail) if name == "replicas" else "")


def _wrong_replicas(counts: dict[str, int]) -> str:
    for path, count in counts.items():
        if not _AGENT.fullmatch(path):
            return f"detail.{path} is no Deployment of an agent"
        if not 0 <= count <= MOST_REPLICAS:
            return f"detail.{path} is not between 0 and {MOST_REPLICAS}"
    return ""


def _wrong_documents(detail: Any) -> str:
    """A document's name is that of a file and of a Secret."""
    names = (detail.get("documents") or {}) if isinstance(detail, dict) else {}
    return "" if all(map(_DOCUMENT.fullmatch, names)) else "a document has an odd name"


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
