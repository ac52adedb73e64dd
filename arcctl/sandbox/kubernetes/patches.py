"""JSON patch, merge patch and strategic merge patch (RFC 6902, RFC 7386, testbed.md 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.sandbox.kubernetes.problems import bad_patch, bad_request
from arcctl.sandbox.kubernetes.store import copy_of

if TYPE_CHECKING:
    from collections.abc import Callable

# Lists whose items are merged by a key instead of being replaced whole. A name with several
# keys means different lists in different kinds; the first key that an item has is the one.
MERGE_KEYS: dict[str, tuple[str, ...]] = {
    "addresses": ("type",),
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "ephemeralContainers": ("name",),
    "hostAliases": ("ip",),
    "hostIPs": ("ip",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "podIPs": ("ip",),
    "ports": ("containerPort", "port"),
    "schedulingGates": ("name",),
    "secrets": ("name",),
    "topologySpreadConstraints": ("topologyKey",),
    "volumeDevices": ("devicePath",),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
MERGED_SETS = frozenset({"finalizers", "podCIDRs"})


def merge_key(field: str, items: list[Any]) -> str | None:
    """Name the key by which the items of a list are told apart, or None where it is replaced."""
    keys = MERGE_KEYS.get(field, ())
    return next((key for key in keys if any(isinstance(i, dict) and key in i for i in items)), None)


def merge(target: Any, patch: Any) -> Any:
    """Apply a JSON merge patch: null removes, objects merge, all else replaces."""
    if not isinstance(patch, dict):
        return copy_of(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def strategic(target: Any, patch: Any, field: str = "") -> Any:
    """Apply a strategic merge patch, with its `$patch`, `$retainKeys` and `$delete…` directives."""
    if isinstance(patch, list):
        return _strategic_list(target if isinstance(target, list) else [], patch, field)
    if not isinstance(patch, dict):
        return copy_of(patch)
    if patch.get("$patch") == "replace":
        return copy_of({key: value for key, value in patch.items() if key != "$patch"})
    result = dict(target) if isinstance(target, dict) else {}
    if "$retainKeys" in patch:
        result = {key: value for key, value in result.items() if key in patch["$retainKeys"]}
    before = dict(result)
    # Directives about order come last: they sort what the others have merged.
    for key in sorted(patch, key=lambda name: name.startswith("$setElementOrder/")):
        _strategic_field(result, before, key, patch[key])
    return result


def _strategic_field(result: dict[str, Any], before: dict[str, Any], key: str, value: Any) -> None:
    if key.startswith("$deleteFromPrimitiveList/"):
        name = key.partition("/")[2]
        result[name] = [item for item in result.get(name) or [] if item not in value]
    elif key.startswith("$setElementOrder/"):
        name = key.partition("/")[2]
        if name in result:
            key_of = merge_key(name, value)
            result[name] = _ordered(result[name], value, before.get(name) or [], key_of)
    elif key.startswith("$"):
        return
    elif value is None:
        result.pop(key, None)
    else:
        result[key] = strategic(result.get(key), value, key)


def _mark(item: Any, key: str | None) -> Any:
    return item.get(key) if key and isinstance(item, dict) else item


def _ordered(items: list[Any], order: list[Any], server: list[Any], key: str | None) -> list[Any]:
    """Order a merged list as the server does: the patch's order first, its own where both know."""
    wanted, known = [_mark(each, key) for each in order], [_mark(each, key) for each in server]
    ours = sorted(
        (item for item in items if _mark(item, key) in wanted),
        key=lambda item: wanted.index(_mark(item, key)),
    )
    theirs = [item for item in items if _mark(item, key) not in wanted]
    result = []
    while ours and theirs:
        left, right = _mark(theirs[0], key), _mark(ours[0], key)
        known_less = left in known and right in known and known.index(left) < known.index(right)
        result.append((theirs if known_less else ours).pop(0))
    return [*result, *ours, *theirs]


def _strategic_list(target: list[Any], patch: list[Any], field: str) -> list[Any]:
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch):
        return [copy_of(item) for item in patch if item.get("$patch") != "replace"]
    if field in MERGED_SETS:
        return _ordered([*target, *(i for i in patch if i not in target)], patch, target, None)
    key = merge_key(field, [*patch, *target])
    if key is None:
        return copy_of(patch)  # type: ignore[no-any-return]  # a copy of a list is a list
    return _merged_by_key(target, patch, key)


def _merged_by_key(target: list[Any], patch: list[Any], key: str) -> list[Any]:
    result = list(target)
    for item in patch:
        place = next((n for n, old in enumerate(result) if old.get(key) == item.get(key)), None)
        if item.get("$patch") == "delete":
            result = [old for old in result if old.get(key) != item.get(key)]
        elif place is None:
            result.append(strategic({}, item))
        else:
            result[place] = strategic(result[place], item)
    return _ordered(result, patch, target, key)


def _parts(pointer: str) -> list[str]:
    if pointer and not pointer.startswith("/"):
        raise bad_request(f"json: cannot use {pointer} as a JSON pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _step(holder: Any, part: str) -> Any:
    try:
        return holder[int(part)] if isinstance(holder, list) else holder[part]
    except (KeyError, IndexError, ValueError, TypeError):
        raise bad_patch() from None


def _holder(document: Any, parts: list[str]) -> Any:
    for part in parts[:-1]:
        document = _step(document, part)
    return document


def _put(holder: Any, part: str, value: Any) -> None:
    if isinstance(holder, list):
        place = len(holder) if part == "-" else int(part)
        if place > len(holder):
            raise bad_patch()
        holder.insert(place, value)
    else:
        holder[part] = value


def _take(holder: Any, part: str) -> Any:
    value = _step(holder, part)
    del holder[int(part) if isinstance(holder, list) else part]
    return value


def _operation(document: Any, operation: dict[str, Any]) -> None:
    pointer = operation.get("path", "")
    parts = _parts(pointer)
    holder = _holder(document, parts)
    verb = operation.get("op")
    if verb == "remove":
        _take(holder, parts[-1])
    elif verb == "add":
        _put(holder, parts[-1], copy_of(operation.get("value")))
    elif verb == "replace":
        _take(holder, parts[-1])
        _put(holder, parts[-1], copy_of(operation.get("value")))
    elif verb == "test":
        if _step(holder, parts[-1]) != operation.get("value"):
            raise bad_patch()
    elif verb in {"move", "copy"}:
        origin = _parts(operation.get("from", ""))
        source = _holder(document, origin)
        take: Callable[..., Any] = _take if verb == "move" else _step
        _put(holder, parts[-1], copy_of(take(source, origin[-1])))
    else:
        raise bad_request(f"unexpected kind of JSON patch operation: {verb}")


def json_patch(target: Any, operations: Any) -> Any:
    """Apply a JSON patch; its operations hold together or not at all."""
    if not isinstance(operations, list):
        raise bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    document = copy_of(target)
    for operation in operations:
        try:
            _operation(document, operation)
        except (AttributeError, IndexError, TypeError, ValueError):
            raise bad_patch() from None
    return document
