"""Lists of status conditions, whose transition time moves only when their status does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arcctl.sandbox.kubernetes.store import Obj


def holds(obj: Obj, kind: str) -> bool:
    """Say whether a condition is there and true."""
    found = (obj.get("status") or {}).get("conditions") or ()
    return any(each["type"] == kind and each["status"] == "True" for each in found)


def renewed(before: Iterable[Obj], now: Iterable[Obj], moment: str) -> list[Obj]:
    """Return the conditions of `now` with the times they keep from `before`."""
    was = {each["type"]: each for each in before}
    result = []
    for condition in now:
        old = was.get(condition["type"], {})
        same = old.get("status") == condition["status"]
        since = old.get("lastTransitionTime", moment) if same else moment
        result.append(condition | {"lastTransitionTime": since})
    return result
