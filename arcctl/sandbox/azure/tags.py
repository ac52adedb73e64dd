"""Tags of anything that has them, `…/providers/Microsoft.Resources/tags/default` (`arm.md` 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure.answers import Answer, bad_request, not_found

if TYPE_CHECKING:
    from arcctl.sandbox.azure.call import Call
    from arcctl.sandbox.azure.store import Resource


def get(call: Call) -> Answer:
    return _shown(call, _owner(call))


def put(call: Call) -> Answer:
    owner = _owner(call)
    owner.body["tags"] = _sent(call)
    return _shown(call, owner)


def patch(call: Call) -> Answer:
    """Merge, replace or delete tags, as `operation` says."""
    owner, sent = _owner(call), _sent(call)
    has = owner.body.get("tags") or {}
    operation = str(call.document().get("operation", "")).lower()
    if operation == "merge":
        owner.body["tags"] = has | sent
    elif operation == "replace":
        owner.body["tags"] = sent
    elif operation == "delete":
        owner.body["tags"] = {name: text for name, text in has.items() if sent.get(name) != text}
    else:
        raise bad_request("InvalidRequestContent", "operation is Merge, Replace or Delete.")
    return _shown(call, owner)


def delete(call: Call) -> Answer:
    _owner(call).body["tags"] = {}
    return Answer(200)


def _owner(call: Call) -> Resource:
    found = call.azure.store.get(call.target.scope)
    if found is None:
        raise not_found("scope", call.target.scope, call.target.group)
    return found


def _sent(call: Call) -> dict[str, Any]:
    properties = call.document().get("properties")
    tags = properties.get("tags") if isinstance(properties, dict) else None
    if not isinstance(tags, dict):
        raise bad_request("InvalidRequestContent", "properties.tags must be an object.")
    return tags


def _shown(call: Call, owner: Resource) -> Answer:
    return Answer(
        body={
            "id": call.target.path,
            "name": "default",
            "type": "Microsoft.Resources/tags",
            "properties": {"tags": owner.body.get("tags") or {}},
        }
    )
