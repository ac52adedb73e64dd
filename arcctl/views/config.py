"""How the configuration of a cluster looks, and how two differ."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from arcctl.model.configuration.kinds import Kind
from arcctl.model.configuration.secrets import needs
from arcctl.views import output
from arcctl.views.clusters import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from arcctl.model.configuration.child import Child
    from arcctl.model.configuration.comparing import Comparison, Difference
    from arcctl.views.console import Console

_LONGEST = 72


def write_list(console: Console, cluster: str, rows: Sequence[dict[str, Any]]) -> None:
    """Write the children, and beside a table what a table cannot say."""
    query, chosen = console.settings.flags.query, console.output
    if chosen is not None:
        return output.write(list(rows), console.out, chosen, query=query, row=_row)
    if not rows:
        return console.say(f"{cluster} has no extensions and no configurations.")
    output.write(list(rows), console.out, "table", row=_row)
    for row in rows:
        for line in _remarks(row):
            console.out.write(f"{line}\n")
    return None


def _row(child: dict[str, Any]) -> dict[str, Any]:
    version = str(child["version"] or "")
    return {
        "Kind": Kind(child["kind"]).word,
        "Name": child["name"],
        "State": child["provisioningState"],
        "Compliance": child["complianceState"],
        "Version": version if len(version) <= 24 else f"{version[:23]}…",
        "Secrets": ", ".join(_secret(each) for each in child["secrets"]),
    }


def _secret(need: dict[str, Any]) -> str:
    others = " or …" if len(need["anyOf"]) > 1 else ""
    return f"{need['name']}{others}{'' if need['certain'] else ' (perhaps)'}"


def _remarks(child: dict[str, Any]) -> Iterator[str]:
    name = f"{child['kind']}/{child['name']}"
    if child["isSystemExtension"]:
        yield f"  {name} belongs to the system: a move leaves it to the service"
    if child["managedBy"]:
        yield f"  {name} is managed by {child['managedBy']}: a move leaves it to that"
    if child["notCarried"]:
        yield f"  {name} is not carried whole: {', '.join(child['notCarried'])}"
    if child["error"]:
        yield f"  {name}: {child['error']}"


def write_manifest(console: Console, text: str, document: dict[str, Any]) -> None:
    """Write a manifest to stdout: as the text that it is, or as what was asked for."""
    flags = console.settings.flags
    if flags.output or flags.query:
        return output.write(document, console.out, flags.output or "json", query=flags.query)
    console.out.write(text)
    return None


def exported(
    console: Console,
    children: Sequence[Child],
    left_out: Sequence[Child],
    place: str,
    removed: Sequence[str],
) -> None:
    """Say what was written where, what was not, and which files were removed."""
    for child in left_out:
        owner = child.state.get("managedBy") or "the system"
        console.say(f"note  {child.key} is left out: it belongs to {owner}")
    for child in children:
        if child.not_carried:
            console.say(f"note  {child.key} is not whole: {', '.join(child.not_carried)}")
    for file in removed:
        console.say(f"note  {file} is removed: it is not part of this export")
    secrets = sum(len(needs(child)) for child in children)
    needed = f"; {counted(secrets, 'secret')} must be given to apply it" if secrets else ""
    console.say(f"Written{place and f' to {place}'}: {_counts(children)}{needed}.")


def _counts(children: Sequence[Child]) -> str:
    numbers = {kind: sum(child.kind is kind for child in children) for kind in Kind}
    return ", ".join(counted(n, kind.word) for kind, n in numbers.items() if n) or "nothing"


def write_diff(console: Console, comparison: Comparison, left: str, right: str) -> None:
    """Write what differs, what was expected to differ apart."""
    query, chosen = console.settings.flags.query, console.output
    if chosen is not None:
        document = comparison.to_document()
        rows = _rows(comparison) if chosen == "table" and not query else document
        output.write(rows, console.out, chosen, query=query)
    else:
        for line in _lines(comparison, left, right):
            console.out.write(f"{line}\n")
    if comparison.equal:
        console.say(f"{left} and {right} are configured alike.")


def _rows(comparison: Comparison) -> list[dict[str, Any]]:
    rows = [{"child": key, "field": "", "left": "there", "right": ""} for key in comparison.missing]
    rows += [
        {"child": key, "field": "", "left": "", "right": "there"} for key in comparison.surplus
    ]
    return rows + [
        {
            "child": each.child,
            "field": each.field,
            "left": _said(each.left),
            "right": _said(each.right),
        }
        for each in comparison.changed
    ]


def _lines(comparison: Comparison, left: str, right: str) -> Iterator[str]:
    for key in comparison.missing:
        yield f"- {key}   only in {left}"
    for key in comparison.surplus:
        yield f"+ {key}   only in {right}"
    for each in comparison.changed:
        yield f"~ {_change(each, left, right)}"
    if comparison.expected:
        yield f"{'' if comparison.equal else chr(10)}expected to differ:"
        yield from (f"  {_change(each, left, right)}" for each in comparison.expected)


def _change(each: Difference, left: str, right: str) -> str:
    if not each.field:
        return (
            f"{each.child}   only in {right if each.left is None else left}, and not ours to write"
        )
    return f"{each.child}   {each.field}: {_said(each.left)} → {_said(each.right)}"


def _said(value: Any) -> str:
    if value is None:
        return "(nothing)"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def show_changes(
    console: Console, comparison: Comparison, secrets: Mapping[str, Sequence[str]], cluster: str
) -> None:
    """Say what applying would do, to whoever decides."""
    for key in comparison.missing:
        console.say(f"+ {key}   will be made in {cluster}")
    for each in comparison.changed:
        console.say(f"~ {each.child}   {each.field}: {_said(each.right)} → {_said(each.left)}")
    for key, names in secrets.items():
        console.say(f"~ {key}   secrets: {', '.join(names)}")
    for key in comparison.surplus:
        console.say(f"  {key}   is not in the manifest, and stays")


def write_changes(console: Console, document: dict[str, Any]) -> None:
    """Write what would be done, for programs; people have read it already."""
    query, chosen = console.settings.flags.query, console.output
    if chosen is not None:
        result = _change_rows(document) if chosen == "table" and not query else document
        console.result(result)


def _change_rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a line for each child that is made and each field that is changed."""
    blank = {"field": "", "from": "", "to": ""}
    made = [{"change": "create", "child": key, **blank} for key in document["create"]]
    changed = [
        {
            "change": "replace",
            **each,
            "from": _said(each["from"]),
            "to": _said(each["to"]),
        }
        for each in document["differences"]
    ]
    differing = {each["child"] for each in document["differences"]}
    sent = [
        {"change": "replace", "child": key, **blank, "field": "secrets"}
        for key in document["replace"]
        if key not in differing
    ]
    return made + changed + sent


def applied(
    console: Console, document: dict[str, Any], cluster: str, *, unsent: bool = False
) -> None:
    """Say how it ended; `unsent` secrets were given, and nobody can tell whether they are the same."""
    made, changed = len(document["create"]), len(document["replace"])
    if not made and not changed:
        but = "apart from the secrets that were not sent, " if unsent else ""
        console.say(f"Nothing to apply: {but}{cluster} is as the manifest says.")
    else:
        console.say(f"Applied: {made} made, {changed} changed in {cluster}.")
    write_changes(console, document)
