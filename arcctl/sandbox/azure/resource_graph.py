"""Resource Graph, as far as its questions are about ids and types (`arm.md` 12.4, 14.1).

Understood: `type =~ '…'`, `hostResourceId =~ '…'`, `… contains '…'`, `… startswith '…'`, joined
by `and`. Anything else in a query is not looked at.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure.answers import Answer, bad_request
from arcctl.sandbox.azure.projection import copied

if TYPE_CHECKING:
    from arcctl.sandbox.azure.call import Call
    from arcctl.sandbox.azure.store import Resource

_TABLES = {
    "resources": re.compile(r"microsoft\.(kubernetes|extendedlocation|hybridcompute)/[^/]+"),
    "kubernetesconfigurationresources": re.compile(r"microsoft\.kubernetesconfiguration/.+"),
    "authorizationresources": re.compile(r"microsoft\.authorization/roleassignments"),
    "policyresources": re.compile(r"microsoft\.authorization/policy.+"),
    "resourcecontainers": re.compile(r"microsoft\.resources/.+"),
}
_EQUAL = re.compile(r"(\w+)\)?\s*(?:=~|==)\s*'([^']*)'", re.IGNORECASE)
_INSIDE = re.compile(r"(?:contains|startswith)\s*'([^']*)'", re.IGNORECASE)


def query(call: Call) -> Answer:
    sent = call.document()
    text = sent.get("query")
    if not isinstance(text, str) or not text.strip():
        raise bad_request("BadRequest", "A query is required.")
    table = text.split("|")[0].split()[0].lower()
    if table not in _TABLES:
        raise bad_request("BadRequest", f"There is no table named '{table}'.")
    asked, options = sent.get("subscriptions") or [], sent.get("options") or {}
    if not isinstance(asked, list) or not isinstance(options, dict):
        raise bad_request("BadRequest", "subscriptions is a list and options an object.")
    wanted = {str(each).lower() for each in asked or call.azure.subscriptions}
    rows = [
        _row(found)
        for key, found in sorted(call.azure.store.resources.items())
        if key.split("/")[2] in wanted
        and _TABLES[table].fullmatch(found.body["type"].lower())
        and _fits(found, text)
    ]
    return Answer(body=_page(rows, options))


def _fits(found: Resource, text: str) -> bool:
    for name, value in _EQUAL.findall(text):
        has = found.body.get(name, found.properties.get(name))
        if str(has).lower() != value.lower():
            return False
    whole = json.dumps(found.body).lower()
    return all(part.lower() in whole for part in _INSIDE.findall(text))


def _row(found: Resource) -> dict[str, Any]:
    parts = found.key.split("/")
    row = copied(found.body)
    row |= {"id": found.key, "type": found.body["type"].lower(), "subscriptionId": parts[2]}
    row["resourceGroup"] = parts[4] if len(parts) > 4 and parts[3] == "resourcegroups" else ""
    return row


def _page(rows: list[dict[str, Any]], options: dict[str, Any]) -> dict[str, Any]:
    size = int(options.get("$top", 1000))
    start = int(options.get("$skipToken") or options.get("$skip") or 0)
    window = rows[start : start + size]
    body: dict[str, Any] = {
        "totalRecords": len(rows),
        "count": len(window),
        "resultTruncated": "false",
        "facets": [],
        "data": window,
    }
    if start + size < len(rows):
        body["$skipToken"] = str(start + size)
    return body
