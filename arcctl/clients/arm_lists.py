"""Lists of ARM: followed to their end, each element told once (`arm.md` 1).

Pages may repeat elements, and then they have skipped others: such a list is read again from its
start. Links that lead in a circle, and pages without end, are errors.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from arcctl.errors import AzureError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    # Ask for a page: "" for the first one, else the link to it.
    GetPage = Callable[[str], Awaitable[dict[str, Any]]]

UNRELIABLE = "azure-unreliable-list"
_READINGS = 3
_BARREN = 50  # pages in a row that bring nothing; ARM sends a few where rights filter much away


class _Repeats(Exception):
    """An element has come twice in one reading."""


async def items(get: GetPage, path: str) -> AsyncIterator[dict[str, Any]]:
    """Yield each element once, one page in memory at a time.

    Raises AzureError `azure-unreliable-list` for links in a circle, for pages without end, and
    where elements come twice in each of three readings.
    """
    told: set[str] = set()
    for left in reversed(range(_READINGS)):
        try:
            async for each in _untold(get, path, told, again=left < _READINGS - 1):
                yield each
            return
        except _Repeats as error:
            if not left:
                why = f"{error} comes twice in it, so others may be left out"
                raise unreliable(path, why) from error


async def _untold(
    get: GetPage, path: str, told: set[str], *, again: bool
) -> AsyncIterator[dict[str, Any]]:
    """What has no id may rightly come twice, but not because of a new start."""
    async for each in _once(get, path):
        key = _key(each)
        if key not in told or ("id" not in each and not again):
            told.add(key)
            yield each


async def _once(get: GetPage, path: str) -> AsyncIterator[dict[str, Any]]:
    met: set[str] = set()
    followed: set[str] = set()
    link, barren = "", 0
    while True:
        page = await get(link)
        for each in page["value"]:
            _meet(each, met)
            yield each
        link = page.get("nextLink") or ""
        if not link:
            return
        if link in followed:
            raise unreliable(path, "its nextLink leads back to a page that was read")
        followed.add(link)
        barren = 0 if page["value"] else barren + 1
        if barren > _BARREN:
            raise unreliable(path, f"{barren} pages in a row have nothing on them")


def _meet(each: dict[str, Any], met: set[str]) -> None:
    if "id" not in each:
        return
    key = _key(each)
    if key in met:
        raise _Repeats(str(each["id"]))
    met.add(key)


def _key(each: dict[str, Any]) -> str:
    return str(each["id"]).casefold() if "id" in each else json.dumps(each, sort_keys=True)


def unreliable(what: str, why: str) -> AzureError:
    """Return the error for a list that cannot be taken for complete."""
    return AzureError(
        f"Azure's list at {what.partition('?')[0]} cannot be relied on",
        code=UNRELIABLE,
        why=why,
        hints="try again in a minute; if it stays so: https://azure.status.microsoft",
    )
