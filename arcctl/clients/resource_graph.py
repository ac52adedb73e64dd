"""Azure Resource Graph, asked until its rows are as many as it says that there are (`arm.md` 12.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.clients.arm_lists import unreliable

if TYPE_CHECKING:
    from arcctl.clients.arm import Arm

_PATH = "/providers/Microsoft.ResourceGraph/resources"
_READINGS = 3


async def rows(arm: Arm, query: str, **asked: str) -> list[dict[str, Any]]:
    """Return all rows that the signed-in identity may read; `asked` are further options.

    Raises AzureError `azure-unreliable-list` where three readings find fewer or more rows than
    the answer counts, or tokens that lead in a circle; the errors of `Arm.rows` otherwise.
    """
    found, total = await _read(arm, query, asked)
    for _ in range(_READINGS - 1):
        if len(found) == total:
            break
        found, total = await _read(arm, query, asked)
    if len(found) != total:
        raise unreliable(_PATH, f"it counts {total} rows and shows {len(found)}")
    return found


async def _read(arm: Arm, query: str, asked: dict[str, str]) -> tuple[list[dict[str, Any]], int]:
    found: list[dict[str, Any]] = []
    followed: set[str] = set()
    options = {"resultFormat": "objectArray", **asked}
    while True:
        page = await arm.rows(_PATH, {"query": query, "options": options})
        found += page["data"]
        token = page.get("$skipToken")
        if not token:
            return found, int(page["totalRecords"])
        if token in followed:
            raise unreliable(_PATH, "its $skipToken leads back to a page that was read")
        followed.add(token)
        options = {**options, "$skipToken": token}
