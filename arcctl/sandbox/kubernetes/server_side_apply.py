"""Server-side apply: what a manager applied before, what it applies now, and what is there (testbed.md 3).

Ownership is kept as the last configuration that each manager applied, beside the object and not
in `managedFields`. So a field dropped from a configuration disappears, and a field another
*applying* manager holds is a conflict unless forced; changes by PUT and PATCH own nothing.
"""

from __future__ import annotations

from typing import Any

from arcctl.sandbox.kubernetes.patches import MERGED_SETS, merge_key
from arcctl.sandbox.kubernetes.problems import apply_conflict
from arcctl.sandbox.kubernetes.store import copy_of

Applied = dict[str, Any]
IDENTITY = frozenset({"apiVersion", "kind"})


def _keyed(items: list[Any], key: str) -> dict[Any, Any]:
    return {item.get(key): item for item in items if isinstance(item, dict)}


def _without(live: Any, before: Any, now: Any, field: str = "") -> Any:
    """Take out of `live` what this manager had applied `before` and no longer does `now`."""
    if isinstance(live, dict) and isinstance(before, dict):
        now = now if isinstance(now, dict) else {}
        return _without_fields(live, before, now)
    if isinstance(live, list) and isinstance(before, list):
        return _without_items(live, before, now if isinstance(now, list) else [], field)
    return live


def _without_fields(live: Applied, before: Applied, now: Applied) -> Applied:
    result = {}
    for name, value in live.items():
        if name not in before or name in IDENTITY:
            result[name] = value
        elif name in now:
            result[name] = _without(value, before[name], now[name], name)
        elif isinstance(value, dict) and isinstance(before[name], dict):
            rest = _without_fields(value, before[name], {})
            if rest:
                result[name] = rest
    return result


def _without_items(live: list[Any], before: list[Any], now: list[Any], field: str) -> list[Any]:
    key = merge_key(field, [*before, *live])
    if key is None:
        dropped = [item for item in before if item not in now] if field in MERGED_SETS else []
        return [item for item in live if item not in dropped]
    was, is_now = _keyed(before, key), _keyed(now, key)
    kept = []
    for item in live:
        mark = item.get(key)
        if mark not in was:
            kept.append(item)
        elif mark in is_now:
            kept.append(_without_fields(item, was[mark], is_now[mark]))
    return kept


def _overlay(live: Any, config: Any, field: str = "") -> Any:
    """Lay an applied configuration over what is there."""
    if isinstance(config, dict) and isinstance(live, dict):
        result = dict(live)
        for name, value in config.items():
            result[name] = _overlay(live.get(name), value, name)
        return result
    if isinstance(config, list) and isinstance(live, list):
        return _overlay_list(live, config, field)
    return copy_of(config)


def _overlay_list(live: list[Any], config: list[Any], field: str) -> list[Any]:
    if field in MERGED_SETS:
        return [*live, *(item for item in config if item not in live)]
    key = merge_key(field, [*config, *live])
    if key is None:
        return list(copy_of(config))
    there = _keyed(live, key)
    merged = [_overlay(there.get(item.get(key), {}), item) for item in config]
    named = {item.get(key) for item in config}
    return [*merged, *(item for item in live if item.get(key) not in named)]


def _leaves(config: Any, path: str = "", field: str = "") -> dict[str, Any]:
    """Every leaf of a configuration under the path by which conflicts name it."""
    if isinstance(config, dict):
        found: dict[str, Any] = {}
        for name, value in config.items():
            if path or name not in IDENTITY | {"metadata"}:
                found |= _leaves(value, f"{path}.{name}", name)
        return found or {path: config}
    key = merge_key(field, config) if isinstance(config, list) else None
    if key is None:
        return {path: config}
    found = {}
    for item in config:
        found |= _leaves(item, f'{path}[{key}="{item.get(key)}"]')
    return found


def _conflicts(others: dict[str, Applied], config: Applied, live: Applied) -> list[tuple[str, str]]:
    wanted, there = _leaves(config), _leaves(live)
    return [
        (manager, path)
        for manager, theirs in others.items()
        for path in _leaves(theirs)
        if path in wanted and wanted[path] != there.get(path)
    ]


def apply(
    live: Applied, config: Applied, owners: dict[str, Applied], manager: str, *, force: bool
) -> Applied:
    """Return what the object becomes when `manager` applies `config`.

    `owners` holds the last configuration of every manager; it is read, not changed.
    """
    others = {name: theirs for name, theirs in owners.items() if name != manager}
    found = _conflicts(others, config, live)
    if found and not force:
        raise apply_conflict(found)
    before = owners.get(manager, {})
    shared = config
    for theirs in others.values():
        shared = _overlay(shared, theirs)
    result: Applied = _overlay(_without(live, before, shared), config)
    return result


class Owners:
    """Who applied what to which object, by the object's uid."""

    def __init__(self) -> None:
        self._applied: dict[str, dict[str, Applied]] = {}

    def of(self, uid: str) -> dict[str, Applied]:
        return self._applied.get(uid, {})

    def note(self, uid: str, manager: str, config: Applied) -> None:
        self._applied.setdefault(uid, {})[manager] = copy_of(config)

    def contents(self) -> dict[str, dict[str, Applied]]:
        """Return all that was applied; configurations are never changed, so they need no copies."""
        return {uid: dict(each) for uid, each in self._applied.items()}

    def load(self, contents: dict[str, dict[str, Applied]]) -> None:
        """Hold exactly these."""
        self._applied = {uid: dict(each) for uid, each in contents.items()}

    def forget(self, uid: str) -> None:
        self._applied.pop(uid, None)
