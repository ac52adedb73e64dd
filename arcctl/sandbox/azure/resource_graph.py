"""Resource Graph: what one caller may see of everything, a little late (`arm.md` 12.4, 14.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure import access, connectivity, entra, kusto
from arcctl.sandbox.azure.answers import Answer, ArmError
from arcctl.sandbox.azure.projection import copied

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.sandbox.azure.call import Call
    from arcctl.sandbox.azure.store import Resource

_TABLES = {
    name: re.compile(pattern)
    for name, pattern in {
        "resources": r"microsoft\.(?!authorization/|kubernetesconfiguration/|resources/).+",
        "resourcecontainers": r"microsoft\.resources/subscriptions/resourcegroups",
        "kubernetesconfigurationresources": r"microsoft\.kubernetesconfiguration/.+",
        "extendedlocationresources": r"microsoft\.extendedlocation/.+/enabledresourcetypes",
        "authorizationresources": r"microsoft\.authorization/role(assignments|definitions)",
        "policyresources": r"microsoft\.authorization/policy.+",
        "insightsresources": r"microsoft\.insights/datacollectionruleassociations",
    }.items()
}
_LARGEST = 1000
_GROUPS = "resourcegroups"
_CLUSTER = "microsoft.kubernetes/connectedclusters"
# Every row of the service has all of these, empty where the resource has none.
_EMPTY: dict[str, Any] = dict.fromkeys(
    ("location", "tags", "kind", "identity", "plan", "sku", "managedBy", "extendedLocation")
)
_PROTECTED = "configurationProtectedSettings"


def query(call: Call) -> Answer:
    sent = call.document()
    options = sent.get("options") or {}
    wanted = _subscriptions(call, sent)
    if not isinstance(options, dict) or options.get("resultFormat", "objectArray") != "objectArray":
        raise _refusal("InvalidOptions", "Only the result format objectArray is served.")
    try:
        asked = kusto.parse(str(sent.get("query") or ""))
        if asked.table not in _TABLES:
            raise kusto.QueryError(f"there is no table named {asked.table}")
        rows = asked.run([_row(call, found) for found in _seen(call, asked.table, wanted)])
    except kusto.QueryError as error:
        raise _refusal("InvalidQuery", f"Query is invalid: {error}.") from error
    return Answer(body=_page(rows, options))


def _subscriptions(call: Call, sent: dict[str, Any]) -> set[str]:
    """Return which subscriptions are meant: those named, else all that the caller sees."""
    asked = sent.get("subscriptions") or []
    if not isinstance(asked, list) or sent.get("managementGroups"):
        raise _refusal("InvalidScope", "subscriptions must be a list, and the only scope.")
    wanted = {str(each).lower() for each in asked or call.azure.subscriptions}
    store, known = call.azure.store, wanted & call.azure.subscriptions.keys()
    visible = {each for each in known if access.has_any_role(store, call.caller, each)}
    if asked and not visible:
        raise _refusal("NoValidAccounts", "No valid subscriptions were found.")
    return visible


def _seen(call: Call, table: str, subscriptions: set[str]) -> Iterator[Resource]:
    """Yield what lies in a table, as the service knows it by now, and the caller may read."""
    kind = _TABLES[table]
    for found in sorted(_known(call), key=lambda resource: resource.key):
        parts = found.key.split("/")
        type_name = _type_of(found)
        if parts[2] not in subscriptions or not kind.fullmatch(type_name):
            continue
        if table == "resources" and not found.body.get("location"):
            continue  # proxy resources are in tables of their own, or in none
        if access.allowed(call.azure.store, call.caller, f"{type_name}/read", found.id):
            yield found


def _known(call: Call) -> Iterator[Resource]:
    """Yield what is there, without the newest, and what was there until just now."""
    azure = call.azure
    since = call.world.clock.now() - azure.graph_lag
    there = azure.store.resources
    yield from (
        found
        for found in there.values()
        if not azure.graph_lag or found.made is None or found.made <= since
    )
    gone = {found.key: found for when, found in azure.memory.gone if when > since}
    yield from (found for key, found in gone.items() if key not in there)


def _row(call: Call, found: Resource) -> dict[str, Any]:
    """Show a resource as the service does: ids and types in lower case."""
    parts = found.key.split("/")
    row = _EMPTY | copied(found.body)
    row |= {"id": found.key, "type": _type_of(found), "subscriptionId": parts[2]}
    row["resourceGroup"] = parts[4] if len(parts) > 4 and parts[3] == "resourcegroups" else ""
    row["tenantId"] = entra.TENANT
    if row["type"] == _CLUSTER:
        now = call.world.clock.now()
        row["properties"]["connectivityStatus"] = connectivity.status(found, now, "9999")
    if row["type"].startswith("microsoft.kubernetesconfiguration/"):
        row["properties"] = _pascal(row["properties"] | {_PROTECTED: {}})
    return row


def _type_of(found: Resource) -> str:
    name = str(found.body["type"]).lower()
    return f"microsoft.resources/subscriptions/{_GROUPS}" if name.endswith(f"/{_GROUPS}") else name


def _pascal(properties: dict[str, Any]) -> dict[str, Any]:
    """Name properties as this table does; what users named inside keeps its name."""
    return {name[:1].upper() + name[1:]: value for name, value in properties.items()}


def _page(rows: list[dict[str, Any]], options: dict[str, Any]) -> dict[str, Any]:
    size = min(int(options.get("$top") or _LARGEST), _LARGEST)
    start = _start(options)
    window = rows[start : start + size]
    body: dict[str, Any] = {
        "totalRecords": len(rows),
        "count": len(window),
        "resultTruncated": "false",
        "facets": [],
        "data": window,
    }
    if start + size < len(rows):
        body["$skipToken"] = f"sandbox.{start + size}"
    return body


def _start(options: dict[str, Any]) -> int:
    token = str(options.get("$skipToken") or "")
    if not token:
        return int(options.get("$skip") or 0)
    word, _, number = token.partition(".")
    if word != "sandbox" or not number.isdigit():
        raise _refusal("InvalidSkipToken", "The skip token is not one that was given out.")
    return int(number)


def _refusal(code: str, message: str) -> ArmError:
    return ArmError(
        400,
        "BadRequest",
        "Please provide below info when asking for support.",
        details=[{"code": code, "message": message}],
        cause="service",
    )
