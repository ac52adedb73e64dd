"""The table of fields: what a move does with each field of a cluster and of its children."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from arcctl.model.configuration.fields import paths
from arcctl.model.configuration.forms import FORMS, PROTECTED
from arcctl.model.configuration.kinds import Kind
from arcctl.model.connected_cluster import writable
from tests.architecture.source import ROOT
from tests.model import published

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

PAGE = ROOT / "docs" / "reference" / "fields.md"
CARRIED, ASKED, AZURES, NAMED = "carried", "given again", "Azure's own", "named as lost"
_WORDS = {"sent": CARRIED, "secret": ASKED, "server": AZURES, "lost": NAMED}
_NEW = {
    "properties.agentPublicKeyCertificate": "carried in place, new under another id",
    "location": "the target's region",
    "properties.arcAgentryConfigurations.*.protectedSettings": "held in the cluster, never sent",
}
_HEAD = """\
# What a move does with each field

A resource is made again from what was read of it, field by field. Every field of the newest stable api-versions is here: clusters `2026-05-01`, extensions `2025-03-01`, Flux configurations `2025-04-01`, source control configurations `2023-05-01`. A field that is not here is unknown to this arcctl: the plan names it, and it is not sent.

- **carried**: sent as it was read.
- **given again**: a secret, which Azure does not give back. `--protected-settings FILE` or `--secrets-from-cluster` gives it ([manifest.md](manifest.md)).
- **Azure's own**: filled by the service, never sent.
- **named as lost**: a person may have set it, and a connected cluster has no use for it. The plan and the report name it where it says something.

`*` stands for every entry of a map or a list.
"""


def rendered() -> str:
    """The page's text."""
    parts = [_HEAD, *_section("Connected clusters", cluster())]
    for kind, title in (
        (Kind.EXTENSION, "Extensions"),
        (Kind.FLUX, "Flux configurations"),
        (Kind.SOURCE_CONTROL, "Source control configurations"),
    ):
        parts += _section(title, child(kind))
    return "\n".join(parts) + "\n"


def _section(title: str, rows: dict[str, str]) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| field | what becomes of it |\n|---|---|"
    yield from (f"| `{path}` | {_NEW.get(path, fate)} |" for path, fate in rows.items())
    yield ""


def child(kind: Kind) -> dict[str, str]:
    """What becomes of each field of a child; those that hold others are left out."""
    return {
        path: ASKED if path.endswith(f".{PROTECTED}") else _WORDS[field.role]
        for path, field in paths(FORMS[kind])
        if not (field.parts or field.each)
    }


def cluster() -> dict[str, str]:
    """What becomes of each field of a cluster, tried with a cluster that has them all."""
    known = list(_leaves())
    whole: dict[str, Any] = {}
    for path in known:
        _put(whole, path.split("."))
    kept = writable(deepcopy(whole))
    return {path: CARRIED if _at(kept, path.split(".")) else AZURES for path in known}


def _leaves() -> Iterator[str]:
    every = [path for path, _ in published.paths(published.CLUSTER)]
    above = {path.rpartition(".")[0].removesuffix(".*") for path in every}
    yield from (path for path in every if path not in above)


def _put(whole: Any, steps: list[str]) -> None:
    step, *rest = steps
    if not rest:
        whole[step] = {"said": "said"} if step == "tags" else "said"
    elif rest[0] == "*":
        _put(whole.setdefault(step, [{}])[0], rest[1:])
    else:
        _put(whole.setdefault(step, {}), rest)


def _at(found: Any, steps: list[str]) -> Any:
    for step in steps:
        found = next(iter(found or ()), None) if step == "*" else (found or {}).get(step)
    return found


def within(path: str, several: Collection[str]) -> bool:
    """Tell whether a field is one of several, or in one of them."""
    return any(path == each or path.startswith((f"{each}.", f"{each}.*.")) for each in several)
